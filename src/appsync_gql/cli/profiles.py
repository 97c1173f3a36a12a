"""Profiles: configuration files with a name, in the platform's folder for configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import platformdirs

from .settings import profile_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["folder", "names", "remove", "save"]


def folder() -> Path:
    """Return the folder of the profiles; it need not exist."""
    from ..persistence.folders import absolute_folder  # noqa: PLC0415

    configurations = absolute_folder(
        lambda: platformdirs.user_config_path("appsync-gql", appauthor=False)
    )
    return configurations / "profiles"


def names() -> list[str]:
    """Return the names of all profiles, sorted."""
    return sorted(path.stem for path in folder().glob("*.json"))


def save(name: str, config: Path) -> Path:
    """Save a copy of a configuration file as a profile, and return the copy's path.

    It is readable for this user only, since configurations may contain an API key.

    Raises:
        ConfigurationError: the file is not a configuration, or the name can't be used.
        OSError: it can't be saved.
    """
    from ..client import read_config  # noqa: PLC0415
    from ..persistence.folders import make_private_folder  # noqa: PLC0415
    from ..persistence.private_files import write_file  # noqa: PLC0415

    target = profile_path(folder(), name)
    read_config(config)
    make_private_folder(target.parent)
    write_file(target, config.read_bytes())
    return target


def remove(name: str) -> None:
    """Remove a profile.

    Raises:
        ConfigurationError: the name can't be a profile's.
        FileNotFoundError: there is none.
    """
    profile_path(folder(), name).unlink()
