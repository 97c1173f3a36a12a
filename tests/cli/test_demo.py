"""What the demo compares, prints, and calls a success."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from appsync_gql.cli.app import app
from appsync_gql.cli.demo import introduction, verdict
from appsync_gql.cli.demo_load import Report

runner = CliRunner()


@pytest.mark.parametrize(
    ("plain", "ours", "ok", "text"),
    [
        (Report("gql", requests=9), Report("appsync-gql", requests=9), True, "None of"),
        (Report("gql", requests=9, unauthorized=5), Report("appsync-gql", requests=9), True, "9"),
        (Report("gql"), Report("appsync-gql"), False, "gql sent no request"),
        (Report("gql", requests=9), Report("appsync-gql"), False, "appsync-gql sent no request"),
        (Report("gql"), Report("appsync-gql", requests=9), False, "gql sent no request"),
        (
            Report("gql", requests=9),
            Report("appsync-gql", requests=9, unauthorized=1, other_errors=2),
            False,
            "3 errors",
        ),
        (
            Report("gql", requests=9),
            Report("appsync-gql", requests=9, twice=1),
            False,
            "1 mutations ran twice",
        ),
    ],
)
def test_a_demo_is_a_success_only_if_both_sides_sent_requests_and_ours_had_no_error(
    plain: Report, ours: Report, text: str, *, ok: bool
) -> None:
    found = verdict(plain, ours)
    assert found.ok is ok
    assert text in found.text


@pytest.mark.parametrize(("skew", "text"), [(2.0, "2 s ahead of"), (-1.5, "1.5 s behind")])
def test_the_introduction_says_what_is_compared_and_why_there_are_more_refresh_calls(
    skew: float, text: str
) -> None:
    lines = "\n".join(introduction(15, 16, 3, skew))
    assert text in lines
    assert "more refresh calls" in lines


@pytest.mark.slow
def test_the_table_names_both_sides() -> None:
    arguments = ["demo", "--seconds", "1", "--workers", "2", "--lifetime", "2", "--skew", "1"]
    outcome = runner.invoke(app, arguments)
    assert outcome.exit_code == 0, outcome.output
    for text in ("checking exp locally", "appsync-gql", "Unauthorized errors", "p99"):
        assert text in outcome.output


@pytest.mark.slow
def test_the_demo_shows_plain_gql_failing_and_ours_not() -> None:
    outcome = runner.invoke(app, ["demo", "--seconds", "5", "--workers", "4", "--json"])
    assert outcome.exit_code == 0, outcome.output
    shown = json.loads(outcome.stdout)
    plain, ours = shown["sides"]
    assert shown["ok"] is True
    assert plain["unauthorized_errors"] > 0
    assert (ours["unauthorized_errors"], ours["other_errors"]) == (0, 0)
    assert ours["mutations_run_twice"] == 0
    assert ours["refresh_calls"] >= 1
