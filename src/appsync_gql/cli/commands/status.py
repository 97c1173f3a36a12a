"""``appsync-gql status`` and ``appsync-gql token``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...exceptions import AppSyncError, ConfigurationError
from ..api_options import ApiOptions, with_api_options
from ..errors import exit_code_of, line_of
from ..output import Format, write

if TYPE_CHECKING:
    from ...client import AppSyncClient
    from ...config import ApiConfig

__all__ = ["STATUS_EXAMPLES", "TOKEN_EXAMPLES", "status", "token"]

STATUS_EXAMPLES = ("appsync-gql status", "appsync-gql status --output json")
_CURL = (
    'appsync-gql token --headers | curl -s -H @- "$APPSYNC_URL"'
    """ -d '{"query": "{ me { username } }"}'"""
)
TOKEN_EXAMPLES = ("appsync-gql token", _CURL)

_Output = Annotated[
    Format | None,
    typer.Option(help="Without: a table on a terminal, JSON elsewhere.", show_default=False),
]
_Headers = Annotated[
    bool,
    typer.Option("--headers", help="Print the headers of a request, with the token or key."),
]


@with_api_options
def status(*, api: ApiOptions, output: _Output = None) -> None:
    """Show which API is used, who is signed in, and until when.

    A session whose token has expired is renewed. The exit code says whether the session can be
    used.
    """
    config, client = api.config(), api.client()
    error = _check(client)
    record = _status(config, client, api, error)
    write(record, output, parts={"status": record})
    if error is not None:
        raise typer.Exit(exit_code_of(error))


@with_api_options
def token(*, api: ApiOptions, headers: _Headers = False, output: _Output = None) -> None:
    """Show whose token is sent and how long it is valid; with --headers, print it for curl."""
    client = api.client()
    if not headers:
        error = _check(client)
        if error is not None:
            raise error
        record = {"mode": api.mode(), **_session(client)}
        write(record, output, parts={"token": record})
        return
    if _signs(client):
        raise ConfigurationError(
            "IAM signs each request by itself, so there are no headers for another one: use "
            "appsync-gql query.",
            setting="auth",
        )
    for name, value in _headers_of(client).items():
        typer.echo(f"{name}: {value}")


def _signs(client: AppSyncClient) -> bool:
    """Return whether the mode signs each request, so that it has no headers of its own."""
    from ...auth.base import SigningAuth  # noqa: PLC0415

    return isinstance(client.auth, SigningAuth)


def _headers_of(client: AppSyncClient) -> dict[str, str]:
    from ...background_loop import background_loop  # noqa: PLC0415

    return dict(background_loop.run(client.auth.headers()))


def _check(client: AppSyncClient) -> AppSyncError | None:
    """Return the error that a request would get before it is sent; ``None`` if it can be sent."""
    if _signs(client):
        return None
    try:
        _headers_of(client)
    except AppSyncError as error:
        return error
    return None


def _status(
    config: ApiConfig, client: AppSyncClient, api: ApiOptions, error: AppSyncError | None
) -> dict[str, Any]:
    return {
        "configuration": config.source,
        "url": config.url,
        "mode": api.mode(),
        **_session(client),
        "error": None if error is None else line_of(error),
    }


def _session(client: AppSyncClient) -> dict[str, Any]:
    """Return what may be shown of the user's session; nothing for modes without one."""
    from ...store.token_store import TokenStore  # noqa: PLC0415

    if not isinstance(client.auth, TokenStore):
        return {}
    found = client.auth.status()
    expires = found.expires_at
    return {
        "user": found.username,
        "user_pool": found.user_pool_id,
        "state": found.state.value,
        "expires_at": None if expires is None else expires.isoformat(timespec="seconds"),
        "seconds_left": round(found.seconds_left),
    }
