"""``appsync-gql schema`` against the emulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from graphql import build_schema

from appsync_gql import add_aws_scalars
from appsync_gql.testing import Emulator
from support.command_line import run

BY_KEY = ("--auth", "api_key")


@pytest.mark.usefixtures("api")
def test_the_schema_is_printed_as_sdl() -> None:
    outcome = run("schema", *BY_KEY)
    assert outcome.exit_code == 0, outcome.stderr
    schema = build_schema(outcome.stdout)
    assert schema.query_type is not None
    assert "items" in schema.query_type.fields
    assert "The caller, as the token's claims describe them." in outcome.stdout


@pytest.mark.usefixtures("api")
def test_it_can_go_to_a_file_without_comments() -> None:
    outcome = run("schema", *BY_KEY, "--no-descriptions", "--to", "schema.graphql")
    assert (outcome.exit_code, outcome.stdout) == (0, "")
    text = Path("schema.graphql").read_text()
    assert "The caller" not in text
    assert add_aws_scalars(text).query_type is not None


@pytest.mark.usefixtures("api")
def test_the_result_of_the_introspection_can_be_printed() -> None:
    outcome = run("schema", *BY_KEY, "--json", "--include", "input_value_deprecation")
    assert json.loads(outcome.stdout)["__schema"]["queryType"] == {
        "kind": "OBJECT",
        "name": "Query",
    }


def test_an_api_without_introspection_is_an_error_in_one_line(api: Emulator) -> None:
    error = {"message": "Introspection is disabled", "errorType": "ValidationError"}
    api.faults.answer(1, 200, {"data": None, "errors": [error]})
    outcome = run("schema", *BY_KEY)
    assert outcome.exit_code == 4
    assert outcome.stderr == "appsync-gql: Introspection is disabled\n"


@pytest.mark.parametrize("schema", [None, {"types": [{"kind": "OBJECT"}]}])
def test_a_result_that_is_no_schema_is_an_error_in_one_line(api: Emulator, schema: object) -> None:
    api.faults.answer(1, 200, {"data": {"__schema": schema}})
    outcome = run("schema", *BY_KEY)
    assert outcome.exit_code == 7
    (line,) = outcome.stderr.splitlines()
    assert "no schema" in line


@pytest.mark.usefixtures("api")
def test_a_file_that_can_not_be_written_is_an_error_in_one_line() -> None:
    outcome = run("schema", *BY_KEY, "--to", "missing/schema.graphql")
    assert outcome.exit_code == 1
    assert outcome.stderr == "appsync-gql: missing/schema.graphql: No such file or directory\n"
