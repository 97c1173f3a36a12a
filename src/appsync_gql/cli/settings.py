"""Which API a command is for: by a file, a profile, flags or the environment. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import PREFIX
from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "DEFAULT_PROFILE",
    "OUTPUTS",
    "PROFILE_VARIABLE",
    "Choice",
    "FromEnvironment",
    "FromFile",
    "check_profile_name",
    "profile_path",
    "source_of",
]

OUTPUTS = "amplify_outputs.json"
"""The configuration that is used if it is in the current folder."""

DEFAULT_PROFILE = "default"
PROFILE_VARIABLE = f"{PREFIX}PROFILE"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the command line says about the API.

    Attributes:
        config: a configuration file; ``None`` without.
        profile: the name of a profile; ``None`` without.
        flags: of single settings, by the ending of their environment variable (``URL``); only
            those that were given.
    """

    config: Path | None = None
    profile: str | None = None
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FromFile:
    """The configuration is in a file.

    Attributes:
        path: the file.
        name: how to call it in messages.
    """

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """The configuration is in environment variables.

    Attributes:
        variables: the environment, in which flags have replaced variables.
        name: how to call it in messages.
    """

    variables: Mapping[str, str] = field(repr=False)
    name: str = "the environment"


def source_of(
    choice: Choice,
    *,
    environment: Mapping[str, str],
    profiles: Collection[str],
    folder: Path,
    has_outputs: bool,
) -> FromFile | FromEnvironment:
    """Return where the configuration is.

    What was named counts first: ``--config``, ``--profile`` or the flags. Then comes
    ``amplify_outputs.json`` in the current folder, then the profile that ``APPSYNC_PROFILE``
    names, or ``default``, and then the environment.

    Args:
        choice: what the command line says.
        environment: the environment variables.
        profiles: the names of those that exist.
        folder: where profiles are.
        has_outputs: whether ``amplify_outputs.json`` is in the current folder.

    Raises:
        ConfigurationError: there is none, or what was named contradicts itself.
    """
    _check_contradictions(choice)
    if choice.flags:
        flags = {PREFIX + name: value for name, value in choice.flags.items()}
        return _environment({**environment, **flags})
    if choice.config is not None:
        return FromFile(choice.config, str(choice.config))
    if choice.profile is not None:
        return _profile(choice.profile, profiles, folder)
    if has_outputs:
        return FromFile(Path(OUTPUTS), OUTPUTS)
    named = environment.get(PROFILE_VARIABLE)
    if named or DEFAULT_PROFILE in profiles:
        return _profile(named or DEFAULT_PROFILE, profiles, folder)
    return _environment(environment)


def profile_path(folder: Path, name: str) -> Path:
    """Return the file of a profile."""
    check_profile_name(name)
    return folder / f"{name}.json"


def check_profile_name(name: str) -> None:
    """Raise an error unless the name can be a file's.

    Raises:
        ConfigurationError: it can't.
    """
    if _NAME.fullmatch(name) is None:
        raise ConfigurationError(
            f"{name!r} can't be a profile's name: it consists of letters, digits, dots, hyphens "
            "and underscores, and begins with a letter or digit.",
            setting="profile",
        )


def _check_contradictions(choice: Choice) -> None:
    given = {
        "--config": choice.config is not None,
        "--profile": choice.profile is not None,
        "the flags of single settings": bool(choice.flags),
    }
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise ConfigurationError(f"{' and '.join(names)} can't be used together.", setting="config")


def _profile(name: str, profiles: Collection[str], folder: Path) -> FromFile:
    path = profile_path(folder, name)
    if name not in profiles:
        known = f"there are {', '.join(sorted(profiles))}" if profiles else "there is none yet"
        raise ConfigurationError(
            f"There is no profile {name!r}; {known}. Make it: appsync-gql profile save {name} "
            f"--config {OUTPUTS}",
            setting="profile",
        )
    return FromFile(path, f"profile {name}")


def _environment(variables: Mapping[str, str]) -> FromEnvironment:
    if not variables.get(f"{PREFIX}URL"):
        raise ConfigurationError(
            f"Which API? Give --config FILE, --profile NAME or --url URL, go to a folder with "
            f"{OUTPUTS}, or set {PREFIX}URL.",
            setting="config",
        )
    return FromEnvironment(variables)
