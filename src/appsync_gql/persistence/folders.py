"""Folders and paths of saved sessions."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["absolute_folder", "data_folder", "make_private_folder", "real_path"]

_PRIVATE_FOLDER = 0o700


def data_folder() -> Path:
    """Return this user's folder for the data of this package; it need not exist.

    Raises:
        ConfigurationError: the user has no home directory.
    """
    import platformdirs  # noqa: PLC0415

    return absolute_folder(lambda: platformdirs.user_data_path("appsync-gql", appauthor=False))


def absolute_folder(find: Callable[[], Path]) -> Path:
    """Return the folder that is found, unless it depends on the working directory.

    Raises:
        ConfigurationError: it does, or there is none.
    """
    folder = None
    with contextlib.suppress(RuntimeError):
        folder = find()
    if folder is None or not folder.is_absolute():
        raise ConfigurationError(
            "This user has no home directory: pass path=, or set HOME or XDG_DATA_HOME.",
            setting="path",
        )
    return folder


def real_path(path: Path) -> Path:
    """Return the path with all symbolic links resolved, so that every name has the same lock.

    Raises:
        StorageFailed: another user put a link into a folder that everybody may write.
    """
    if sys.platform != "win32":
        for part in (*reversed(path.parents), path):
            _check_link(part)
    return Path(os.path.realpath(path))


def _check_link(path: Path) -> None:
    try:
        status = path.lstat()
        folder = path.parent.stat()
    except OSError:
        return  # it is not there, or the following open() says what is wrong
    is_planted = (
        stat.S_ISLNK(status.st_mode)
        # The rule by which Linux itself follows links in such folders (protected_symlinks).
        and folder.st_mode & stat.S_IWOTH
        and status.st_uid not in {os.geteuid(), folder.st_uid}
    )
    if is_planted:
        raise StorageFailed(
            f"{path} is a symbolic link of another user (uid {status.st_uid}) in a folder that "
            "everybody may write: it is not followed. Pass another path=."
        )


def make_private_folder(folder: Path) -> None:
    """Create a folder that only this user can enter, unless it exists."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
