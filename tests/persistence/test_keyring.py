"""The operating system's keyring, with real backends."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring
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


def save(persistence: KeyringPersistence, length: int = 8) -> None:
    with persistence.lock(CLIENT):
        persistence.save(CLIENT, sample_tokens(length=length, refresh_token="r" * 1800))


@pytest.mark.usefixtures("credentials")
def test_tokens_longer_than_a_windows_credential_are_saved_in_parts() -> None:
    """Else the limit is met without an error, and the session is lost."""
    save(KeyringPersistence("app", "ada", characters=1_200), length=3000)
    assert KeyringPersistence("app", "ada").load(CLIENT) == LONG


@pytest.mark.usefixtures("credentials")
def test_a_keyring_that_refuses_a_long_entry_keeps_the_old_sessions() -> None:
    small = KeyringPersistence("app", "ada", characters=1_200)
    save(small)
    before = small.load(CLIENT)
    with pytest.raises(StorageFailed, match="OSError"):
        save(KeyringPersistence("app", "ada", characters=5_000), length=3000)
    assert small.load(CLIENT) == before


def test_parts_of_earlier_saves_are_removed(credentials: Credentials) -> None:
    persistence = KeyringPersistence("app", "ada", characters=1_200)
    for length in (3000, 2000, 3000, 8):
        save(persistence, length)
    with open(credentials.file_path) as file:  # noqa: PTH123 - the keyring's own file
        entries = [line for line in file if " = " in line]
    assert len(entries) <= 4


def test_a_missing_part_is_reported(credentials: Credentials) -> None:
    persistence = KeyringPersistence("app", "ada", characters=1_200)
    save(persistence, 3000)
    head = str(credentials.get_password("app", "ada"))
    digest = head.split('"digest": "')[1][:16]
    credentials.delete_password("app", f"ada#{digest}.1")
    with pytest.raises(StorageCorrupt):
        persistence.load(CLIENT)
    save(persistence)
    assert persistence.load(CLIENT) is not None


def test_something_else_under_the_name_is_moved(
    file_keyring: KeyringBackend, caplog: pytest.LogCaptureFixture
) -> None:
    file_keyring.set_password("app", "ada", "an old password")
    persistence = KeyringPersistence("app", "ada")
    with pytest.raises(StorageCorrupt, match="'ada' of 'app'"):
        persistence.load(CLIENT)
    save(persistence)
    aside = caplog.text.split("moved to the keyring's entry '")[1].split("'")[0]
    assert file_keyring.get_password("app", aside) == "an old password"


@contextmanager
def using(backend: KeyringBackend) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    try:
        yield
    finally:
        keyring.set_keyring(before)


def test_without_any_keyring_the_error_names_the_alternative() -> None:
    with (
        using(NoKeyring()),  # type: ignore[no-untyped-call]
        pytest.raises(ConfigurationError, match="FilePersistence"),
    ):
        KeyringPersistence("app", "ada").load(CLIENT)


def test_a_keyring_that_keeps_nothing_is_noticed_by_the_save() -> None:
    with (
        using(NullKeyring()),  # type: ignore[no-untyped-call]
        pytest.raises(ConfigurationError, match=r"null\.Keyring keeps nothing.*FilePersistence"),
    ):
        save(KeyringPersistence("app", "ada"))


class Shortening(PlaintextKeyring):  # type: ignore[misc]  # its package has no types
    """A keyring that cuts long entries off without an error."""

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password[:1500])


def test_a_keyring_that_keeps_something_else_is_noticed_by_the_save(tmp_path: Path) -> None:
    backend = Shortening()
    backend.file_path = str(tmp_path / "short.cfg")
    with using(backend):
        with pytest.raises(StorageFailed, match="1500 characters of"):
            save(KeyringPersistence("app", "ada"))
        save(KeyringPersistence("app", "grace", characters=1500))


class Raising(KeyringBackend):
    """A keyring whose errors quote the password, and hold it in their frames."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        del service, username
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        del service, username
        raise RuntimeError(password)

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


def test_an_error_of_a_keyring_carries_no_frame_that_holds_a_token() -> None:
    backend = Raising()  # type: ignore[no-untyped-call]
    with using(backend), pytest.raises(StorageFailed, match="RuntimeError") as caught:
        save(KeyringPersistence("app", "ada"))
    found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert found.__context__ is None
    assert found.__cause__ is None
    frames = [frame for frame in found.stack if "appsync_gql" in frame.filename]
    assert not [frame for frame in frames if "r" * 60 in str(frame.locals)]


@pytest.mark.parametrize(
    "head",
    [
        '{"parts": 1000000000000, "digest": "d"}',
        '{"parts": "abc", "digest": "d"}',
        '{"parts": 2, "digest": null}',
        '{"parts": -1, "digest": "d"}',
        "[" * 100_000,
    ],
    ids=lambda head: head[:40],
)
def test_an_entry_that_names_impossible_parts_is_something_else(
    credentials: Credentials, head: str
) -> None:
    credentials.limit = 1_000_000
    credentials.set_password("app", "ada", head)
    persistence = KeyringPersistence("app", "ada")
    with pytest.raises(StorageCorrupt):
        persistence.load(CLIENT)
    save(persistence)
    assert persistence.load(CLIENT) is not None


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"service": ""}, "service"),
        ({"username": ""}, "username"),
        ({"username": b"ada"}, "username"),
        ({"characters": 0}, "characters"),
        ({"characters": "1200"}, "characters"),
    ],
)
def test_bad_arguments_are_refused_at_construction(arguments: dict[str, Any], setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KeyringPersistence(**{"service": "app", "username": "ada", **arguments})
    assert caught.value.setting == setting
