"""Errors as text below a cell."""

from __future__ import annotations

from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError
from graphql import GraphQLError, parse

from appsync_gql import ConfigurationError, ConnectionFailed, NotSignedIn, SessionExpired
from appsync_gql.notebook.problems import is_expected, problem_text

QUERY = "query {\n\tme { username }\n  items { wrong } }"
DOCUMENT = parse(QUERY)
# As gql prints it: "{", "  me {", "    username", "  }", "  items {", "    wrong"
SENT = [{"line": 6, "column": 5}]


def of_response(*errors: Any) -> TransportQueryError:
    return TransportQueryError("failed", errors=list(errors))


def test_an_error_of_a_response_points_to_the_field_in_the_text_as_it_was_typed() -> None:
    error = of_response({"message": "no field", "errorType": "Wrong", "locations": SENT})
    assert (
        problem_text(error, DOCUMENT)
        == "Wrong: no field\n  3 |   items { wrong } }\n                ^"
    )


def test_a_tab_before_the_place_is_kept_above_the_caret() -> None:
    error = of_response({"message": "no", "locations": [{"line": 2, "column": 3}]})
    assert problem_text(error, DOCUMENT) == "no\n  2 | \tme { username }\n      \t^"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"message": "no", "path": ["items", 0, "id"]}, "no (at items.0.id)"),
        ({"message": "Wrong: no", "errorType": "Wrong"}, "Wrong: no"),
        ({"message": "no", "locations": [{"line": 99, "column": 1}]}, "no"),
        ({"message": "no", "locations": "nonsense"}, "no"),
        ({"message": "no", "locations": []}, "no"),
        ({"message": "a\x1b[31mb"}, "a [31mb"),
        ("a text", "a text"),
    ],
)
def test_an_error_without_a_place_is_one_line(error: Any, text: str) -> None:
    assert problem_text(of_response(error), DOCUMENT) == text


def test_a_syntax_error_points_to_the_place() -> None:
    with pytest.raises(GraphQLError) as raised:
        parse("query {\n  item(id: 1 { id } }")
    expected = "Expected Name, found '{'.\n  2 |   item(id: 1 { id } }\n                   ^"
    assert problem_text(raised.value).endswith(expected)


def test_many_errors_are_counted() -> None:
    text = problem_text(of_response(*[{"message": f"no {n}"} for n in range(8)]))
    assert text.splitlines() == ["no 0", "no 1", "no 2", "no 3", "no 4", "… and 3 more errors"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotSignedIn("…"), "Nobody is signed in. Run: %appsync sign-in"),
        (SessionExpired("It has ended."), "It has ended.\nRun: %appsync sign-in"),
        (
            ConnectionFailed("No network."),
            "No network.\nCheck the network, and run the cell again.",
        ),
        (ConfigurationError("Wrong."), "Wrong."),
        (ValueError(), "ValueError"),
    ],
)
def test_an_error_says_what_to_do(error: Exception, text: str) -> None:
    assert problem_text(error) == text


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionFailed("x"), True),
        (of_response({}), True),
        (GraphQLError("x"), True),
        (ValueError("x"), False),
    ],
)
def test_only_errors_that_explain_themselves_have_no_traceback(
    error: Exception, expected: object
) -> None:
    assert is_expected(error) is expected
