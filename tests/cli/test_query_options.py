from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSyntaxError, parse

from appsync_gql import ConfigurationError
from appsync_gql.cli.query_options import QueryOptions, headers_of

QUERY = "query($a: Int) {\n  b(a: $a)\n}"


def options(**arguments: Any) -> QueryOptions:
    given: dict[str, Any] = {"text": None, "file": None, "pairs": [], "variables": None}
    return QueryOptions(**{**given, "operation": None, **arguments})


def request(**arguments: Any) -> Any:
    return options(**arguments).request(["query"], "subscribe")


def test_the_text_is_an_argument_a_file_or_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "query.graphql"
    path.write_text(QUERY)
    monkeypatch.setattr(sys, "stdin", io.StringIO(QUERY))
    for given in ({"text": QUERY}, {"file": path}, {"text": "-"}):
        assert request(**given).document == parse(QUERY)


def test_on_a_terminal_standard_input_is_announced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Keyboard(QUERY))
    request(text="-")
    assert "Ctrl-D" in capsys.readouterr().err


def test_variables_are_pairs_a_json_text_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "variables.json"
    path.write_text('{"a": 1}')
    assert request(text=QUERY, variables=f"@{path}").variable_values == {"a": 1}
    assert request(text=QUERY, variables='{"a": 1}').variable_values == {"a": 1}
    assert request(text=QUERY, pairs=["a=2"], variables=f"@{path}").variable_values == {"a": 2}


def test_the_operation_is_named_in_the_request() -> None:
    found = request(text="query A { a } query B { b }", operation="B")
    assert found.operation_name == "B"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "Give the GraphQL text as an argument"),
        ({"text": QUERY, "file": Path("x")}, "one of them"),
        ({"file": Path("missing.graphql")}, "missing.graphql can't be read: No such file"),
        ({"text": QUERY, "variables": "@missing.json"}, "missing.json can't be read"),
        ({"text": "subscription { a }"}, "use appsync-gql subscribe"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        request(**arguments)


def test_a_file_that_is_no_text_and_a_text_that_is_no_graphql_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="no text in UTF-8"):
        request(file=path)
    with pytest.raises(GraphQLSyntaxError):
        request(text="{ a")


def test_headers_are_names_and_values() -> None:
    assert headers_of(["X-A: 1", "x-b:c:d", "x-empty:"]) == {
        "X-A": "1",
        "x-b": "c:d",
        "x-empty": "",
    }


@pytest.mark.parametrize(
    "header", ["authorization: x", "Authorization:x", "X-API-Key: k", "Cookie: c", "no", ": x"]
)
def test_secrets_are_not_taken_from_the_command_line_nor_quoted(header: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        headers_of([header])
    assert caught.value.setting == "header"
    assert ": x" not in str(caught.value)
