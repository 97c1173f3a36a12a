"""The lock on a file, and the operating system's errors."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appsync_gql import LockTimeout, StorageFailed
from appsync_gql.persistence.file_lock import file_errors, hold_file_lock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.json.lock"


def test_a_lock_is_held_by_one_and_its_file_stays(path: Path) -> None:
    with hold_file_lock(path, "The file"):
        inode = path.stat().st_ino
        with (
            pytest.raises(LockTimeout, match="The file is locked"),
            hold_file_lock(path, "The file"),
        ):
            pass
    with hold_file_lock(path, "The file"):
        assert path.stat().st_ino == inode
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_planted_as_lock_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path.symlink_to(victim)
    with pytest.raises(StorageFailed), hold_file_lock(path, "The file"):
        pass
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(28, "No space left on device"), "The file can't be used now: No space left"),
        (OSError(16, "Device or resource busy"), "busy. Mount its folder"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (OSError(), "OSError"),
    ],
)
def test_the_operating_systems_errors_are_raised_as_ours(error: OSError, text: str) -> None:
    with pytest.raises(StorageFailed, match=text) as caught, file_errors("The file"):
        raise error
    assert caught.value.__cause__ is error
