"""Optional packages: their absence is reported with the pip line, when they are asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from appsync_gql import FilePersistence, KeyringPersistence, MissingExtra, RedisPersistence
from appsync_gql.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("package", "extra", "make"),
    [
        ("keyring", "keyring", lambda: KeyringPersistence("app", "ada")),
        ("redis", "redis", lambda: RedisPersistence("redis://127.0.0.1", key="k")),
        ("cryptography", "encryption", lambda: FilePersistence("x", encryption_key="k")),
    ],
)
def test_a_missing_package_is_reported_with_the_pip_line(
    monkeypatch: pytest.MonkeyPatch, package: str, extra: str, make: Callable[[], object]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra) as caught:
        make()
    assert str(caught.value) == f'{package} is missing: pip install "appsync-gql[{extra}]"'


def test_an_installed_package_is_not_imported() -> None:
    before = set(sys.modules)
    require("example", "this", "antigravity")
    assert not {"this", "antigravity"} & (set(sys.modules) - before)


def test_of_several_packages_the_missing_one_is_named() -> None:
    with pytest.raises(MissingExtra, match="no_such_package is missing"):
        require("example", "json", "no_such_package")
