"""Private files: what is read, refused, replaced and written to the disk."""

from __future__ import annotations

import inspect
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from appsync_gql import ConfigurationError, StorageFailed
from appsync_gql.persistence.file_lock import file_errors
from appsync_gql.persistence.private_files import make_private, read_file, write_file

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX's")
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")

OTHER_USER = 12345


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# -- reading ----------------------------------------------------------------------------


def test_a_file_is_read_with_whether_it_is_private(path: Path) -> None:
    path.write_bytes(b"content")
    for bits, private in ((0o600, True), (0o400, True), (0o644, False), (0o620, False)):
        path.chmod(bits)
        found = read_file(path)
        assert found is not None
        assert (found.raw, found.is_private) == (b"content", private)
        assert mode(path) == bits


def test_no_file_is_none(path: Path) -> None:
    assert read_file(path) is None


def test_a_pipe_is_refused_without_waiting_for_its_writer(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(ConfigurationError, match="not an ordinary file"):
        read_file(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not an ordinary file"):
        read_file(tmp_path)


def test_a_socket_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
        with pytest.raises(StorageFailed), file_errors("The file"):
            read_file(path)


def test_a_link_put_in_place_of_the_resolved_file_is_not_followed(path: Path) -> None:
    path.symlink_to("/etc/hostname")
    with pytest.raises(OSError, match=r"symbolic links"):
        read_file(path)


def test_a_file_with_two_names_is_refused(path: Path) -> None:
    """Each name would have its own lock, and its own content after the next save."""
    path.write_bytes(b"content")
    path.with_name("another").hardlink_to(path)
    with pytest.raises(ConfigurationError, match="hard links"):
        read_file(path)


@only_root
def test_a_file_of_another_user_is_refused(path: Path) -> None:
    path.write_bytes(b"content")
    os.chown(path, OTHER_USER, OTHER_USER)
    with pytest.raises(StorageFailed, match="uid 12345"):
        read_file(path)


def test_a_huge_file_is_not_read(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(ConfigurationError, match="64 MiB"):
        read_file(path)


def test_a_file_is_taken_away_from_other_users(path: Path) -> None:
    path.write_bytes(b"content")
    path.chmod(0o644)
    assert make_private(path)
    assert mode(path) == 0o600
    assert not make_private(path)


# -- writing ----------------------------------------------------------------------------


class RecordingDisk:
    """Writes nothing to the disk, and records what a power cut would have kept.

    For each call: whether it was about a folder, and what the file's name led to.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.synced: list[tuple[bool, bytes, bytes]] = []

    def fsync(self, descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        name = Path(f"/dev/fd/{descriptor}")
        self.synced.append(
            (is_folder, b"" if is_folder else name.read_bytes(), self._path.read_bytes())
        )


def test_the_content_is_on_the_disk_before_the_name_leads_to_it_and_the_name_before_the_end(
    path: Path,
) -> None:
    """Else the file is empty after a power cut, and the session lost."""
    path.write_bytes(b"old")
    disk = RecordingDisk(path)
    write_file(path, b"new", fsync=disk.fsync)
    assert disk.synced == [(False, b"new", b"old"), (True, b"", b"new")]


def test_what_writes_to_the_disk_is_the_operating_systems_call() -> None:
    assert inspect.signature(write_file).parameters["fsync"].default is os.fsync


def test_a_disk_that_fails_keeps_the_old_file_and_leaves_nothing(path: Path) -> None:
    def fsync(_: int) -> None:
        raise OSError(28, "No space left on device")

    path.write_bytes(b"old")
    with pytest.raises(OSError, match="No space"):
        write_file(path, b"new", fsync=fsync)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_new_file_is_private_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        write_file(path, b"new")
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_planted_files_are_neither_used_nor_waited_for(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    path.with_name("sessions.json.new").symlink_to(victim)
    os.mkfifo(path.with_name("sessions.json.0123456789abcdef.new"))
    path.with_name("sessions.json.fedcba9876543210.new").symlink_to(victim)
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert not path.is_symlink()
    assert victim.read_bytes() == b"precious"


def test_what_a_killed_writer_left_is_removed(path: Path) -> None:
    left = path.with_name("sessions.json.0123456789abcdef.new")
    others = {path.with_name("other.json.0123456789abcdef.new"), path.with_name("a.new")}
    for file in (left, *others):
        file.write_bytes(b"left")
    write_file(path, b"new")
    assert set(path.parent.iterdir()) == {path, *others}
