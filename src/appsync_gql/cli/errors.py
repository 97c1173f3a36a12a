"""Errors as one line on standard error, and an exit code for each kind of them."""

from __future__ import annotations

import functools
import logging
import sys
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import typer
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportQueryError,
)
from graphql import GraphQLError

from ..challenges import ChallengeRequired
from ..exceptions import (
    BlockedByWaf,
    ConfigurationError,
    ConnectionFailed,
    Denied,
    NotSignedIn,
    OutcomeUnknown,
    Refused,
    RenewalFailed,
    ServerFailed,
    SessionExpired,
    SignInFailed,
    StorageFailed,
    Throttled,
)
from .printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EXIT_CODES", "exit_code_of", "exit_codes_text", "line_of", "reporting_errors"]

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound="Callable[..., None]")

_MOST_ERRORS = 3
"""GraphQL errors of one response that are shown."""

_BROKEN_PIPE = 141
"""What a shell reports for a program that a closed pipe has ended."""


class ExitCode(NamedTuple):
    """One kind of error.

    Attributes:
        code: the program's exit code.
        meaning: for the table in ``--help``.
        errors: the exceptions of this kind.
        advice: what a person at a terminal can do; empty if the message says it.
    """

    code: int
    meaning: str
    errors: tuple[type[BaseException], ...] = ()
    advice: str = ""


EXIT_CODES = (
    ExitCode(0, "success"),
    ExitCode(1, "another error"),
    ExitCode(2, "the command line or the configuration is wrong", (ConfigurationError,)),
    ExitCode(
        3,
        "not signed in: no session, an expired one, or the sign-in failed",
        (SessionExpired,),
        "Run: appsync-gql sign-in",
    ),
    ExitCode(3, "", (SignInFailed, ChallengeRequired)),
    ExitCode(5, "denied: AppSync accepts no credentials, or a permission is missing", (Denied,)),
    ExitCode(5, "", (Refused, BlockedByWaf)),
    ExitCode(
        8,
        "a mutation was sent, and whether it was executed is unknown",
        (OutcomeUnknown,),
        "Find out with a query before you send it again.",
    ),
    ExitCode(9, "the saved session can't be read or written", (StorageFailed,)),
    ExitCode(
        6,
        "offline: AppSync or Cognito can't be reached",
        (ConnectionFailed, TransportConnectionFailed),
    ),
    ExitCode(
        7, "AppSync or Cognito failed, or wants fewer requests: try again later", (Throttled,)
    ),
    ExitCode(7, "", (ServerFailed, RenewalFailed)),
    ExitCode(
        4,
        "the query is wrong, or a resolver failed; data that came is printed",
        (TransportQueryError, GraphQLError),
    ),
    ExitCode(130, "ended by Ctrl-C", (KeyboardInterrupt,)),
)
"""All kinds of errors. The first one that an exception belongs to counts."""


def exit_code_of(error: BaseException) -> int:
    """Return the exit code for an error."""
    if isinstance(error, RenewalFailed) and error.kind in {"certificate", "network"}:
        return 6
    return _kind_of(error).code


def exit_codes_text() -> str:
    """Return the table of exit codes for ``--help``."""
    rows = sorted((kind.code, kind.meaning) for kind in EXIT_CODES if kind.meaning)
    return "\n".join(f"  {code:>3}  {meaning}" for code, meaning in rows)


def line_of(error: BaseException) -> str:
    """Return an error as one line without control characters, with advice where there is some."""
    errors = getattr(error, "errors", None)
    plain_query_error = type(error) is TransportQueryError
    text = _graphql_errors(errors) if plain_query_error and errors else _message(error)
    return " ".join(printable(f"{text} {_advice(error)}").split())


def reporting_errors(function: Function) -> Function:
    """Return the command; what it raises becomes one line on standard error and an exit code."""

    @functools.wraps(function)
    def command(*arguments: object, **options: object) -> None:
        try:
            function(*arguments, **options)
        except (typer.Exit, typer.Abort, EOFError, KeyboardInterrupt):
            raise  # typer ends the program
        except BrokenPipeError:
            # The reader, such as head, has enough. Nothing is left to be flushed to it.
            sys.stdout = None
            raise typer.Exit(_BROKEN_PIPE) from None
        except Exception as error:
            log.debug("The command failed", exc_info=True)
            typer.echo(f"appsync-gql: {line_of(error)}", err=True)
            raise typer.Exit(exit_code_of(error)) from None

    return command  # type: ignore[return-value]


def _kind_of(error: BaseException) -> ExitCode:
    return next((kind for kind in EXIT_CODES if isinstance(error, kind.errors)), EXIT_CODES[1])


def _advice(error: BaseException) -> str:
    if isinstance(error, ConfigurationError) and error.setting == "username":
        return "On this command line: --user NAME."
    return _kind_of(error).advice


def _message(error: BaseException) -> str:
    if type(error) is NotSignedIn:
        return "Nobody is signed in."  # its own message is for programs
    if isinstance(error, GraphQLError):
        place = error.locations[0] if error.locations else None
        where = f" (line {place.line}, column {place.column})" if place else ""
        return f"{error.message.rstrip('.')}{where}."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    text = str(error) or type(error).__name__
    expected = isinstance(error, TransportError | ValueError | ImportError)
    return text if expected else f"Unexpected error: {type(error).__name__}: {text}"


def _graphql_errors(errors: list[object]) -> str:
    """Return the messages of a response's errors, each with the field that it is about.

    Places are left out: they are those in the text that was sent, which gql formats anew.
    """
    texts = [_graphql_error(error) for error in errors[:_MOST_ERRORS]]
    more = len(errors) - len(texts)
    return "; ".join([*texts, *([f"and {more} more errors"] if more else [])])


def _graphql_error(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    path = error.get("path")
    field = f" (at {'.'.join(map(str, path))})" if isinstance(path, list) and path else ""
    return f"{error.get('message', error)}{field}"
