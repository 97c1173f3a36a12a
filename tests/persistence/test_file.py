"""One file for all programs of a user. What the contract and the private files do not cover."""

from __future__ import annotations

import multiprocessing
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from appsync_gql import (
    ConfigurationError,
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
def persistence(path: Path) -> FilePersistence:
    return FilePersistence(path)


def save(persistence: FilePersistence) -> None:
    with persistence.lock(CLIENT):
        persistence.save(CLIENT, TOKENS)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# -- paths --------------------------------------------------------------------------------


def test_a_constructor_touches_nothing(persistence: FilePersistence) -> None:
    assert not persistence.path.parent.exists()


@pytest.mark.usefixtures("data_home")
def test_without_a_path_it_is_in_the_users_data_folder() -> None:
    home = Path(os.environ["XDG_DATA_HOME"])
    assert FilePersistence().path == home / "appsync-gql" / "sessions.json"


def test_a_relative_path_stays_where_it_was_when_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    persistence = FilePersistence("sessions.json")
    monkeypatch.chdir("/")
    save(persistence)
    assert (tmp_path / "sessions.json").exists()


def test_a_path_through_a_link_and_up_is_the_operating_systems(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b")
    save(FilePersistence(tmp_path / "link" / ".." / "sessions.json"))
    assert (tmp_path / "a" / "sessions.json").exists()


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert FilePersistence("~/sessions.json").path == tmp_path / "sessions.json"


@pytest.mark.parametrize("path", ["", ".", "folder/", "a\0b", b"sessions.json", 7, True])
def test_what_is_not_the_path_of_a_file_is_refused_at_construction(path: Any) -> None:
    with pytest.raises(ConfigurationError, match="path") as caught:
        FilePersistence(path)
    assert caught.value.setting == "path"


def test_all_paths_to_one_file_have_one_lock(
    persistence: FilePersistence, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    link, folder = tmp_path / "link.json", tmp_path / "folder"
    link.symlink_to(path)
    folder.symlink_to(path.parent)
    monkeypatch.chdir(path.parent)
    others = [
        link,
        folder / "sessions.json",
        Path("sessions.json"),
        path.parent / "../mine/sessions.json",
    ]
    with persistence.lock(CLIENT):
        for other in others:
            with pytest.raises(LockTimeout), FilePersistence(other).lock(CLIENT):
                pass
    for other in others:
        save(FilePersistence(other))
    names = {p.name for folder in (tmp_path, path.parent) for p in folder.iterdir()}
    assert names == {"folder", "link.json", "mine", "sessions.json", "sessions.json.lock"}


def test_a_link_to_the_file_stays_a_link(persistence: FilePersistence, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.json"
    persistence.path.parent.mkdir()
    persistence.path.symlink_to(real)
    save(persistence)
    assert persistence.path.is_symlink()
    assert FilePersistence(real).load(CLIENT) == TOKENS


# -- modes and owners ---------------------------------------------------------------------


def test_file_and_lock_are_private_whatever_the_umask(persistence: FilePersistence) -> None:
    before = os.umask(0)
    try:
        save(persistence)
    finally:
        os.umask(before)
    folder = persistence.path.parent
    assert mode(folder) == 0o700
    assert {p.name: mode(p) for p in folder.iterdir()} == {
        "sessions.json": 0o600,
        "sessions.json.lock": 0o600,
    }


def test_saved_sessions_that_others_can_read_become_private(
    persistence: FilePersistence, caplog: pytest.LogCaptureFixture
) -> None:
    save(persistence)
    persistence.path.chmod(0o644)
    assert persistence.load(CLIENT) == TOKENS
    assert mode(persistence.path) == 0o600
    assert "could be read by other users" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_neither_read_nor_written(persistence: FilePersistence) -> None:
    save(persistence)
    os.chown(persistence.path, 12345, 12345)
    for use in (persistence.load, lambda key: persistence.save(key, TOKENS)):
        with pytest.raises(StorageFailed, match="uid 12345"):
            use(CLIENT)


@pytest.mark.parametrize(("bits", "warned"), [(0o777, True), (0o1777, False), (0o755, False)])
def test_a_folder_in_which_others_may_replace_the_file_is_warned_of_once(
    persistence: FilePersistence,
    caplog: pytest.LogCaptureFixture,
    bits: int,
    warned: bool,  # noqa: FBT001
) -> None:
    persistence.path.parent.mkdir()
    persistence.path.parent.chmod(bits)
    save(persistence)
    save(persistence)
    assert caplog.text.count("Every user may replace files") == warned


# -- something else in the file -----------------------------------------------------------------


@pytest.mark.parametrize("junk", [b"not JSON", b'{"some": "thing"}', b"[" * 100_000])
def test_a_private_file_with_something_else_is_kept_and_moved_at_the_next_save(
    persistence: FilePersistence, junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    persistence.path.parent.mkdir(mode=0o700)
    for number in (1, 2):
        persistence.path.write_bytes(junk)
        persistence.path.chmod(0o600)
        with pytest.raises(StorageCorrupt, match="no saved sessions") as caught:
            persistence.load(CLIENT)
        assert str(persistence.path) in str(caught.value)
        assert persistence.path.read_bytes() == junk
        save(persistence)
        aside = persistence.path.with_name(f"sessions.json.aside-{number}")
        assert aside.read_bytes() == junk
        assert str(aside) in caplog.text
        assert persistence.load(CLIENT) == TOKENS


def test_a_mistyped_path_leaves_a_public_file_as_it_is(persistence: FilePersistence) -> None:
    persistence.path.parent.mkdir()
    persistence.path.write_bytes(b"[tool.poetry]")
    persistence.path.chmod(0o644)
    for use in (persistence.load, lambda _: save(persistence)):
        with pytest.raises(StorageCorrupt, match="this package did not write it"):
            use(CLIENT)
    assert persistence.path.read_bytes() == b"[tool.poetry]"
    assert mode(persistence.path) == 0o644
    names = {p.name for p in persistence.path.parent.iterdir()}
    assert names == {"sessions.json", "sessions.json.lock"}


@pytest.mark.parametrize("junk", [b'{"format": "appsync-gql sessions", "ver', b"gAAAAABcut off"])
def test_a_public_file_that_this_package_began_is_moved(
    persistence: FilePersistence, junk: bytes
) -> None:
    persistence.path.parent.mkdir()
    persistence.path.write_bytes(junk)
    persistence.path.chmod(0o644)
    if junk.startswith(b"gAAAAA"):
        with pytest.raises(ConfigurationError, match="encryption_key"):
            persistence.load(CLIENT)
    else:
        save(persistence)
        assert persistence.load(CLIENT) == TOKENS


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_a_file_that_was_made_empty_for_it_is_used_and_private_afterwards(
    persistence: FilePersistence,
) -> None:
    persistence.path.parent.mkdir()
    persistence.path.touch(0o644)
    assert persistence.load(CLIENT) is None
    save(persistence)
    assert persistence.load(CLIENT) == TOKENS
    assert stat.S_IMODE(persistence.path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("data_home")
def test_a_public_file_in_the_data_folder_is_moved() -> None:
    persistence = FilePersistence()
    persistence.path.parent.mkdir()
    persistence.path.write_bytes(b"junk")
    persistence.path.chmod(0o644)
    save(persistence)
    assert persistence.load(CLIENT) == TOKENS


def test_a_pipe_at_the_path_is_refused(persistence: FilePersistence) -> None:
    persistence.path.parent.mkdir()
    os.mkfifo(persistence.path)
    for use in (persistence.load, lambda _: save(persistence)):
        with pytest.raises(ConfigurationError, match="ordinary file"):
            use(CLIENT)


# -- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["/proc/no-such/sessions.json", "/dev/null/sessions.json"])
@pytest.mark.skipif(sys.platform != "linux", reason="these paths are Linux's")
def test_where_nothing_can_be_written_the_error_names_the_path(where: str) -> None:
    with pytest.raises(StorageFailed, match=where) as caught:
        save(FilePersistence(where))
    assert caught.value.kind == "storage"


def test_a_full_disk_keeps_the_old_session_and_leaves_no_other_file(
    persistence: FilePersistence,
) -> None:
    save(persistence)
    process = SPAWN.Process(target=save_on_a_full_disk, args=(persistence.path,))
    process.start()
    process.join(30)
    assert process.exitcode == 0
    assert persistence.load(CLIENT) == TOKENS
    names = sorted(p.name for p in persistence.path.parent.iterdir())
    assert names == ["sessions.json", "sessions.json.lock"]


def test_the_lock_of_a_killed_holder_is_free_at_once(persistence: FilePersistence) -> None:
    held = SPAWN.Event()
    holder = SPAWN.Process(target=hold_the_lock, args=(persistence.path, held))
    holder.start()
    try:
        assert held.wait(30)
        with pytest.raises(LockTimeout), persistence.lock(CLIENT):
            pass
    finally:
        holder.kill()
        holder.join(30)
    save(persistence)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_under_the_lock_does_not_keep_it(persistence: FilePersistence) -> None:
    """The child has a copy of the open lock file, which would keep the lock."""
    reading, writing = os.pipe()
    with persistence.lock(CLIENT):
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
    try:
        os.close(reading)
        save(persistence)
        assert persistence.load(CLIENT)
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the child is there still"
    finally:
        os.close(writing)
        os.waitpid(child, 0)
