"""The options of the magics."""

from __future__ import annotations

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.notebook.arguments import COMMANDS, command_of, query_arguments


def test_a_query_has_these_options() -> None:
    found = query_arguments(
        '--vars \'{"a": 1}\' --var n=k*2 --var "m=f(1, 2)" --to polars --paginate items --limit 5 '
        "--save out --auth iam --on prod --operation Q --until 3"
    )
    assert (found.vars, found.var) == ('{"a": 1}', ["n=k*2", "m=f(1, 2)"])
    assert (found.to, found.paginate, found.limit, found.save) == ("polars", "items", 5, "out")
    assert (found.auth, found.on, found.operation, found.until) == ("iam", "prod", "Q", 3)


def test_no_option_is_needed() -> None:
    found = query_arguments("")
    assert (found.vars, found.var, found.to, found.paginate, found.until) == (
        None,
        [],
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--bogus", "Unrecognized arguments: --bogus"),
        ("--va n=1", "Unrecognized arguments: --va"),
        ("--to csv", "invalid choice: 'csv'"),
        ("--limit 5", "--limit needs --paginate"),
        ("--paginate items --limit 0", "at least 1"),
        ("--until x", "invalid number value: 'x'"),
        ("--save a.b", "'a.b' is no name"),
        ("--save", "expected one argument"),
        ("--vars '{", "The line can't be read: No closing quotation"),
    ],
)
def test_a_wrong_option_is_a_clear_error(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        query_arguments(line)


@pytest.mark.parametrize(
    ("line", "command", "options"),
    [
        ("", "help", {}),
        ("help", "help", {}),
        ("connect", "connect", {"file": None, "name": None, "auth": None, "user": None}),
        (
            "connect 'my file.json' --as prod --auth iam --user ada",
            "connect",
            {"file": "my file.json", "name": "prod", "auth": "iam", "user": "ada"},
        ),
        ("use prod", "use", {"name": "prod"}),
        ("status --on prod", "status", {"on": "prod"}),
        ("sign-out", "sign-out", {"on": None}),
    ],
)
def test_each_command_has_its_options(line: str, command: str, options: dict[str, object]) -> None:
    assert command_of(line) == (command, options)


def test_a_sign_in_has_these_options() -> None:
    _, found = command_of("sign-in --username ada --flow USER_AUTH --port 8400 --port 8401 --paste")
    assert (found["username"], found["flow"], found["port"]) == ("ada", "USER_AUTH", [8400, 8401])
    assert (found["paste"], found["browser"], found["timeout"]) == (True, False, 300.0)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("dance", "no command 'dance'; there are connect, sign-in"),
        ("use", "required: name"),
        ("connect a b", "Unrecognized arguments: b"),
    ],
)
def test_a_wrong_command_is_a_clear_error(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        command_of(line)


def test_the_help_names_every_command_and_option() -> None:
    for word in (
        "connect",
        "sign-in",
        "sign-out",
        "status",
        "use",
        "--vars",
        "--var",
        "--to",
        "--until",
    ):
        assert word in COMMANDS
