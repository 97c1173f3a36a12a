"""``python -m appsync_gql.testing``: the emulator by hand."""

from __future__ import annotations

import argparse
import time

from .emulator import Emulator

__all__ = ["main", "serve"]


def serve(emulator_url: str, lines: list[str], seconds: float | None) -> None:
    """Print how to use a running emulator, and wait.

    Args:
        emulator_url: its GraphQL endpoint.
        lines: what else to print.
        seconds: how long to run; ``None`` until Ctrl-C.
    """
    print(f"AppSync   {emulator_url}", *lines, "Ctrl-C ends it.", sep="\n", flush=True)  # noqa: T201
    end = None if seconds is None else time.monotonic() + seconds
    try:
        while end is None or time.monotonic() < end:
            time.sleep(0.1 if end is not None else 1.0)
    except KeyboardInterrupt:
        pass


def run(
    *, token_lifetime: int, rotation: bool, clock_offset: float, port: int, seconds: float | None
) -> None:
    """Run an emulator with these settings until Ctrl-C, or for so many seconds."""
    with Emulator.in_thread(
        token_lifetime=token_lifetime, rotation=rotation, clock_offset=clock_offset, port=port
    ) as emulator:
        lines = [
            f"Cognito   {emulator.cognito_url}  (region {emulator.region})",
            f"client    {emulator.client_id}",
            f"pool      {emulator.user_pool_id}",
            'user      ada, password "correct horse"',
            f"tokens    live for {token_lifetime} s"
            + (", refresh tokens rotate" if rotation else ""),
        ]
        serve(emulator.graphql_url, lines, seconds)


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m appsync_gql.testing",
        description="AppSync's HTTP endpoint and a Cognito user pool, on this machine only.",
    )
    parser.add_argument("--token-lifetime", type=int, default=60, help="seconds (default: 60)")
    parser.add_argument("--rotation", action="store_true", help="rotate refresh tokens")
    parser.add_argument(
        "--clock-offset", type=float, default=0.0, help="server's clock minus this one's, seconds"
    )
    parser.add_argument("--port", type=int, default=20002, help="default: 20002; 0 for any")
    parser.add_argument("--for", type=float, dest="seconds", help="end after so many seconds")
    given = parser.parse_args(arguments)
    run(
        token_lifetime=given.token_lifetime,
        rotation=given.rotation,
        clock_offset=given.clock_offset,
        port=given.port,
        seconds=given.seconds,
    )


if __name__ == "__main__":
    main()
