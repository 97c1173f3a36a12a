"""Asks a person at a terminal what a sign-in needs; what is secret is not shown."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

import typer

from ..exceptions import ConfigurationError, MissingExtra, SignInFailed
from ..secret import Secret
from .printing import print_text, printable

if TYPE_CHECKING:
    from ..challenge_questions import Question
    from ..challenges import ChallengeRequired

__all__ = ["ask", "ask_password", "ask_username", "is_terminal", "needs_terminal", "show_challenge"]


def is_terminal() -> bool:
    """Return whether somebody can type; standard input may be closed (``<&-``)."""
    return sys.stdin is not None and sys.stdin.isatty()


def needs_terminal(what: str, otherwise: str) -> None:
    """Check that somebody can be asked.

    Args:
        what: is asked for.
        otherwise: what to do where nobody can be asked.

    Raises:
        ConfigurationError: standard input is no terminal.
    """
    if not is_terminal():
        raise ConfigurationError(
            f"{what} is needed, and standard input is no terminal: {otherwise}.", setting="input"
        )


def ask_username() -> str:
    """Return the user name that a person types.

    Raises:
        ConfigurationError: nobody can be asked, or nothing was typed.
    """
    needs_terminal("A user name", "name the user with --username NAME")
    typer.echo("User name: ", nl=False, err=True)
    username = sys.stdin.readline().strip()
    if not username:
        raise ConfigurationError("A user name is needed: --username NAME.", setting="username")
    return username


def ask_password(username: str) -> Secret:
    """Return the password that a person types.

    Raises:
        ConfigurationError: nobody can be asked.
    """
    needs_terminal("A password", "pass it through standard input with --password-stdin")
    return Secret(getpass.getpass(f"Password of {username}: "))


def ask(question: Question) -> str:
    """Return the reply to a question; an empty text if the person gives up."""
    for number, (_, text) in enumerate(question.choices, 1):
        print_text(f"  {number}. {text}", err=True)
    prompt = printable(f"{question.text}{' (number)' if question.choices else ''}: ")
    if question.hidden:
        return Secret(getpass.getpass(prompt))
    typer.echo(prompt, nl=False, err=True)
    return sys.stdin.readline().strip()


def show_challenge(challenge: ChallengeRequired, problem: str | None) -> None:
    """Show why the last answer was not accepted, or what sets an authenticator application up.

    Raises:
        SignInFailed: nobody can be asked for the answer.
    """
    if not is_terminal():
        raise SignInFailed(
            f"The user pool asks for {challenge.challenge_name}, and standard input is no "
            "terminal: run appsync-gql sign-in on a terminal, or with --browser."
        )
    if problem is not None:
        print_text(problem, err=True)
    elif challenge.secret_code:
        try:
            typer.echo(challenge.qr_code(), err=True)
        except MissingExtra as error:
            typer.echo(f"(No QR code: {error})", err=True)
        print_text(f"Key for the authenticator application: {challenge.secret_code}", err=True)
