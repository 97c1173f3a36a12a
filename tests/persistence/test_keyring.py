"""The operating system's keyring, through a real backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyrings.alt.file import PlaintextKeyring

from appsync_gql import (
    ConfigurationError,
    KeyringPersistence,
    SessionKey,
    StorageCorrupt,
    StorageFailed,
)
from appsync_gql.testing.contract import sample_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from keyring.backend import KeyringBackend

pytestmark = pytest.mark.usefixtures("data_home")

CLIENT = SessionKey(client_id="client")
LONG = sample_tokens(length=3000, refresh_token="r" * 1800)


class Credentials(PlaintextKeyring):  # type: ignore[misc]  # its package has no types
    """A keyring with the limit of Windows Credential Locker."""

    limit = 2_560

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > self.limit:
            raise OSError(1783, "The stub received bad data")
        super().set_password(service, username, password)


@pytest.fixture
def credentials(tmp_path: Path) -> Iterator[Credentials]:
    backend, before = Credentials(), keyring.get_keyring()
    backend.file_path = str(tmp_path / "credentials.cfg")
    keyring.set_keyring(backend)
    try:
        yield backend
    finally:
        keyring.set_keyring(before)


def save(place: KeyringPersistence, length: int = 8) -> None:
    with place.lock(CLIENT):
        place.save(CLIENT, sample_tokens(length=length, refresh_token="r" * 1800))


@pytest.mark.usefixtures("credentials")
def test_tokens_longer_than_a_windows_credential_are_kept_in_parts() -> None:
    """Pitfall: the limit was met in silence, and the session gone."""
    save(KeyringPersistence("app", "ada", characters=1_200), length=3000)
    assert KeyringPersistence("app", "ada").load(CLIENT) == LONG


@pytest.mark.usefixtures("credentials")
def test_a_keyring_that_takes_no_more_is_told_and_keeps_what_it_has() -> None:
    small = KeyringPersistence("app", "ada", characters=1_200)
    save(small)
    before = small.load(CLIENT)
    with pytest.raises(StorageFailed, match="OSError"):
        save(KeyringPersistence("app", "ada", characters=5_000), length=3000)
    assert small.load(CLIENT) == before


def test_parts_of_earlier_saves_are_removed(credentials: Credentials) -> None:
    place = KeyringPersistence("app", "ada", characters=1_200)
    for length in (3000, 2000, 3000, 8):
        save(place, length)
    with open(credentials.file_path) as file:  # noqa: PTH123 - the keyring's own file
        entries = [line for line in file if " = " in line]
    assert len(entries) <= 4


def test_a_part_that_is_missing_is_told(credentials: Credentials) -> None:
    place = KeyringPersistence("app", "ada", characters=1_200)
    save(place, 3000)
    head = str(credentials.get_password("app", "ada"))
    digest = head.split('"digest": "')[1][:16]
    credentials.delete_password("app", f"ada#{digest}.1")
    with pytest.raises(StorageCorrupt):
        place.load(CLIENT)
    save(place)
    assert place.load(CLIENT) is not None


def test_something_else_under_the_name_is_set_aside(
    file_keyring: KeyringBackend, caplog: pytest.LogCaptureFixture
) -> None:
    file_keyring.set_password("app", "ada", "an old password")
    place = KeyringPersistence("app", "ada")
    with pytest.raises(StorageCorrupt, match="'ada' of 'app'"):
        place.load(CLIENT)
    save(place)
    aside = caplog.text.split("moved to the keyring's entry '")[1].split("'")[0]
    assert file_keyring.get_password("app", aside) == "an old password"


def test_without_any_keyring_the_error_names_the_alternative() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    try:
        with pytest.raises(ConfigurationError, match="FilePersistence"):
            KeyringPersistence("app", "ada").load(CLIENT)
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(("service", "username"), [("", "ada"), ("app", "")])
def test_names_must_not_be_empty(service: str, username: str) -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        KeyringPersistence(service, username)
