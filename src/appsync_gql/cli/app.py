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


@app.command()
def emulator(
    token_lifetime: Annotated[
        int, typer.Option(min=1, help="Seconds that access and ID tokens live.")
    ] = 60,
    rotation: Annotated[bool, typer.Option("--rotation", help="Rotate refresh tokens.")] = False,
    clock_offset: Annotated[
        float, typer.Option(help="The server's clock minus this machine's, in seconds.")
    ] = 0.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any that is free.")] = 20002,
    seconds: Annotated[
        float | None, typer.Option("--for", min=0, help="End after so many seconds.")
    ] = None,
) -> None:
    """Run AppSync's HTTP endpoint and a Cognito user pool on this machine, until Ctrl-C.

    Example: appsync-gql emulator --token-lifetime 5 --rotation
    """
    from ..testing.__main__ import run  # noqa: PLC0415

    run(
        token_lifetime=token_lifetime,
        rotation=rotation,
        clock_offset=clock_offset,
        port=port,
        seconds=seconds,
    )
