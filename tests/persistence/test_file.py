"""One file for all programs of a user."""

from __future__ import annotations

import multiprocessing
import os
import stat
import sys
from pathlib import Path

import pytest

from appsync_gql import (
    FilePersistence,
    LockTimeout,
    SessionKey,
    StorageCorrupt,
    StorageFailed,
)
from appsync_gql.testing.contract import sample_tokens
from support.processes import hold_the_lock, save_on_a_full_disk

CLIENT, TOKENS = SessionKey(client_id="client"), sample_tokens()
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine" / "sessions.json"


@pytest.fixture
def place(path: Path) -> FilePersistence:
    return FilePersistence(path)


def save(place: FilePersistence) -> None:
    with place.lock(CLIENT):
        place.save(CLIENT, TOKENS)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_constructor_touches_nothing(place: FilePersistence) -> None:
    assert not place.path.parent.exists()


@pytest.mark.usefixtures("data_home")
def test_without_a_path_it_is_in_the_users_data_folder() -> None:
    home = Path(os.environ["XDG_DATA_HOME"])
    assert FilePersistence().path == home / "appsync-gql" / "sessions.json"


def test_file_and_lock_are_the_users_alone_whatever_the_umask(place: FilePersistence) -> None:
    before = os.umask(0)
    try:
        save(place)
    finally:
        os.umask(before)
    folder = place.path.parent
    assert mode(folder) == 0o700
    assert {p.name: mode(p) for p in folder.iterdir()} == {
        "sessions.json": 0o600,
        "sessions.json.lock": 0o600,
    }


def test_a_file_open_to_others_is_closed_to_them_and_told(
    place: FilePersistence, caplog: pytest.LogCaptureFixture
) -> None:
    save(place)
    place.path.chmod(0o644)
    assert place.load(CLIENT) == TOKENS
    assert mode(place.path) == 0o600
    assert "open to other users" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_neither_read_nor_written(place: FilePersistence) -> None:
    save(place)
    os.chown(place.path, 12345, 12345)
    for use in (place.load, lambda key: place.save(key, TOKENS)):
        with pytest.raises(StorageFailed, match="uid 12345"):
            use(CLIENT)


def test_the_lock_file_stays_so_that_nobody_locks_another_one(place: FilePersistence) -> None:
    """Pitfall: who deletes a lock file lets two in."""
    lock = place.path.with_name("sessions.json.lock")
    save(place)
    inode = lock.stat().st_ino
    save(place)
    assert lock.stat().st_ino == inode


def test_a_link_to_the_file_stays_a_link(place: FilePersistence, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.json"
    place.path.parent.mkdir()
    place.path.symlink_to(real)
    save(place)
    assert place.path.is_symlink()
    assert FilePersistence(real).load(CLIENT) == TOKENS


@pytest.mark.parametrize("junk", [b"", b"not JSON", b'{"some": "thing"}'])
def test_something_else_is_told_left_as_it_is_and_then_set_aside(
    place: FilePersistence, junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    place.path.parent.mkdir(mode=0o700)
    for number in (1, 2):
        place.path.write_bytes(junk)
        place.path.chmod(0o600)
        with pytest.raises(StorageCorrupt, match="no saved sessions") as caught:
            place.load(CLIENT)
        assert str(place.path) in str(caught.value)
        assert place.path.read_bytes() == junk
        save(place)
        aside = place.path.with_name(f"sessions.json.aside-{number}")
        assert aside.read_bytes() == junk
        assert str(aside) in caplog.text
        assert place.load(CLIENT) == TOKENS


def test_a_file_of_a_later_version_is_left_alone(place: FilePersistence) -> None:
    place.path.parent.mkdir(mode=0o700)
    later = b'{"format": "appsync-gql sessions", "version": 99, "sessions": {}}'
    place.path.write_bytes(later)
    place.path.chmod(0o600)
    with pytest.raises(StorageFailed, match="update"):
        place.load(CLIENT)
    with pytest.raises(StorageFailed, match="update"):
        save(place)
    assert place.path.read_bytes() == later


@pytest.mark.parametrize("where", ["/proc/no-such/sessions.json", "/dev/null/sessions.json"])
@pytest.mark.skipif(sys.platform != "linux", reason="these paths are Linux's")
def test_where_nothing_can_be_written_the_error_says_where(where: str) -> None:
    with pytest.raises(StorageFailed, match=where) as caught:
        save(FilePersistence(where))
    assert caught.value.kind == "storage"


def test_a_full_disk_keeps_the_old_session_and_leaves_no_litter(place: FilePersistence) -> None:
    save(place)
    process = SPAWN.Process(target=save_on_a_full_disk, args=(place.path,))
    process.start()
    process.join(30)
    assert process.exitcode == 0
    assert place.load(CLIENT) == TOKENS
    names = sorted(p.name for p in place.path.parent.iterdir())
    assert names == ["sessions.json", "sessions.json.lock"]


def test_the_lock_of_a_killed_holder_is_free_at_once(place: FilePersistence) -> None:
    held = SPAWN.Event()
    holder = SPAWN.Process(target=hold_the_lock, args=(place.path, held))
    holder.start()
    try:
        assert held.wait(30)
        with pytest.raises(LockTimeout), place.lock(CLIENT):
            pass
    finally:
        holder.kill()
        holder.join(30)
    save(place)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_under_the_lock_does_not_keep_it(place: FilePersistence) -> None:
    """The child has a copy of the open lock file, which would keep the lock."""
    reading, writing = os.pipe()
    with place.lock(CLIENT):
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    try:
        os.close(reading)
        save(place)
    finally:
        os.close(writing)
        os.waitpid(child, 0)
