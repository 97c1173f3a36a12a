"""Runs an emulator for a person at a terminal, and prints how to use it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ..exceptions import ConfigurationError
from .emulator.emulator import Emulator

__all__ = ["description", "run_emulator"]

_OUTPUTS = Path("amplify_outputs.json")


def run_emulator(
    *, seconds: float | None, write_config: bool = False, force: bool = False, **arguments: Any
) -> None:
    """Run an emulator until Ctrl-C.

    Args:
        seconds: end after so many; ``None`` for no such end.
        write_config: whether ``./amplify_outputs.json`` is written for the emulator.
        force: whether one that is there is replaced.
        arguments: of :class:`Emulator`.

    Raises:
        ValueError: an argument is out of range.
        ConfigurationError: there is an ``amplify_outputs.json`` already.
        MissingExtra: ``pip install "appsync-gql[testing]"`` is needed.
        OSError: the port can't be used.
    """
    if write_config and _OUTPUTS.exists() and not force:
        raise ConfigurationError(
            f"There is an {_OUTPUTS} in this folder already: add --force to replace it.",
            setting="write_config",
        )
    with Emulator.in_thread(**arguments) as emulator:
        end = None if seconds is None else time.monotonic() + seconds
        try:
            if write_config:
                emulator.write_amplify_outputs(_OUTPUTS)
                print(*_next_steps(emulator), sep="\n")  # noqa: T201
            print(*description(emulator, **arguments), sep="\n", flush=True)  # noqa: T201
            while end is None or time.monotonic() < end:
                time.sleep(1.0 if end is None else min(0.1, max(0.0, end - time.monotonic())))
        except KeyboardInterrupt:
            pass


def description(
    emulator: Emulator, *, token_lifetime: int = 3600, rotation: bool = False, **_others: Any
) -> list[str]:
    """Return the lines that say how to use a running emulator.

    Args:
        emulator: the emulator.
        token_lifetime: as passed to it.
        rotation: as passed to it.
    """
    rotates = ", refresh tokens rotate" if rotation else ""
    return [
        f"AppSync   {emulator.graphql_url}",
        f"realtime  {emulator.realtime_url}",
        f"Cognito   {emulator.cognito_url}  (region {emulator.region})",
        f"client    {emulator.client_id}",
        f"pool      {emulator.user_pool_id}",
        'user      ada, password "correct horse"',
        f"tokens    live for {token_lifetime} s{rotates}",
        "",
        *_example(emulator),
        "",
        "Ctrl-C ends it.",
    ]


def _next_steps(emulator: Emulator) -> list[str]:
    return [
        f"{_OUTPUTS} is written. In another terminal, in this folder:",
        f"  export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER={emulator.cognito_url}",
        "  appsync-gql sign-in --username ada",
        "  appsync-gql query '{ me { username } }'",
        "",
    ]


def _example(emulator: Emulator) -> list[str]:
    if emulator.client_secret is not None:
        return ["The app client has a secret: pass it to CognitoProvider as client_secret=."]
    sign_in = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": emulator.client_id,
        "AuthParameters": {"USERNAME": "ada", "PASSWORD": "correct horse"},
    }
    return [
        "Sign in, then send a query with the AccessToken of the response:",
        f"  curl {emulator.cognito_url}/ -d '{json.dumps(sign_in)}' \\",
        "    -H 'x-amz-target: AWSCognitoIdentityProviderService.InitiateAuth'",
        f"  curl {emulator.graphql_url} -H 'Authorization: TOKEN' \\",
        """    -d '{"query": "{ me { username groups } }"}'""",
    ]
