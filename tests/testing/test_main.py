"""``python -m appsync_gql.testing``."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from appsync_gql.testing.__main__ import main


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "appsync_gql.testing", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_runs_for_the_given_seconds() -> None:
    outcome = run("--port", "0", "--for", "0.1", "--rotation", "--grace-period", "5")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    for text in ("/graphql", "us-east-1_", "ada", "correct horse", "refresh tokens rotate"):
        assert text in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--grace-period", "61"], "grace_period is 0 to 60"),
        (["--port", "99999"], "port is 0 to 65535"),
        (["--token-lifetime", "0"], "token_lifetime"),
    ],
)
def test_a_number_out_of_range_is_one_line_without_a_traceback(
    capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--for", "0", *arguments])
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert text in line


def test_a_port_that_is_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(SystemExit) as caught:
        main(["--for", "0", "--port", str(other.getsockname()[1])])
    assert caught.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "choose another port" in line
