"""``appsync-gql sign-in`` and ``appsync-gql sign-out``."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ...exceptions import ConfigurationError
from ...secret import Secret
from ..api_options import ApiOptions, with_api_options

if TYPE_CHECKING:
    from ...store.token_store import TokenStore

__all__ = ["SIGN_IN_EXAMPLES", "SIGN_OUT_EXAMPLES", "sign_in", "sign_out"]

SIGN_IN_EXAMPLES = (
    "appsync-gql sign-in --username ada",
    "echo 'correct horse' | appsync-gql sign-in --username ada --password-stdin",
)
SIGN_OUT_EXAMPLES = ("appsync-gql sign-out",)

_Username = Annotated[
    str | None, typer.Option(help="The user; asked for on a terminal.", show_default=False)
]
_PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from the first line of standard input."
    ),
]
_Flow = Annotated[
    str | None,
    typer.Option(
        metavar="FLOW",
        help="USER_SRP_AUTH (the default: the password itself is not sent) or USER_PASSWORD_AUTH.",
    ),
]


@with_api_options
def sign_in(
    *,
    api: ApiOptions,
    username: _Username = None,
    password_stdin: _PasswordStdin = False,
    flow: _Flow = None,
) -> None:
    """Sign a user in at the API's user pool, and save the session for this user's programs.

    Other commands, and scripts that call connect(), use the session then. The password is never
    taken from the command line, where other users and the shell's history would see it.
    """
    store = api.store()
    username = username or _ask_username(password_stdin=password_stdin)
    password = _read_password() if password_stdin else _ask_password(username)
    store.blocking.sign_in(username, password, flow=flow)
    typer.echo(f"Signed in as {_signed_in_user(store)}.")
    store.blocking.close()


@with_api_options
def sign_out(*, api: ApiOptions) -> None:
    """End the session: revoke it at the user pool, and remove it from this machine."""
    store = api.store()
    store.blocking.sign_out()
    store.blocking.close()
    typer.echo("Signed out.")


def _signed_in_user(store: TokenStore) -> str:
    status = store.status()
    return f"{status.username} (user pool {status.user_pool_id})"


def _ask_username(*, password_stdin: bool) -> str:
    if password_stdin or not sys.stdin.isatty():
        raise ConfigurationError("Name the user with --username NAME.", setting="username_option")
    typer.echo("User name: ", nl=False, err=True)
    username = sys.stdin.readline().strip()
    if not username:
        raise ConfigurationError("A user name is needed.", setting="username_option")
    return username


def _ask_password(username: str) -> Secret:
    """Return the password that a person types; it is not shown."""
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "Standard input is no terminal: pass the password through it with --password-stdin.",
            setting="password",
        )
    return Secret(getpass.getpass(f"Password of {username}: "))


def _read_password() -> Secret:
    return Secret(sys.stdin.readline().rstrip("\r\n"))
