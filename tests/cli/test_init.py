"""The entry point, with and without the packages of the extra."""

from __future__ import annotations

import subprocess
import sys

import pytest


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra_the_pip_command_is_printed(package: str) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; from appsync_gql.cli import main; main()"
    outcome = run(code)
    assert outcome.returncode == 1
    (line,) = outcome.stderr.splitlines()
    assert 'pip install "appsync-gql[cli,testing]"' in line


def test_python_m_runs_the_same_command_line() -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "appsync_gql", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "Usage: appsync-gql" in outcome.stdout
