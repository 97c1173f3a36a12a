"""The options of ``%appsync`` and ``%%appsync``. Pure."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "QueryArguments", "command_of", "query_arguments"]

COMMANDS = """\
%appsync connect [FILE] [--as NAME] [--auth MODE] [--user NAME]
    Connect to an API. FILE: ./amplify_outputs.json by default, else the environment (APPSYNC_URL).
%appsync sign-in [--username NAME] [--flow FLOW] [--browser] [--domain URL] [--paste] [--port N]
    Sign in: by a hidden prompt for the password, or by the user pool's page with --browser.
%appsync status [--on NAME]
    Show the user, the user pool, the mode, the time left and the last error.
%appsync use NAME
    Make another connection the current one.
%appsync sign-out [--on NAME]
    End the session, and remove it from this machine.
%%appsync [--vars JSON] [--var NAME=EXPRESSION]… [--to df|polars|data] [--paginate PATH] [--limit N]
          [--save NAME] [--auth MODE] [--on NAME] [--operation NAME] [--until N]
    Execute the cell's query, mutation or subscription. Variables that are not given are taken from
    the notebook's variables of the same name. --until ends a subscription after N events."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are raised, and which never ends the kernel."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{message[:1].upper()}{message[1:]}. Usage: %appsync help")


def _parser() -> _Parser:
    # No abbreviations: --var and --vars, --to and others must not be mistaken for each other.
    return _Parser(add_help=False, allow_abbrev=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryArguments:
    """The options of ``%%appsync``.

    Attributes:
        vars: variables as JSON; ``None`` without.
        var: ``name=expression``, evaluated in the notebook.
        to: ``df``, ``polars`` or ``data``; ``None`` for a :class:`Result`.
        paginate: the list whose pages are followed; ``None`` for one request.
        limit: how many items at most, with ``paginate``; ``None`` for all.
        save: the notebook's variable that keeps the result; ``None`` without.
        auth: the authorization mode by its name; ``None`` for the connection's.
        on: the name of the connection; ``None`` for the current one.
        operation: which operation of the text; ``None`` for the only one.
        until: how many events end a subscription; ``None`` for an interrupt.
    """

    vars: str | None
    var: Sequence[str]
    to: str | None
    paginate: str | None
    limit: int | None
    save: str | None
    auth: str | None
    on: str | None
    operation: str | None
    until: int | None


def query_arguments(line: str) -> QueryArguments:
    """Return the options of a ``%%appsync`` line.

    Raises:
        ConfigurationError: one is wrong.
    """
    parser = _parser()
    for name in ("vars", "paginate", "save", "auth", "on", "operation"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--var", action="append", default=[], metavar="NAME=EXPRESSION")
    parser.add_argument("--to", choices=["df", "polars", "data"])
    for name in ("limit", "until"):
        parser.add_argument(f"--{name}", type=_count)
    found = QueryArguments(**vars(parser.parse_args(_words(line))))
    if found.save is not None and not found.save.isidentifier():
        raise ConfigurationError(f"--save {found.save!r} is no name of a variable.", setting="save")
    if found.limit is not None and found.paginate is None:
        raise ConfigurationError("--limit needs --paginate PATH.", setting="limit")
    return found


def command_of(line: str) -> tuple[str, dict[str, Any]]:
    """Return the command of an ``%appsync`` line and its options.

    Raises:
        ConfigurationError: there is no such command, or an option is wrong.
    """
    command, *words = _words(line) or ["help"]
    parsers = {
        "connect": _connect_parser,
        "sign-in": _sign_in_parser,
        "sign-out": _named_parser,
        "status": _named_parser,
        "use": _use_parser,
        "help": _parser,
    }
    if command not in parsers:
        known = ", ".join(parsers)
        raise ConfigurationError(f"There is no command {command!r}; there are {known}.")
    return command, vars(parsers[command]().parse_args(words))


def _connect_parser() -> _Parser:
    parser = _parser()
    parser.add_argument("file", nargs="?")
    parser.add_argument("--as", dest="name")
    parser.add_argument("--auth")
    parser.add_argument("--user")
    return parser


def _sign_in_parser() -> _Parser:
    parser = _named_parser()
    for name in ("username", "flow", "domain"):
        parser.add_argument(f"--{name}")
    for name in ("browser", "paste", "password"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--port", type=_count, action="append", default=[])
    parser.add_argument("--timeout", type=float, default=300.0)
    return parser


def _named_parser() -> _Parser:
    parser = _parser()
    parser.add_argument("--on")
    return parser


def _use_parser() -> _Parser:
    parser = _parser()
    parser.add_argument("name")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        msg = "it must be at least 1"
        raise argparse.ArgumentTypeError(msg)
    return number


_count.__name__ = "number"  # argparse shows it for a text that is no number


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise ConfigurationError(f"The line can't be read: {error}.") from None
