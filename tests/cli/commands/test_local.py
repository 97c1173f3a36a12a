"""``demo`` and ``emulator``: their options, and how they report errors."""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from appsync_gql.cli.app import app
from appsync_gql.testing.__main__ import parser

runner = CliRunner()


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def command(name: str) -> Any:
    return typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]


def test_the_emulator_runs_for_the_given_seconds() -> None:
    outcome = runner.invoke(app, ["emulator", "--port", "0", "--for", "0.05"])
    assert outcome.exit_code == 0, outcome.output
    assert "/graphql" in outcome.output


def test_both_ways_to_start_the_emulator_have_the_same_options_and_defaults() -> None:
    actions = [a for a in parser()._actions if not isinstance(a, argparse._HelpAction)]
    by_argparse = {a.option_strings[0]: a.default or None for a in actions}
    by_typer = {o.opts[0]: o.default or None for o in command("emulator").params}
    assert by_argparse == by_typer


def test_all_options_of_the_emulator_reach_it() -> None:
    options = ["--grace-period", "5", "--client-secret", "s", "--api-key", "k", "--rotation"]
    options += ["--latency", "0", "--clock-offset", "1", "--token-lifetime", "7"]
    outcome = runner.invoke(app, ["emulator", "--port", "0", "--for", "0", *options])
    assert outcome.exit_code == 0, outcome.output
    for text in ("live for 7 s", "refresh tokens rotate", "client_secret="):
        assert text in outcome.output


def test_a_port_that_is_in_use_is_one_line_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        outcome = runner.invoke(app, ["emulator", "--port", port, "--for", "0"])
    assert outcome.exit_code == 1
    (line,) = outcome.stderr.splitlines()
    assert f"127.0.0.1:{port} is in use: choose another port" in line


@pytest.mark.parametrize("name", ["demo", "emulator"])
def test_a_missing_extra_is_one_line_with_the_pip_command(name: str) -> None:
    code = """
import importlib.util, sys
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "cryptography" else find_spec(name, *a)
from appsync_gql.cli import main
main()
"""
    outcome = python(code, name)
    assert outcome.returncode == 2
    (line,) = outcome.stderr.splitlines()
    assert 'pip install "appsync-gql[testing]"' in line


def test_numbers_out_of_range_are_refused() -> None:
    assert runner.invoke(app, ["demo", "--workers", "0"]).exit_code == 2
    assert runner.invoke(app, ["emulator", "--grace-period", "61"]).exit_code == 2


def test_an_error_of_the_demo_is_one_line() -> None:
    outcome = runner.invoke(app, ["demo", "--skew", "nan", "--seconds", "1"])
    assert outcome.exit_code == 1
    assert outcome.stderr.splitlines()[-1].startswith("appsync-gql: ")
    assert "Traceback" not in outcome.output + outcome.stderr
