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
from ..forks import importing
from ..secret import Secret, SecretBytes
from .blob import BlobPersistence
from .checks import check_text
from .file_lock import file_errors, hold_file_lock
from .folders import data_folder, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..session_key import SessionKey

__all__ = ["KeyringPersistence"]

_WINDOWS_CHARACTERS = 1_200
"""Windows keeps 2,560 bytes an entry, in UTF-16
(https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw)."""

_FEWEST_CHARACTERS, _MOST_PARTS = 100, 10_000

_ENTRY_SECONDS = 10.0
"""Seconds to wait at most while another process reads or writes the entries."""


class KeyringPersistence(BlobPersistence):
    """Keeps sessions in macOS Keychain, Windows Credential Locker or Secret Service.

    The ``keyring`` package chooses which; it encrypts them with the user's own login. The
    lock is a file in the user's data folder. ``pip install "appsync-gql[keyring]"``.

    Args:
        service: the keyring's name of the program.
        username: the keyring's name of the entry: any text, one for each set of sessions.
        characters: the longest entry that the keyring accepts: more is saved in several
            entries. ``None`` for 1,200 on Windows and no limit elsewhere.

    Raises:
        MissingExtra: a package is missing; the message is the pip line.
        ConfigurationError: an argument can't be used.
    """

    # For a repr in the traceback of a construction that failed.
    _service = _username = ""

    def __init__(self, service: str, username: str, *, characters: int | None = None) -> None:
        super().__init__()
        self._service = check_text("service", service)
        self._username = check_text("username", username)
        _check_characters(characters)
        windows = _WINDOWS_CHARACTERS if sys.platform == "win32" else None
        self._characters = characters or windows
        require("keyring", "keyring")
        name = hashlib.sha256(f"{service}\0{username}".encode()).hexdigest()[:32]
        self._lock_path = data_folder() / "locks" / f"{name}.lock"
        # Not all keyrings replace an entry in one step, and none replaces several together.
        self._entries_lock_path = self._lock_path.with_suffix(".entries.lock")

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Lock the entry; see :class:`TokenPersistence`."""
        del key
        self._make_folder()
        with hold_file_lock(self._lock_path, self._where):
            yield

    def __repr__(self) -> str:
        return f"KeyringPersistence({self._service!r}, {self._username!r})"

    # -- the stored value ------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"The keyring's entry {self._username!r} of {self._service!r}"

    def _read(self) -> SecretBytes | None:
        with self._entries_lock():
            text = self._whole_text()
        return None if text is None else SecretBytes(text.encode())

    def _whole_text(self) -> Secret | None:
        """Return the text of all parts; ``None`` if there is no entry."""
        head = self._get(self._username)
        parts = _parts(head or "")
        if head is None or parts is None:
            return head
        found = [self._get(name) or "" for name in _part_names(self._username, *parts)]
        text = Secret("".join(found))
        # With a part missing, what is left is not JSON: it is reported, and moved as a whole.
        return text if _digest(text) == parts[0] else Secret(f"Parts are missing: {head} {text}")

    def _write(self, raw: SecretBytes, keep_seconds: float) -> None:
        del keep_seconds
        text = Secret(raw.decode())
        with self._entries_lock():
            self._replace(self._username, text)
            kept = self._whole_text()
        if kept is None:
            raise ConfigurationError(
                f"{self._where} was saved without an error, and is not there: "
                f"{self._backend_name()} keeps nothing. Use FilePersistence, or install another "
                "backend (`keyring --list-backends`).",
                setting="persistence",
            )
        if kept != text:
            raise StorageFailed(
                f"{self._where} was saved, but {self._backend_name()} returns something else "
                f"({len(kept)} characters of {len(text)}): pass characters=, a smaller number than "
                "that, or use FilePersistence."
            )

    def _replace(self, entry: str, text: Secret) -> None:
        """Write the parts under new names, then the entry that names them, then drop the old."""
        before = _parts(self._get(entry) or "")
        step = self._characters or max(len(text), 1)
        if len(text) <= step:
            self._set(entry, text)
        else:
            pieces = [Secret(text[i : i + step]) for i in range(0, len(text), step)]
            names = _part_names(entry, _digest(text), len(pieces))
            for name, piece in zip(names, pieces, strict=True):
                self._set(name, piece)
            head = json.dumps({"parts": len(pieces), "digest": _digest(text)})
            self._set(entry, Secret(head))
        if before and before[0] != _digest(text):
            for name in _part_names(entry, *before):
                self._delete(name)

    def _set_aside(self) -> str:
        aside = f"{self._username} (set aside {secrets.token_hex(4)})"
        with self._entries_lock():
            self._replace(aside, self._whole_text() or Secret(""))
        return f"the keyring's entry {aside!r} of {self._service!r}"

    @contextmanager
    def _entries_lock(self) -> Iterator[None]:
        """Keep other processes from reading and writing the entries in the block."""
        self._make_folder()
        with hold_file_lock(self._entries_lock_path, self._where, wait=_ENTRY_SECONDS):
            yield

    def _make_folder(self) -> None:
        with file_errors(f"The lock of {self._where}"):
            make_private_folder(self._lock_path.parent)

    # -- calls of the keyring package ---------------------------------------------------

    def _get(self, name: str) -> Secret | None:
        found = self._call("get_password", name)
        return None if found is None else Secret(found)

    def _set(self, name: str, text: Secret) -> None:
        self._call("set_password", name, text)

    def _delete(self, name: str) -> None:
        with importing():
            from keyring.errors import PasswordDeleteError  # noqa: PLC0415

        def delete(*arguments: str) -> None:
            try:
                _keyring().delete_password(*arguments)
            except PasswordDeleteError:
                return  # it is gone already

        self._run(delete, name)

    def _call(self, method: str, name: str, *text: Secret) -> Any:
        def call(*arguments: str) -> Any:
            # Backends written in C accept no subclass of str.
            return getattr(_keyring(), method)(*map(str, arguments))

        return self._run(call, name, *text)

    def _run(self, call: Any, *arguments: str) -> Any:
        """Call the package; its own errors, whose frames hold the entry's text, are dropped."""
        with importing():
            from keyring.errors import KeyringError, NoKeyringError  # noqa: PLC0415

        problem: ConfigurationError | StorageFailed
        try:
            return call(self._service, *arguments)
        except NoKeyringError:
            problem = ConfigurationError(
                "There is no keyring on this machine that the keyring package can use: use "
                "FilePersistence instead, or install a backend (`keyring --list-backends`).",
                setting="persistence",
            )
        except (KeyringError, OSError, RuntimeError, ValueError) as error:
            problem = StorageFailed(f"{self._where} can't be used now ({type(error).__name__}).")
        raise problem

    def _backend_name(self) -> str:
        kind = type(_keyring().get_keyring())
        return f"{kind.__module__}.{kind.__qualname__}"


def _check_characters(characters: object) -> None:
    if characters is None or (isinstance(characters, int) and characters >= _FEWEST_CHARACTERS):
        return
    raise ConfigurationError(
        f"characters must be a whole number of at least {_FEWEST_CHARACTERS}.",
        setting="characters",
    )


def _parts(head: str) -> tuple[str, int] | None:
    """Return digest and number of the parts that the first entry names; ``None`` if it is whole."""
    try:
        found = json.loads(head)
    except (RecursionError, ValueError):
        return None
    if not isinstance(found, dict) or set(found) != {"parts", "digest"}:
        return None
    digest, count = found["digest"], found["parts"]
    if isinstance(digest, str) and isinstance(count, int) and 1 <= count <= _MOST_PARTS:
        return digest, count
    return None


def _part_names(entry: str, digest: str, count: int) -> list[str]:
    return [f"{entry}#{digest}.{number}" for number in range(count)]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keyring() -> Any:
    """Import the package on a worker thread: it searches for backends, which takes time."""
    with importing():
        import keyring  # noqa: PLC0415

    return keyring
