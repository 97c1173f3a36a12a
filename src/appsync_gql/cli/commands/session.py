"""``appsync-gql sign-in`` and ``appsync-gql sign-out``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ...exceptions import ConfigurationError
from ...prompted_sign_in import sign_in_with_prompts
from ...secret import Secret
from ..api_options import ApiOptions, api_options
from ..browser_options import BrowserOptions, browser_options
from ..option_groups import with_options
from ..printing import print_text
from ..sign_in_prompts import (
    ask,
    ask_password,
    ask_username,
    is_terminal,
    needs_terminal,
    show_challenge,
)

if TYPE_CHECKING:
    from ...store.token_store import TokenStore

__all__ = ["SIGN_IN_EXAMPLES", "SIGN_OUT_EXAMPLES", "sign_in", "sign_out"]

SIGN_IN_EXAMPLES = (
    "appsync-gql sign-in --username ada",
    "echo 'correct horse' | appsync-gql sign-in --username ada --password-stdin",
)
SIGN_OUT_EXAMPLES = ("appsync-gql sign-out",)

_WITHOUT_PASSWORD = {"USER_AUTH", "CUSTOM_AUTH"}

_Username = Annotated[
    str | None, typer.Option(help="The user; asked for on a terminal.", show_default=False)
]
_PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from the first line of standard input."
    ),
]
_AskPassword = Annotated[
    bool,
    typer.Option("--ask-password", help="Ask for a password with --flow USER_AUTH too."),
]
_Flow = Annotated[
    str | None,
    typer.Option(
        metavar="FLOW",
        help="USER_SRP_AUTH (the default: the password itself is not sent), USER_PASSWORD_AUTH, "
        "USER_AUTH (the user chooses how; no password is needed), or CUSTOM_AUTH.",
    ),
]


@with_options(browser=browser_options, api=api_options)
def sign_in(
    *,
    username: _Username = None,
    password_stdin: _PasswordStdin = False,
    ask_for_password: _AskPassword = False,
    flow: _Flow = None,
    browser: BrowserOptions,
    api: ApiOptions,
) -> None:
    """Sign a user in at the API's user pool, and save the session for this user's programs.

    Other commands, and scripts that call connect(), use the session then. Codes, a new password
    and whatever else the user pool wants to know is asked for on the terminal. Nothing secret is
    taken from the command line, where other users and the shell's history would see it: the
    app client's secret, if it has one, is the environment variable APPSYNC_CLIENT_SECRET.
    """
    store = api.store()
    if browser.wanted:
        if username or password_stdin or ask_for_password or flow:
            raise ConfigurationError(
                "With a browser, the page asks for the user: leave --username, --flow and the "
                "options of passwords out.",
                setting="browser",
            )
        browser.sign_in(store, api.config().sign_in_domain)
    else:
        if username is None and password_stdin:
            needs_terminal("A user name", "name the user with --username NAME")
        username = username or ask_username()
        password = None
        if password_stdin:
            password = _read_password()
        elif ask_for_password or flow not in _WITHOUT_PASSWORD:
            password = ask_password(username)
        sign_in_with_prompts(
            store.blocking, username, password, flow=flow, ask=ask, show=show_challenge
        )
    print_text(f"Signed in as {_signed_in_user(store)}.")
    store.blocking.close()


@with_options(api=api_options)
def sign_out(*, api: ApiOptions) -> None:
    """End the session: revoke it at the user pool, and remove it from this machine."""
    store = api.store()
    store.blocking.sign_out()
    store.blocking.close()
    typer.echo("Signed out.")


def _signed_in_user(store: TokenStore) -> str:
    status = store.status()
    return f"{status.username} (user pool {status.user_pool_id})"


def _read_password() -> Secret:
    """Return the first line of standard input.

    Raises:
        ConfigurationError: it is empty.
    """
    if is_terminal():  # what is typed there would be shown
        return ask_password("the user")
    password = sys.stdin.readline().rstrip("\r\n") if sys.stdin is not None else ""
    if not password:
        raise ConfigurationError(
            "There is no password on standard input: echo PASSWORD | appsync-gql sign-in "
            "--password-stdin, or leave the option out on a terminal.",
            setting="password",
        )
    return Secret(password)
