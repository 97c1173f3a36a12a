"""Sessions in one file of this user, for all programs on this machine."""

from __future__ import annotations

import logging
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError, StorageFailed
from .blob import BlobPersistence
from .encryption import ENCRYPTED_START, EncryptionKey, secret_keys
from .file_lock import file_errors, hold_file_lock
from .folders import data_folder, make_private_folder, real_path
from .private_files import OpenedFile, make_private, read_file, write_file
from .session_json import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..secret import SecretBytes
    from ..session_key import SessionKey

__all__ = ["FilePersistence"]

log = logging.getLogger(__name__)


class FilePersistence(BlobPersistence):
    """Keeps sessions in a file with mode 0600, in a folder that is created with mode 0700.

    Each save writes a new file and renames it: a reader gets the old sessions or the
    new ones, also after a crash. The lock is the operating system's own, on a file beside
    it that stays there. The system releases it when its holder ends. Symbolic links are resolved,
    so that programs that use different paths to one file share its lock.

    Args:
        path: the file; ``None`` for ``sessions.json`` in the user's data folder
            (``~/.local/share/appsync-gql`` on Linux). A relative path is resolved now.
        encryption_key: a key of ``cryptography.fernet.Fernet.generate_key()``, or
            several: the first encrypts, all decrypt. ``None`` for no encryption.
        accept_unencrypted: whether sessions that were saved before there was an
            ``encryption_key`` are used. Their next save encrypts them: remove it then.

    Raises:
        ConfigurationError: ``path`` is a folder, or ``encryption_key`` is not a key.
        MissingExtra: ``pip install "appsync-gql[encryption]"`` is needed.
    """

    # For a repr in the traceback of a construction that failed.
    _path = Path()

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        encryption_key: EncryptionKey = None,
        accept_unencrypted: bool = False,
    ) -> None:
        encryption_key = keys = secret_keys(encryption_key)
        super().__init__(encryption_key=keys, accept_unencrypted=accept_unencrypted)
        self._path = data_folder() / "sessions.json" if path is None else _absolute(path)
        self._folder_was_checked = False

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Lock the file; see :class:`TokenPersistence`."""
        del key
        with file_errors(self._where):
            path = real_path(self._path)
            make_private_folder(path.parent)
            self._check_folder(path.parent)
        with hold_file_lock(path.with_name(path.name + ".lock"), self._where):
            yield

    def __repr__(self) -> str:
        return f"FilePersistence({str(self._path)!r})"

    # -- the file -----------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"The file {self._path}"

    def _read(self) -> SecretBytes | None:
        with file_errors(self._where):
            path = real_path(self._path)
            found = read_file(path)
            if found is None:
                return None
            # A file of another program keeps its mode: it may be a mistyped path.
            if not found.is_private and _is_ours(found) and make_private(path):
                log.warning("%s could be read by other users: its mode is 0600 now", self._where)
        return found.raw

    def _write(self, raw: SecretBytes, keep_seconds: float) -> None:
        del keep_seconds
        with file_errors(self._where):
            write_file(real_path(self._path), raw)

    def _may_set_aside(self) -> bool:
        """Return whether the file is this package's: a mistyped path must not move another's."""
        path = real_path(self._path)
        with file_errors(self._where):
            found = read_file(path)
        return found is None or found.is_private or _is_ours(found) or _is_data_folder(path.parent)

    def _set_aside(self) -> str:
        path = real_path(self._path)
        with file_errors(self._where):
            for number in range(1, 1000):
                aside = path.with_name(f"{path.name}.aside-{number}")
                if not os.path.lexists(aside):
                    path.rename(aside)
                    return str(aside)
        raise StorageFailed(f"{self._where} can't be moved away: a thousand such files are there.")

    def _check_folder(self, folder: Path) -> None:
        if self._folder_was_checked or os.name == "nt":
            return
        self._folder_was_checked = True
        mode = folder.stat().st_mode
        if stat.S_ISDIR(mode) and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            log.warning(
                "Every user may replace files in %s: keep sessions in a folder of your own", folder
            )


def _is_data_folder(folder: Path) -> bool:
    """Return whether nobody but this package writes in this folder."""
    try:
        return folder == real_path(data_folder())
    except ConfigurationError:
        return False  # this user has none


def _is_ours(found: OpenedFile) -> bool:
    """Return whether this package wrote the beginning of the file."""
    return found.raw.startswith((MARKER, ENCRYPTED_START))


def _absolute(path: object) -> Path:
    """Return the path that the user passed, as an absolute one."""
    try:
        text = os.fspath(path)  # type: ignore[call-overload]
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text:
        raise ConfigurationError("path must be the path of a file.", setting="path")
    # ".." stays: after a symbolic link it is another folder than the text suggests.
    absolute = _working_folder() / os.path.expanduser(text)  # noqa: PTH111
    if text.endswith(("/", os.sep)) or os.path.isdir(absolute):  # noqa: PTH112 - never raises
        raise ConfigurationError(
            f"path is a folder ({absolute}): it must be a file.", setting="path"
        )
    return absolute


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:
        return Path("/")  # it was deleted: only an absolute path can be meant
