"""Options of the commands that send an operation, and the request that they make."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..exceptions import ConfigurationError
from .variables import operation_of, variables_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gql import GraphQLRequest

__all__ = [
    "File",
    "Headers",
    "Operation",
    "QueryOptions",
    "Seconds",
    "Text",
    "VariablePairs",
    "Variables",
    "headers_of",
]

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})

Text = Annotated[
    str | None,
    typer.Argument(
        metavar="TEXT", help="The GraphQL text; - reads it from standard input.", show_default=False
    ),
]
File = Annotated[
    Path | None, typer.Option("--file", "-f", help="Read the GraphQL text from this file.")
]
VariablePairs = Annotated[
    list[str] | None,
    typer.Option(
        "-v",
        "--variable",
        metavar="NAME=VALUE",
        help="A variable. The value is read as JSON where that is possible, unless the "
        "variable's type is String, ID or another text. May be repeated.",
    ),
]
Variables = Annotated[
    str | None,
    typer.Option(
        metavar="JSON", help="All variables as a JSON object; @FILE reads it from a file."
    ),
]
Operation = Annotated[
    str | None,
    typer.Option("--operation", "-o", help="Which operation, if the text has several."),
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        "-H",
        metavar="NAME:VALUE",
        help="Send this header too. May be repeated. Not for tokens and keys, since other "
        "users can see command lines.",
    ),
]
Seconds = Annotated[int | None, typer.Option("--timeout", min=1, help="Seconds for one response.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOptions:
    """What the command line says about an operation.

    Attributes:
        text: the GraphQL text; ``-`` for standard input; ``None`` if a file has it.
        file: the file; ``None`` without.
        pairs: variables, ``name=value``.
        variables: variables as JSON, or ``@`` and a file; ``None`` without.
        operation: the operation's name; ``None`` if there is one only.
    """

    text: str | None
    file: Path | None
    pairs: Sequence[str]
    variables: str | None
    operation: str | None

    def request(self, kinds: Sequence[str], use: str) -> GraphQLRequest:
        """Return the request.

        Args:
            kinds: the kinds of operations that the command can execute.
            use: the command for other kinds.

        Raises:
            ConfigurationError: there is no text, or it does not fit the other options.
            graphql.GraphQLError: it is not GraphQL.
            OSError: a file can't be read.
        """
        from ..http.request_body import gql  # noqa: PLC0415

        request = gql(self._graphql_text())
        operation = operation_of(request.document, self.operation, kinds=kinds, use=use)
        json_text = self.variables
        if json_text is not None and json_text.startswith("@"):
            json_text = _read(Path(json_text[1:]))
        request.variable_values = variables_of(operation, self.pairs, json_text)
        request.operation_name = self.operation
        return request

    def _graphql_text(self) -> str:
        if (self.text is None) == (self.file is None):
            raise ConfigurationError(
                "Give the GraphQL text as an argument, with --file FILE, or with - from standard "
                "input: one of them.",
                setting="query",
            )
        if self.file is not None:
            return _read(self.file)
        if self.text != "-":
            return str(self.text)
        if sys.stdin.isatty():
            typer.echo("Type the GraphQL text, and end it with Ctrl-D on a new line.", err=True)
        return sys.stdin.read()


def headers_of(given: Sequence[str]) -> dict[str, str]:
    """Return the headers of ``NAME:VALUE`` options.

    Raises:
        ConfigurationError: one has another form, or carries a secret.
    """
    headers = {}
    for header in given:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise ConfigurationError("--header must be of the form NAME:VALUE.", setting="header")
        if name.strip().lower() in _SECRET_HEADERS:
            raise ConfigurationError(
                f"{name.strip()} is a secret, and other users can see command lines: sign in, or "
                "set APPSYNC_API_KEY or APPSYNC_TOKEN.",
                setting="header",
            )
        headers[name.strip()] = value.strip()
    return headers


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no text in UTF-8.", setting="file") from None
    except OSError as error:
        raise ConfigurationError(
            f"{path} can't be read: {error.strerror}.", setting="file"
        ) from None
