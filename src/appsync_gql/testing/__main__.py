"""``python -m appsync_gql.testing``: the emulator by hand."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from .emulator.emulator import Emulator

__all__ = ["main", "run", "serve"]


def serve(emulator_url: str, lines: list[str], seconds: float | None) -> None:
    """Print how to use a running emulator, and wait.

    Args:
        emulator_url: its GraphQL endpoint.
        lines: what else to print.
        seconds: how long to run; ``None`` until Ctrl-C.
    """
    end = None if seconds is None else time.monotonic() + seconds
    try:
        print(f"AppSync   {emulator_url}", *lines, "Ctrl-C ends it.", sep="\n", flush=True)  # noqa: T201
        while end is None or time.monotonic() < end:
            time.sleep(0.1 if end is not None else 1.0)
    except KeyboardInterrupt:
        pass


def run(*, seconds: float | None, **settings: Any) -> None:
    """Run an emulator until Ctrl-C, or for so many seconds.

    Args:
        seconds: how long; ``None`` until Ctrl-C.
        settings: arguments of :class:`Emulator`.
    """
    with Emulator.in_thread(**settings) as emulator:
        lifetime = settings.get("token_lifetime", 3600)
        rotates = ", refresh tokens rotate" if settings.get("rotation") else ""
        lines = [
            f"Cognito   {emulator.cognito_url}  (region {emulator.region})",
            f"client    {emulator.client_id}",
            f"pool      {emulator.user_pool_id}",
            'user      ada, password "correct horse"',
            f"tokens    live for {lifetime} s{rotates}",
            "",
            *_example(emulator),
            "",
        ]
        serve(emulator.graphql_url, lines, seconds)


def _example(emulator: Emulator) -> list[str]:
    if emulator.client_secret is not None:
        return ["The app client has a secret: give it to CognitoProvider as client_secret=."]
    sign_in = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": emulator.client_id,
        "AuthParameters": {"USERNAME": "ada", "PASSWORD": "correct horse"},
    }
    return [
        "Sign in, then ask with the AccessToken of the answer:",
        f"  curl {emulator.cognito_url}/ -d '{json.dumps(sign_in)}' \\",
        "    -H 'x-amz-target: AWSCognitoIdentityProviderService.InitiateAuth'",
        f"  curl {emulator.graphql_url} -H 'Authorization: TOKEN' \\",
        """    -d '{"query": "{ me { username groups } }"}'""",
    ]


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        prog="python -m appsync_gql.testing",
        description="AppSync's HTTP endpoint and a Cognito user pool, on this machine only.",
    )
    add = parser.add_argument
    add("--token-lifetime", type=int, default=60, help="seconds (default: 60)")
    add("--rotation", action="store_true", help="rotate refresh tokens")
    add("--grace-period", type=float, default=0.0, help="of rotation, 0 to 60 seconds")
    add("--client-secret", help="of the app client (default: it has none)")
    add("--api-key", dest="api_keys", action="append", default=[], help="may be repeated")
    add("--clock-offset", type=float, default=0.0, help="server's minus this machine's, seconds")
    add("--latency", type=float, default=0.0, help="seconds by which answers are delayed")
    add("--port", type=int, default=20002, help="default: 20002; 0 for any")
    add("--for", type=float, dest="seconds", help="end after so many seconds")
    try:
        run(**vars(parser.parse_args(arguments)))
    except (ValueError, OverflowError, OSError, ImportError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
