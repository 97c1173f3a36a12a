"""The public names, which are imported when they are used first."""

from __future__ import annotations

import pytest

import appsync_gql.testing


def test_the_public_names_are_sorted_and_exist() -> None:
    names = appsync_gql.testing.__all__
    assert names == sorted(names)
    assert {*names} <= {*dir(appsync_gql.testing)}
    assert all(hasattr(appsync_gql.testing, name) for name in names)
    with pytest.raises(AttributeError, match="Emulater"):
        appsync_gql.testing.Emulater  # type: ignore[attr-defined] # noqa: B018
