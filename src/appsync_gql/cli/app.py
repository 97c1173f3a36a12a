"""What ``appsync-gql`` understands."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import __version__
from ..exceptions import MissingExtra

__all__ = ["app"]

app = typer.Typer(
    name="appsync-gql",
    help="AWS AppSync from Python, with tokens that never expire under a request.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer's callback
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """AWS AppSync from Python, with tokens that never expire under a request."""


@app.command()
def demo(
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long the load lasts.")] = 15.0,
    workers: Annotated[
        int, typer.Option(min=1, max=500, help="Tasks that make requests, for each side.")
    ] = 16,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Put one load on plain gql and on this package, and compare what the callers see.

    Needs no AWS account: a local AppSync and Cognito are started, with tokens
    of 3 seconds and a clock that is 2 seconds off. Exits with 1 if a request of
    this package failed or a mutation ran twice.

    Example: appsync-gql demo --seconds 30 --workers 64
    """
    try:
        from .demo import run_demo  # noqa: PLC0415
    except MissingExtra as error:
        raise typer.BadParameter(str(error)) from None
    if not run_demo(seconds=seconds, workers=workers, as_json=json):
        raise typer.Exit(1)
