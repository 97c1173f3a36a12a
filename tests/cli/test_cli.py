from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from appsync_gql import __version__
from appsync_gql.cli.app import app
from appsync_gql.cli.load import Report

runner = CliRunner()


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


def test_the_demos_table_names_both_sides() -> None:
    outcome = runner.invoke(app, ["demo", "--seconds", "2", "--workers", "2"])
    assert outcome.exit_code == 0, outcome.output
    for text in ("checking exp locally", "appsync-gql", "Unauthorized errors", "p99"):
        assert text in outcome.output


@pytest.mark.parametrize("command", [["--help"], ["demo", "--help"], ["emulator", "--help"]])
def test_help_teaches(command: list[str]) -> None:
    outcome = runner.invoke(app, command)
    assert outcome.exit_code == 0
    assert "Usage" in outcome.output


def test_the_version_is_told() -> None:
    assert runner.invoke(app, ["--version"]).output.strip() == __version__


def test_the_emulator_runs_for_as_long_as_it_is_told() -> None:
    outcome = runner.invoke(app, ["emulator", "--port", "0", "--for", "0.2"])
    assert outcome.exit_code == 0, outcome.output
    assert "/graphql" in outcome.output


def test_arguments_out_of_range_are_refused() -> None:
    assert runner.invoke(app, ["demo", "--workers", "0"]).exit_code == 2


def test_percentiles_of_few_figures_are_no_crash() -> None:
    assert Report("x").percentile(99) == 0.0
    assert Report("x", seconds=[0.5]).percentile(50) == 500.0
    assert Report("x", seconds=[0.001 * n for n in range(1, 101)]).percentile(50) == pytest.approx(
        50.5
    )
