"""Errors as a person reads them below a cell: a line, the place in the query, what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import TransportQueryError
from graphql import GraphQLError, Node, get_location, parse, print_ast

from ..challenges import ChallengeRequired
from ..exceptions import (
    AppSyncError,
    ConfigurationError,
    ConnectionFailed,
    NotSignedIn,
    OutcomeUnknown,
    SessionExpired,
    SignInFailed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from graphql import DocumentNode

__all__ = ["is_expected", "problem_text"]

_MOST = 5
"""GraphQL errors of one response that are shown."""

_ADVICE: tuple[tuple[type[BaseException], str], ...] = (
    (NotSignedIn, "Nobody is signed in. Run: %appsync sign-in"),
    (SessionExpired, "Run: %appsync sign-in"),
    (OutcomeUnknown, "Find out with a query before you send the mutation again."),
    (ConnectionFailed, "Check the network, and run the cell again."),
)


def is_expected(error: BaseException) -> bool:
    """Return whether an error is explained by its text, so that no traceback is needed."""
    kinds = (AppSyncError, TransportQueryError, GraphQLError, ConfigurationError)
    return isinstance(error, (*kinds, SignInFailed, ChallengeRequired))


def problem_text(error: BaseException, document: DocumentNode | None = None) -> str:
    """Return an error as text.

    Args:
        error: what was raised.
        document: of the cell's text as it was typed, to show the place of an error; ``None`` if
            there is none.
    """
    if isinstance(error, GraphQLError):
        query = error.source.body if error.source else ""
        places = [(place.line, place.column) for place in error.locations or ()]
        return _with_place(error.message, places[0] if places else None, query)
    errors = getattr(error, "errors", None)
    if type(error) is TransportQueryError and errors:
        shown = [_of_response(found, document) for found in errors[:_MOST]]
        more = len(errors) - len(shown)
        return "\n".join([*shown, *([f"… and {more} more errors"] if more else [])])
    text = _printable(str(error) or type(error).__name__)
    advice = next((advice for kind, advice in _ADVICE if isinstance(error, kind)), "")
    if type(error) is NotSignedIn:
        text = ""  # its own message is for programs
    if isinstance(error, ConfigurationError) and error.setting == "username":
        advice = "Here: %appsync connect --user NAME"
    return "\n".join(part for part in (text, advice) if part)


def _of_response(error: Any, document: DocumentNode | None) -> str:
    """Return one of the errors of a response."""
    if not isinstance(error, dict):
        return _printable(str(error))
    kind, path = error.get("errorType"), error.get("path")
    message = str(error.get("message", error))
    if kind and str(kind) not in message:
        message = f"{kind}: {message}"
    if isinstance(path, list) and path:
        message += f" (at {'.'.join(map(str, path))})"
    if document is None or document.loc is None:
        return _printable(message)
    place = _typed_place(error.get("locations"), document)
    return _with_place(message, place, document.loc.source.body)


def _typed_place(locations: object, document: DocumentNode) -> tuple[int, int] | None:
    """Return line and column in the text as it was typed; ``None`` if they are not known.

    Locations are those in the text that was sent, which gql formats anew. Both texts have the
    same nodes in the same order.
    """
    try:
        sent_line, sent_column = locations[0]["line"], locations[0]["column"]  # type: ignore[index]
    except (TypeError, LookupError):
        return None
    sent = parse(print_ast(document))
    for typed_node, sent_node in zip(_nodes(document), _nodes(sent), strict=False):
        if sent_node.loc is None or typed_node.loc is None:
            continue
        at = get_location(sent_node.loc.source, sent_node.loc.start)
        if (at.line, at.column) == (sent_line, sent_column) and sent_node is not sent:
            found = get_location(typed_node.loc.source, typed_node.loc.start)
            return found.line, found.column
    return None


def _nodes(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, each before those below it."""
    yield node
    for key in node.keys:
        if key == "loc":
            continue
        value = getattr(node, key, None)
        for child in value if isinstance(value, tuple | list) else (value,):
            if isinstance(child, Node):
                yield from _nodes(child)


def _with_place(message: str, place: tuple[int, int] | None, query: str) -> str:
    """Return a message, and below it the line of the query with a caret below the column."""
    text, lines = _printable(message), query.split("\n")
    if place is None or not 1 <= place[0] <= len(lines):
        return text
    line, column = place
    number = f"{line} | "
    # A tab moves the caret as far as it moves the text above it.
    blank = "".join("\t" if c == "\t" else " " for c in lines[line - 1][: column - 1])
    return f"{text}\n  {number}{lines[line - 1]}\n  {' ' * len(number)}{blank}^"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)
