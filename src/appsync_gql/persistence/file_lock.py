"""The operating system's lock on a file, and its errors."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError, LockTimeout, StorageFailed
from ..forks import importing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["file_errors", "hold_file_lock"]

_PRIVATE_FILE = 0o600


@contextmanager
def hold_file_lock(path: Path, where: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the operating system's lock on a file, which stays and is created if it is not there.

    Args:
        path: the lock file, with all links resolved.
        where: what the lock protects, as the beginning of an error message.
        wait: seconds to wait for the lock at most.

    Raises:
        LockTimeout: another process or thread holds it.
        StorageFailed: it can't be locked at all.
    """
    with importing():
        from filelock import FileLock  # noqa: PLC0415

    # A marker file instead of a real lock would outlive a holder that is killed.
    lock = FileLock(path, timeout=wait, mode=_PRIVATE_FILE, fallback_to_soft=False)
    with file_errors(where):
        try:
            lock.acquire()
        except TimeoutError:
            raise LockTimeout(f"{where} is locked by another program ({path}).") from None
        except NotImplementedError:
            raise ConfigurationError(
                f"{where} is on a file system without locks: choose another folder.",
                setting="path",
            ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def file_errors(where: str) -> Iterator[None]:
    """Raise the operating system's errors as ``StorageFailed``."""
    try:
        yield
    except OSError as error:
        # Docker can mount one file; it can't be replaced then.
        fix = " Mount its folder, not the file alone." if error.errno == errno.EBUSY else ""
        raise StorageFailed(
            f"{where} can't be used now: {error.strerror or type(error).__name__}.{fix}"
        ) from error
