"""Sessions in the operating system's keyring."""

from __future__ import annotations

import hashlib
import json
import secrets
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..exceptions import ConfigurationError, StorageFailed
from ..extras import require
from .blob import DocumentPersistence
from .file import data_folder, held, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..session_key import SessionKey

__all__ = ["KeyringPersistence"]

_WINDOWS_CHARACTERS = 1_200
"""Windows keeps 2,560 bytes an entry, in UTF-16
(https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw)."""

_MOMENT = 10.0
"""Seconds to wait at most while another process reads or writes the entries."""


class KeyringPersistence(DocumentPersistence):
    """Keeps sessions in macOS Keychain, Windows Credential Locker or Secret Service.

    Which of them, the ``keyring`` package decides; it encrypts them with the
    user's own login. The lock is a file in the user's data folder.
    ``pip install "appsync-gql[keyring]"``.

    Args:
        service: the keyring's name of the program.
        username: the keyring's name of the entry: any text, one for each set of sessions.
        characters: how many an entry may have, so that more are written in
            several entries; ``None`` for 1,200 on Windows and no limit elsewhere.

    Raises:
        MissingExtra: a package is missing; the message is the pip line.
        ConfigurationError: an argument is empty.
    """

    def __init__(self, service: str, username: str, *, characters: int | None = None) -> None:
        super().__init__()
        if not service or not username:
            raise ConfigurationError("service and username must not be empty.", setting="service")
        self._service, self._username = service, username
        windows = _WINDOWS_CHARACTERS if sys.platform == "win32" else None
        self._characters = characters or windows
        require("keyring", "keyring", "filelock", "platformdirs")
        name = hashlib.sha256(f"{service}\0{username}".encode()).hexdigest()[:32]
        self._lock_path = data_folder() / "locks" / f"{name}.lock"
        # Not all keyrings replace what they keep in one step, nor several entries together.
        self._moment_path = self._lock_path.with_suffix(".moment.lock")

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Lock the entry; see :class:`TokenPersistence`."""
        del key
        self._make_folder()
        with held(self._lock_path, self._where):
            yield

    def __repr__(self) -> str:
        return f"KeyringPersistence({self._service!r}, {self._username!r})"

    # -- bytes ------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"The keyring's entry {self._username!r} of {self._service!r}"

    def _read(self) -> bytes | None:
        with self._moment():
            head = self._get(self._username)
            parts = _parts(head or "")
            names = _names(self._username, *parts) if parts else []
            texts = [self._get(name) for name in names] if parts else [head]
        if head is None:
            return None
        text = "".join(text or "" for text in texts)
        if parts and _digest(text) != parts[0]:
            # No JSON, so that it is told and set aside, with all that is left.
            text = f"Parts are missing: {head} {text}"
        return text.encode()

    def _write(self, raw: bytes, expires_at: float) -> None:
        del expires_at
        with self._moment():
            self._replace(self._username, raw.decode())

    def _replace(self, entry: str, text: str) -> None:
        """Write the parts under new names, then the head that names them, then drop the old."""
        before = _parts(self._get(entry) or "")
        step = self._characters or max(len(text), 1)
        if len(text) <= step:
            self._set(entry, text)
        else:
            pieces = [text[i : i + step] for i in range(0, len(text), step)]
            names = _names(entry, _digest(text), len(pieces))
            for name, piece in zip(names, pieces, strict=True):
                self._set(name, piece)
            self._set(entry, json.dumps({"parts": len(pieces), "digest": _digest(text)}))
        if before and before[0] != _digest(text):
            for name in _names(entry, *before):
                self._drop(name)

    def _set_aside(self, raw: bytes) -> str:
        aside = f"{self._username} (set aside {secrets.token_hex(4)})"
        self._replace(aside, raw.decode(errors="replace"))
        return f"the keyring's entry {aside!r} of {self._service!r}"

    @contextmanager
    def _moment(self) -> Iterator[None]:
        """Read or write all entries while nobody else does."""
        self._make_folder()
        with held(self._moment_path, self._where, wait=_MOMENT):
            yield

    def _make_folder(self) -> None:
        try:
            make_private_folder(self._lock_path.parent)
        except OSError as error:
            raise StorageFailed(f"{self._where} has no place for its lock: {error}.") from error

    # -- the package's calls -------------------------------------------------------

    def _get(self, name: str) -> str | None:
        with self._told():
            found: str | None = _keyring().get_password(self._service, name)
            return found

    def _set(self, name: str, text: str) -> None:
        with self._told():
            _keyring().set_password(self._service, name, text)

    def _drop(self, name: str) -> None:
        from keyring.errors import PasswordDeleteError  # noqa: PLC0415

        with self._told():
            try:
                _keyring().delete_password(self._service, name)
            except PasswordDeleteError:
                return  # it is gone already

    @contextmanager
    def _told(self) -> Iterator[None]:
        from keyring.errors import KeyringError, NoKeyringError  # noqa: PLC0415

        try:
            yield
        except NoKeyringError as error:
            raise ConfigurationError(
                "There is no keyring on this machine that the keyring package can use: take "
                "FilePersistence instead, or install a backend (`keyring --list-backends`).",
                setting="persistence",
            ) from error
        except (KeyringError, OSError, RuntimeError, ValueError) as error:
            text = f"{self._where} can't be used now ({type(error).__name__})."
            raise StorageFailed(text) from error


def _parts(head: str) -> tuple[str, int] | None:
    """Read digest and number of the parts from the first entry; ``None`` if it is all there is."""
    try:
        found = json.loads(head)
    except ValueError:
        return None
    if isinstance(found, dict) and set(found) == {"parts", "digest"}:
        return str(found["digest"]), int(found["parts"])
    return None


def _names(entry: str, digest: str, count: int) -> list[str]:
    return [f"{entry}#{digest}.{number}" for number in range(count)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keyring() -> Any:
    """Import the package where blocking is allowed: it looks for backends everywhere."""
    import keyring  # noqa: PLC0415

    return keyring
