"""``appsync-gql demo`` and ``appsync-gql emulator``, which need no AWS account."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["DEMO_EXAMPLES", "EMULATOR_EXAMPLES", "demo", "emulator"]

DEMO_EXAMPLES = ("appsync-gql demo --seconds 5", "appsync-gql demo --workers 64 --lifetime 2")
EMULATOR_EXAMPLES = (
    "appsync-gql emulator --token-lifetime 5 --rotation --for 1",
    "appsync-gql emulator --port 0 --write-config --for 1",
)

_Seconds = Annotated[
    float, typer.Option(min=1, max=600, help="Seconds for which requests are sent.")
]
_Workers = Annotated[int, typer.Option(min=1, max=500, help="Tasks that send requests, per side.")]
_Lifetime = Annotated[
    int, typer.Option(min=1, max=3600, help="Seconds for which a token is valid.")
]
_Skew = Annotated[
    float,
    typer.Option(
        help="Seconds by which AppSync's clock is ahead of this machine's; negative if it is "
        "behind."
    ),
]
_Json = Annotated[
    bool, typer.Option("--json", help="Print the figures as JSON, and nothing else on stdout.")
]

_TokenLifetime = Annotated[
    int, typer.Option(min=1, help="Seconds for which access and ID tokens are valid.")
]
_Rotation = Annotated[bool, typer.Option("--rotation", help="Rotate refresh tokens.")]
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
_Latency = Annotated[float, typer.Option(min=0, help="Seconds before each response.")]
_Port = Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")]
_WriteConfig = Annotated[
    bool,
    typer.Option(
        "--write-config",
        help="Write ./amplify_outputs.json for this emulator, which other commands and connect() "
        "read.",
    ),
]
_Force = Annotated[
    bool, typer.Option("--force", help="Replace an amplify_outputs.json, with --write-config.")
]
_For = Annotated[float | None, typer.Option("--for", min=0, help="End after so many seconds.")]


def demo(
    *,
    seconds: _Seconds = 15.0,
    workers: _Workers = 16,
    lifetime: _Lifetime = 3,
    skew: _Skew = 2.0,
    json: _Json = False,
) -> None:
    """Send the same requests with plain gql and with this package, and compare the errors.

    Needs no AWS account: each side gets a local AppSync and Cognito, whose tokens expire after
    a few seconds and whose clock is wrong.

    Exits with 1 if a request of this package failed, if a mutation ran twice, or if one of the
    sides sent no request at all.
    """
    from ..demo import run_demo  # noqa: PLC0415

    ok = run_demo(seconds=seconds, workers=workers, lifetime=lifetime, skew=skew, as_json=json)
    if not ok:
        raise typer.Exit(1)


def emulator(
    *,
    token_lifetime: _TokenLifetime = 60,
    rotation: _Rotation = False,
    grace_period: _GracePeriod = 0.0,
    client_secret: _ClientSecret = None,
    api_key: _ApiKeys = None,
    clock_offset: _ClockOffset = 0.0,
    latency: _Latency = 0.0,
    port: _Port = 20002,
    write_config: _WriteConfig = False,
    force: _Force = False,
    seconds: _For = None,
) -> None:
    """Run a local AppSync (HTTP and real-time) and a Cognito user pool, until Ctrl-C.

    They listen on 127.0.0.1 only. The URLs, a user and commands to copy are printed.
    """
    from ...testing.run_emulator import run_emulator  # noqa: PLC0415

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
        write_config=write_config,
        force=force,
    )
