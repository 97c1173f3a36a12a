"""Sessions in one file of this user's, for all programs on this machine."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import LockTimeout, StorageFailed
from ..extras import require
from .blob import DocumentPersistence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filelock import BaseFileLock

    from ..session_key import SessionKey

__all__ = ["FilePersistence", "data_folder", "file_lock"]

log = logging.getLogger(__name__)

_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_OTHERS = 0o077
_WINDOWS_TRIES = 20
"""On Windows a file can't be replaced during the microseconds in which another process reads it."""


class FilePersistence(DocumentPersistence):
    """Keeps sessions in a file with mode 0600, in a folder with mode 0700.

    Each write goes to a file beside it, which then takes its place: whoever
    reads finds the old sessions or the new ones, whatever is killed when. The
    lock is the operating system's own (a file beside it, which stays), and
    comes free when its holder dies. ``pip install "appsync-gql[file]"``.

    Args:
        path: the file; ``None`` for ``sessions.json`` in the user's data folder
            (``~/.local/share/appsync-gql`` on Linux).
        encryption_key: a key of ``cryptography.fernet.Fernet.generate_key()``, or
            several: the first encrypts, all decrypt. ``None`` for none.

    Raises:
        MissingExtra: a package is missing; the message is the pip line.
        ConfigurationError: ``encryption_key`` is not a key.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        encryption_key: str | bytes | Sequence[str | bytes] | None = None,
    ) -> None:
        super().__init__(encryption_key=encryption_key)
        require("file", "filelock", "platformdirs")
        self._path = data_folder() / "sessions.json" if path is None else Path(path)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Lock the file; see :class:`TokenPersistence`."""
        del key
        with _told(self._where):
            make_private_folder(self._path.parent)
        with held(self._lock_path, self._where):
            yield

    def __repr__(self) -> str:
        return f"FilePersistence({str(self._path)!r})"

    # -- bytes ------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"The file {self._path}"

    @property
    def _lock_path(self) -> Path:
        return self._path.with_name(self._path.name + ".lock")

    def _read(self) -> bytes | None:
        with _told(self._where):
            try:
                with self._path.open("rb") as file:
                    self._check_owner(file.fileno())
                    return file.read()
            except FileNotFoundError:
                return None

    def _check_owner(self, descriptor: int) -> None:
        if sys.platform == "win32":
            return  # the user's data folder is private there
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise StorageFailed(
                f"{self._where} belongs to another user (uid {status.st_uid}): it is neither read "
                "nor written. Give another path=, or chown it."
            )
        if stat.S_IMODE(status.st_mode) & _OTHERS:
            log.warning("%s was open to other users: now it is not (0600)", self._where)
            os.fchmod(descriptor, _PRIVATE_FILE)

    def _write(self, raw: bytes, expires_at: float) -> None:
        del expires_at
        with _told(self._where):
            # Through a link to the file that it stands for.
            target = Path(os.path.realpath(self._path))
            beside = target.with_name(target.name + ".new")
            try:
                write_private(beside, raw)
                _replace(beside, target)
            except OSError:
                with contextlib.suppress(OSError):
                    beside.unlink()
                raise
            _sync_folder(target.parent)

    def _set_aside(self, raw: bytes) -> str:
        del raw  # moved, not copied
        with _told(self._where):
            for number in range(1, 1000):
                aside = self._path.with_name(f"{self._path.name}.aside-{number}")
                if not aside.exists():
                    self._path.rename(aside)
                    return str(aside)
        raise StorageFailed(f"{self._where} can't be set aside: a thousand such files are there.")


def data_folder() -> Path:
    """Give this user's folder for the data of this package; it need not exist."""
    import platformdirs  # noqa: PLC0415

    return platformdirs.user_data_path("appsync-gql", appauthor=False)


def file_lock(path: Path, wait: float = 0.0) -> BaseFileLock:
    """Make the operating system's lock on a file, which waits so many seconds to be had."""
    from filelock import FileLock  # noqa: PLC0415

    # A marker file instead of a real lock would outlive a holder that is killed.
    return FileLock(path, timeout=wait, mode=_PRIVATE_FILE, fallback_to_soft=False)


@contextmanager
def held(path: Path, where: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock on a file meanwhile, having waited at most so many seconds for it.

    Raises:
        LockTimeout: another process or thread holds it.
        StorageFailed: it can't be had at all.
    """
    lock = file_lock(path, wait)
    with _told(where):
        try:
            lock.acquire()
        except TimeoutError:
            raise LockTimeout(f"{where} is locked by another program ({path}).") from None
    try:
        yield
    finally:
        lock.release()


def make_private_folder(folder: Path) -> None:
    """Make a folder that only this user can enter, unless it is there."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)


def write_private(path: Path, raw: bytes) -> None:
    """Write a file that only this user can read, down to the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0), _PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        if sys.platform != "win32":
            os.fchmod(descriptor, _PRIVATE_FILE)
        file.write(raw)
        file.flush()
        os.fsync(descriptor)


def _replace(beside: Path, target: Path) -> None:
    if sys.platform == "win32":
        for _ in range(_WINDOWS_TRIES):
            with contextlib.suppress(PermissionError):
                beside.replace(target)
                return
            time.sleep(0.01)
    beside.replace(target)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk as well; Windows has no such thing."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Tell of the operating system's errors as ours."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(
            f"{where} can't be used now: {error.strerror or type(error).__name__}."
        ) from error
