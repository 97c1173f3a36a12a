"""Files that only this user can read: opened, read and replaced without trusting what is there."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError, StorageFailed
from ..secret import SecretBytes

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OpenedFile", "make_private", "read_file", "write_file"]

_PRIVATE_FILE = 0o600
_OTHERS = 0o077
_LARGEST = 64 * 1024 * 1024
"""Bytes: no file with sessions is larger."""

_WINDOWS_TRIES = 20
"""On Windows a file can't be replaced during the microseconds in which another process reads it."""

_NOT_FOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_NOT_BLOCKING = getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """What was read.

    Attributes:
        raw: the content.
        is_private: whether nobody but its owner can read or write it.
    """

    raw: SecretBytes
    is_private: bool


def read_file(path: Path) -> OpenedFile | None:
    """Read a file of this user; ``None`` if there is none. Never blocks on a pipe.

    Args:
        path: the file, with all links resolved.

    Raises:
        OSError: it can't be read.
        ConfigurationError: it is not an ordinary file.
        StorageFailed: it belongs to another user.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _NOT_FOLLOWED | _NOT_BLOCKING)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(descriptor)
        _check_ordinary(path, status)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = SecretBytes(file.read(_LARGEST + 1))
    finally:
        os.close(descriptor)
    if len(raw) > _LARGEST:
        raise ConfigurationError(
            f"{path} is larger than 64 MiB: that is not a file with sessions.", setting="path"
        )
    return OpenedFile(raw, sys.platform == "win32" or not stat.S_IMODE(status.st_mode) & _OTHERS)


def _check_ordinary(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(
            f"{path} is not an ordinary file ({stat.filemode(status.st_mode)}): pass another "
            "path=.",
            setting="path",
        )
    if sys.platform == "win32":
        return  # the user's data folder is private there
    if status.st_uid != os.geteuid():
        raise StorageFailed(
            f"{path} belongs to another user (uid {status.st_uid}): it is neither read nor "
            "written. Pass another path=, or chown it."
        )
    if status.st_nlink > 1:
        raise ConfigurationError(
            f"{path} has {status.st_nlink} names (hard links), which would become different files "
            "at the next save: remove the others, or make them symbolic links.",
            setting="path",
        )


def make_private(path: Path) -> bool:
    """Take the file away from other users; return whether they could read it before."""
    if sys.platform == "win32":
        return False
    descriptor = os.open(path, os.O_RDONLY | _NOT_FOLLOWED | _NOT_BLOCKING)
    try:
        status = os.fstat(descriptor)
        _check_ordinary(path, status)
        if not stat.S_IMODE(status.st_mode) & _OTHERS:
            return False
        os.fchmod(descriptor, _PRIVATE_FILE)
        return True
    finally:
        os.close(descriptor)


def write_file(path: Path, raw: bytes, *, fsync: Callable[[int], None] = os.fsync) -> None:
    """Replace a file by a private one with this content, in one step that survives a power cut.

    The lock of the file must be held: what earlier writers left when they were killed is
    removed.

    Args:
        path: the file, with all links resolved.
        raw: the new content.
        fsync: writes a descriptor's file or folder to the disk.

    Raises:
        OSError: it could not be done, and the file is as it was.
    """
    _remove_leftovers(path)
    # A name that nobody can guess: another user may be able to write in the folder.
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    try:
        _create(new, raw, fsync)
        _replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    _sync_folder(path.parent, fsync)


def _create(path: Path, raw: bytes, fsync: Callable[[int], None]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOT_FOLLOWED
    descriptor = os.open(path, flags, _PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        fsync(descriptor)


def _remove_leftovers(path: Path) -> None:
    pattern = re.compile(re.escape(path.name) + r"\.[0-9a-f]{16}\.new")
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()


def _replace(new: Path, path: Path) -> None:
    if sys.platform == "win32":
        for _ in range(_WINDOWS_TRIES):
            with contextlib.suppress(PermissionError):
                new.replace(path)
                return
            time.sleep(0.01)
    new.replace(path)


def _sync_folder(folder: Path, fsync: Callable[[int], None]) -> None:
    """Write the file's new name to the disk; Windows has no such call."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fsync(descriptor)
    finally:
        os.close(descriptor)
