"""``python -m appsync_gql.testing`` runs the emulator, without the packages of the extra cli."""

from __future__ import annotations

import argparse

from ..exceptions import ConfigurationError
from .run_emulator import run_emulator

__all__ = ["main"]


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; ``appsync-gql emulator`` has the same options."""
    made = argparse.ArgumentParser(
        prog="python -m appsync_gql.testing",
        description="Run AppSync's HTTP and real-time endpoints and a Cognito user pool "
        "on this machine, until Ctrl-C.",
        epilog="Example: python -m appsync_gql.testing --token-lifetime 5 --rotation --for 60",
    )
    add = made.add_argument
    add("--token-lifetime", type=int, default=60, help="seconds (default: 60)")
    add("--rotation", action="store_true", help="rotate refresh tokens")
    add(
        "--grace-period",
        type=float,
        default=0.0,
        help="seconds that a rotated refresh token remains valid, 0 to 60 (default: 0)",
    )
    add("--client-secret", help="of the app client (default: it has none)")
    add("--api-key", dest="api_keys", action="append", default=[], help="may be repeated")
    add(
        "--clock-offset",
        type=float,
        default=0.0,
        help="the server's clock minus this machine's, in seconds (default: 0)",
    )
    add("--latency", type=float, default=0.0, help="seconds before each response (default: 0)")
    add("--port", type=int, default=20002, help="0 for any free one (default: 20002)")
    add("--write-config", action="store_true", help="write ./amplify_outputs.json for it")
    add("--force", action="store_true", help="replace an amplify_outputs.json")
    add("--for", type=float, dest="seconds", help="end after so many seconds")
    return made


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and run the emulator.

    Args:
        arguments: ``None`` for those of the process.
    """
    made = parser()
    try:
        run_emulator(**vars(made.parse_args(arguments)))
    except OSError as error:
        made.exit(1, f"{made.prog}: {error.strerror or error}\n")
    except (ValueError, ImportError, ConfigurationError) as error:
        made.exit(2, f"{made.prog}: {error}\n")


if __name__ == "__main__":
    main()
