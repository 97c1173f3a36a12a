"""Checks of constructor arguments, as tables."""

from __future__ import annotations

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.persistence.checks import check_region, check_seconds, check_text


@pytest.mark.parametrize("value", [0.001, 1, 10.5, 60])
def test_a_number_of_seconds_is_accepted(value: float) -> None:
    assert check_seconds("lease", value, longest=60) == value


@pytest.mark.parametrize(
    "value",
    [0, -1, 60.1, float("inf"), float("-inf"), float("nan"), 10**400, "10", None, True, b"1", [1]],
)
def test_what_is_not_a_number_of_seconds_is_refused_by_name(value: object) -> None:
    with pytest.raises(ConfigurationError, match="lease must be a number of seconds") as caught:
        check_seconds("lease", value, longest=60)
    assert caught.value.setting == "lease"


def test_a_text_is_accepted() -> None:
    assert check_text("key", "orders/ü") == "orders/ü"


@pytest.mark.parametrize("value", ["", "\ud800", b"orders", None, 7])
def test_what_is_not_a_text_is_refused_by_name(value: object) -> None:
    with pytest.raises(ConfigurationError, match="key must") as caught:
        check_text("key", value)
    assert caught.value.setting == "key"


@pytest.mark.parametrize("region", [None, "eu-west-1", "us-gov-east-1", "eusc-de-east-1"])
def test_the_name_of_a_region_is_accepted(region: str | None) -> None:
    check_region(region)


@pytest.mark.parametrize("region", ["", "Ireland", "eu-west", "eu-west-1.evil.example", b"x", 7])
def test_what_is_not_a_region_is_refused(region: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_region(region)
    assert caught.value.setting == "region"
