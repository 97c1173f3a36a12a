"""The commands of ``appsync-gql`` and their options."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from .. import __version__
from ..exceptions import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["app"]

app = typer.Typer(
    name="appsync-gql",
    help="Try AWS AppSync from Python on this machine, without an AWS account.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer's callback
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(
    epilog="Begin with: appsync-gql demo --seconds 5",
)
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Try AWS AppSync from Python on this machine, without an AWS account.

    demo compares this package with plain gql while tokens expire every few seconds.
    emulator runs a local AppSync and Cognito for your own programs and tests.
    """


@app.command()
def demo(
    seconds: Annotated[
        float, typer.Option(min=1, max=600, help="Seconds for which requests are sent.")
    ] = 15.0,
    workers: Annotated[
        int, typer.Option(min=1, max=500, help="Tasks that send requests, on each side.")
    ] = 16,
    lifetime: Annotated[
        int, typer.Option(min=1, max=3600, help="Seconds for which a token is valid.")
    ] = 3,
    skew: Annotated[
        float,
        typer.Option(
            help="Seconds by which AppSync's clock is ahead of this machine's; "
            "negative if it is behind."
        ),
    ] = 2.0,
    json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON, and nothing else on stdout.")
    ] = False,
) -> None:
    """Send the same requests with plain gql and with this package, and compare the errors.

    Needs no AWS account: each side gets a local AppSync and Cognito, whose tokens expire after
    a few seconds and whose clock is wrong.

    Exits with 1 if a request of this package failed, if a mutation ran twice, or if one of the
    sides sent no request at all.

    Example: appsync-gql demo --seconds 30 --workers 64 --lifetime 2 --skew 1
    """
    with _one_line_errors():
        from .demo import run_demo  # noqa: PLC0415

        ok = run_demo(seconds=seconds, workers=workers, lifetime=lifetime, skew=skew, as_json=json)
    if not ok:
        raise typer.Exit(1)


_TokenLifetime = Annotated[
    int, typer.Option(min=1, help="Seconds for which access and ID tokens are valid.")
]
_GracePeriod = Annotated[
    float,
    typer.Option(min=0, max=60, help="Seconds for which a rotated refresh token remains valid."),
]
_ClientSecret = Annotated[
    str | None, typer.Option(help="Secret of the app client; without, it has none.")
]
_ApiKeys = Annotated[
    list[str] | None, typer.Option(help="An API key that is accepted; may be repeated.")
]
_ClockOffset = Annotated[
    float, typer.Option(help="The server's clock minus this machine's, in seconds.")
]
_For = Annotated[float | None, typer.Option("--for", min=0, help="End after so many seconds.")]


@app.command()
def emulator(  # noqa: PLR0917 - typer makes an option of each argument
    token_lifetime: _TokenLifetime = 60,
    rotation: Annotated[bool, typer.Option("--rotation", help="Rotate refresh tokens.")] = False,
    grace_period: _GracePeriod = 0.0,
    client_secret: _ClientSecret = None,
    api_key: _ApiKeys = None,
    clock_offset: _ClockOffset = 0.0,
    latency: Annotated[float, typer.Option(min=0, help="Seconds before each response.")] = 0.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 20002,
    seconds: _For = None,
) -> None:
    """Run a local AppSync (HTTP and real-time) and a Cognito user pool, until Ctrl-C.

    They listen on 127.0.0.1 only. The URLs, a user and commands to copy are printed.

    Example: appsync-gql emulator --token-lifetime 5 --rotation --for 60
    """
    with _one_line_errors():
        from ..testing.run_emulator import run_emulator  # noqa: PLC0415

        run_emulator(
            token_lifetime=token_lifetime,
            rotation=rotation,
            grace_period=grace_period,
            client_secret=client_secret,
            api_keys=api_key or [],
            clock_offset=clock_offset,
            latency=latency,
            port=port,
            seconds=seconds,
        )


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Print an expected error as one line on stderr and exit with 1, without a traceback."""
    try:
        yield
    except (MissingExtra, OSError, ValueError) as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        typer.echo(f"appsync-gql: {text}", err=True)
        raise typer.Exit(1) from None
