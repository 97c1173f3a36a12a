"""The line and the exit code of each kind of error."""

from __future__ import annotations

import pytest
import typer
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportQueryError,
)
from graphql import GraphQLSyntaxError, parse

from appsync_gql import (
    AppSyncError,
    BadRequest,
    BlockedByWaf,
    ChallengeRequired,
    ConfigurationError,
    ConnectionFailed,
    Denied,
    InsecureEndpoint,
    LockTimeout,
    MissingExtra,
    NotSignedIn,
    OutcomeUnknown,
    PaginationFailed,
    Refused,
    RenewalFailed,
    ServerFailed,
    SessionExpired,
    SignedOut,
    SignInFailed,
    StorageCorrupt,
    StorageFailed,
    Throttled,
)
from appsync_gql.cli.errors import (
    EXIT_CODES,
    exit_code_of,
    exit_codes_text,
    line_of,
    reporting_errors,
)


def syntax_error() -> BaseException:
    with pytest.raises(GraphQLSyntaxError) as caught:
        parse("{ a\n b(")
    return caught.value


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("x"), 1),
        (OSError(98, "Address already in use"), 1),
        (AppSyncError("x"), 1),
        (TransportError("x"), 1),
        (ConfigurationError("x"), 2),
        (InsecureEndpoint("x"), 2),
        (MissingExtra("x"), 2),
        (NotSignedIn("x"), 3),
        (SessionExpired("x"), 3),
        (SignedOut("x"), 3),
        (SignInFailed("x"), 3),
        (ChallengeRequired("x"), 3),
        (TransportQueryError("x"), 4),
        (BadRequest("x"), 4),
        (PaginationFailed("x"), 4),
        (syntax_error(), 4),
        (Denied("x"), 5),
        (Refused("x"), 5),
        (BlockedByWaf("x"), 5),
        (ConnectionFailed("x"), 6),
        (TransportConnectionFailed("x"), 6),
        (RenewalFailed("x", kind="network"), 6),
        (RenewalFailed("x", kind="certificate"), 6),
        (RenewalFailed("x", kind="throttled"), 7),
        (Throttled("x"), 7),
        (ServerFailed("x"), 7),
        (OutcomeUnknown("x"), 8),
        (StorageFailed("x"), 9),
        (LockTimeout("x"), 9),
        (StorageCorrupt("x"), 9),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_kind_of_error_has_an_exit_code(error: BaseException, code: int) -> None:
    assert exit_code_of(error) == code


def test_the_table_for_help_has_each_code_once_and_in_order() -> None:
    codes = [int(line.split()[0]) for line in exit_codes_text().splitlines()]
    assert codes == sorted({kind.code for kind in EXIT_CODES})


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ConfigurationError("The url is wrong."), "The url is wrong."),
        (ConfigurationError("Two\n  lines\there."), "Two lines here."),
        (ServerFailed("\x1b[31mred\x07"), "\ufffd[31mred\ufffd"),
        (NotSignedIn("call sign_in()"), "Nobody is signed in. Run: appsync-gql sign-in"),
        (SessionExpired("It is over."), "It is over. Run: appsync-gql sign-in"),
        (SignInFailed("The password is wrong."), "The password is wrong."),
        (
            OutcomeUnknown("No answer."),
            "No answer. Find out with a query before you send it again.",
        ),
        (
            ConfigurationError("Several users.", setting="username"),
            "Several users. On this command line: --user NAME.",
        ),
        (OSError(13, "Permission denied", "file"), "file: Permission denied"),
        (OSError(98, "The port is in use"), "The port is in use"),
        (ValueError("1 is too small"), "1 is too small"),
        (ValueError(), "ValueError"),
        (RuntimeError("x"), "Unexpected error: RuntimeError: x"),
        (syntax_error(), "Syntax Error: Expected Name, found <EOF> (line 2, column 4)."),
        (TransportQueryError("text", errors=None), "text"),
        (
            TransportQueryError("text", errors=[{"message": "bad", "path": ["a", 0, "b"]}]),
            "bad (at a.0.b)",
        ),
        (
            TransportQueryError("text", errors=[{"message": n, "path": None} for n in "12345"]),
            "1; 2; 3; and 2 more errors",
        ),
        (TransportQueryError("text", errors=["odd", {}]), "odd; {}"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(error: BaseException, line: str) -> None:
    assert line_of(error) == line


def test_an_error_is_printed_on_standard_error_and_ends_the_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @reporting_errors
    def command(*, password: str) -> None:
        del password
        raise Denied("No permission.")

    with pytest.raises(typer.Exit) as caught:
        command(password="secret")
    assert caught.value.exit_code == 5
    assert capsys.readouterr() == ("", "appsync-gql: No permission.\n")


@pytest.mark.parametrize("error", [typer.Exit(3), typer.Abort(), EOFError(), KeyboardInterrupt()])
def test_what_typer_handles_is_passed_on(error: BaseException) -> None:
    @reporting_errors
    def command() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        command()
    assert caught.value is error
