"""Folders and paths: links, modes, users without a home."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from appsync_gql import ConfigurationError, StorageFailed
from appsync_gql.persistence.folders import (
    absolute_folder,
    data_folder,
    make_private_folder,
    real_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX's")

only_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file away"
)

OTHER_USER = 12345


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Path]:
    """A folder in which everybody may write, like /tmp."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    yield folder
    folder.chmod(0o700)


def test_links_are_resolved_in_every_part_of_a_path(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "link.json").symlink_to("sessions.json")
    assert real_path(tmp_path / "folder" / "link.json") == tmp_path / "real" / "sessions.json"


def test_a_path_of_which_nothing_exists_stays_as_it_is(tmp_path: Path) -> None:
    assert real_path(tmp_path / "none" / "sessions.json") == tmp_path / "none" / "sessions.json"


@only_root
def test_a_link_of_another_user_in_a_folder_for_all_is_not_followed(shared: Path) -> None:
    link = shared / "sessions.json"
    link.symlink_to("/etc/hostname")
    assert real_path(link) == Path("/etc/hostname").resolve()
    os.chown(link, OTHER_USER, OTHER_USER, follow_symlinks=False)
    with pytest.raises(StorageFailed, match=r"symbolic link of another user"):
        real_path(link)
    folder = shared / "folder"
    folder.symlink_to("/etc")
    os.chown(folder, OTHER_USER, OTHER_USER, follow_symlinks=False)
    with pytest.raises(StorageFailed, match=r"symbolic link of another user"):
        real_path(folder / "sessions.json")


@only_root
def test_a_file_of_another_user_is_no_link_and_a_private_folders_links_are_its_owners(
    shared: Path, tmp_path: Path
) -> None:
    file = shared / "sessions.json"
    file.touch()
    os.chown(file, OTHER_USER, OTHER_USER)
    assert real_path(file) == file
    link = tmp_path / "link.json"
    link.symlink_to(file)
    os.chown(link, OTHER_USER, OTHER_USER, follow_symlinks=False)
    assert real_path(link) == file


def test_a_folder_is_created_for_this_user_only(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "in an existing one")
    folder = tmp_path / "a" / "b" / "c"
    make_private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o750)
    make_private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


def test_the_data_folder_is_absolute_and_named_after_the_package() -> None:
    assert data_folder().is_absolute()
    assert data_folder().name == "appsync-gql"


def no_home() -> Path:
    raise RuntimeError


@pytest.mark.parametrize("find", [no_home, lambda: Path("~/.local/share/appsync-gql")])
def test_a_user_without_a_home_directory_must_pass_a_path(find: Callable[[], Path]) -> None:
    """Else a folder named ~ appears in the working directory."""
    with pytest.raises(ConfigurationError, match="pass path="):
        absolute_folder(find)
