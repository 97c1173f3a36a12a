"""``python -m appsync_gql.testing``."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from appsync_gql.testing import Emulator
from appsync_gql.testing.__main__ import _example, main


def by_hand(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "appsync_gql.testing", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_by_hand_it_runs_for_as_long_as_it_is_told() -> None:
    outcome = by_hand("--port", "0", "--for", "0.5", "--rotation", "--grace-period", "5")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    for what in ("/graphql", "us-east-1_", "ada", "correct horse", "refresh tokens rotate"):
        assert what in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--grace-period", "61"], "grace_period is 0 to 60"),
        (["--port", "99999"], "port"),
        (["--token-lifetime", "0"], "token_lifetime"),
    ],
)
def test_by_hand_a_wrong_argument_is_told_without_a_traceback(
    arguments: list[str], what: str
) -> None:
    outcome = by_hand("--for", "0", *arguments)
    assert outcome.returncode == 2
    assert what in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_what_it_prints_by_hand_can_be_typed_in(
    post: Callable[..., Any], call: Callable[..., Any]
) -> None:
    with Emulator.in_thread() as emulator:
        text = "\n".join(_example(emulator)).replace("\\\n", " ")
        sign_in, ask = (shlex.split(line) for line in text.splitlines() if "curl" in line)
        body = json.loads(sign_in[sign_in.index("-d") + 1])
        operation = re.sub(r".*\.", "", sign_in[sign_in.index("-H") + 1])
        assert sign_in[1] == f"{emulator.cognito_url}/"
        token = call(emulator, operation, body).body["AuthenticationResult"]["AccessToken"]
        query = json.loads(ask[ask.index("-d") + 1])
        assert post(emulator, query, token).body["data"]["me"]["username"] == "ada"
    with Emulator.in_thread(client_secret="s") as emulator:
        assert "client_secret=" in _example(emulator)[0]


def test_by_hand_ctrl_c_ends_it_quietly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    main(["--port", "0", "--api-key", "da2-key"])
    assert "Ctrl-C ends it." in capsys.readouterr().out
