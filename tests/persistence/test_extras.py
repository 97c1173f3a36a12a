"""What is optional is missed with the line to run, when it is asked for and not before."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from appsync_gql import (
    FilePersistence,
    KeyringPersistence,
    MissingExtra,
    RedisPersistence,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("package", "extra", "make"),
    [
        ("filelock", "file", lambda: FilePersistence("x.json")),
        ("platformdirs", "file", FilePersistence),
        ("keyring", "keyring", lambda: KeyringPersistence("app", "ada")),
        ("redis", "redis", lambda: RedisPersistence("redis://127.0.0.1", key="k")),
        ("cryptography", "encryption", lambda: FilePersistence("x", encryption_key="k")),
    ],
)
def test_a_missing_package_is_told_with_the_line_to_run(
    monkeypatch: pytest.MonkeyPatch, package: str, extra: str, make: Callable[[], object]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra) as caught:
        make()
    assert str(caught.value) == f'{package} is missing: pip install "appsync-gql[{extra}]"'
