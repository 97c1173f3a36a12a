"""``appsync-gql profile``: named configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...exceptions import ConfigurationError
from .. import profiles
from ..settings import OUTPUTS

__all__ = ["LIST_EXAMPLES", "REMOVE_EXAMPLES", "SAVE_EXAMPLES", "list_all", "remove", "save"]

SAVE_EXAMPLES = (
    "appsync-gql profile save prod --config amplify_outputs.json",
    "appsync-gql profile save default",
)
LIST_EXAMPLES = ("appsync-gql profile list",)
REMOVE_EXAMPLES = ("appsync-gql profile remove prod",)

_Name = Annotated[str, typer.Argument(help="The profile's name; 'default' needs no --profile.")]
_Config = Annotated[Path, typer.Option(help="The configuration file that is copied.")]


def save(*, name: _Name, config: _Config = Path(OUTPUTS)) -> None:
    """Save a copy of a configuration file under a name."""
    typer.echo(f"Saved {profiles.save(name, config)}.")


def list_all() -> None:
    """Print the names of all profiles."""
    for name in profiles.names():
        typer.echo(name)


def remove(*, name: _Name) -> None:
    """Remove a profile. Sessions stay; see sign-out."""
    try:
        profiles.remove(name)
    except FileNotFoundError:
        raise ConfigurationError(f"There is no profile {name!r}.", setting="profile") from None
    typer.echo(f"Removed {name}.")
