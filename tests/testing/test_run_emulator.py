"""What a person reads who runs the emulator at a terminal."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.client import read_config
from appsync_gql.testing import Emulator
from appsync_gql.testing.run_emulator import description, run_emulator


def test_the_printed_commands_work(post: Callable[..., Any], call: Callable[..., Any]) -> None:
    with Emulator.in_thread() as emulator:
        text = "\n".join(description(emulator)).replace("\\\n", " ")
        sign_in, ask = (shlex.split(line) for line in text.splitlines() if "curl" in line)
        body = json.loads(sign_in[sign_in.index("-d") + 1])
        operation = re.sub(r".*\.", "", sign_in[sign_in.index("-H") + 1])
        assert sign_in[1] == f"{emulator.cognito_url}/"
        token = call(emulator, operation, body).body["AuthenticationResult"]["AccessToken"]
        query = json.loads(ask[ask.index("-d") + 1])
        assert post(emulator, query, token).body["data"]["me"]["username"] == "ada"


def test_a_client_secret_is_mentioned_but_not_printed() -> None:
    with Emulator.in_thread(client_secret="hush-hush", api_keys=["da2-hush"]) as emulator:
        text = "\n".join(description(emulator, rotation=True, token_lifetime=7))
    assert "client_secret=" in text
    assert "hush" not in text
    assert "live for 7 s, refresh tokens rotate" in text


def test_ctrl_c_ends_it_without_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    run_emulator(seconds=None, port=0)
    assert "Ctrl-C ends it." in capsys.readouterr().out


def test_a_configuration_is_written_that_connect_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run_emulator(seconds=0, port=0, write_config=True)
    shown = capsys.readouterr().out
    assert shown.startswith("amplify_outputs.json is written.")
    config = read_config("amplify_outputs.json")
    assert config is not None
    assert config.url in shown


def test_a_configuration_of_the_folder_is_not_replaced_without_being_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "amplify_outputs.json"
    file.write_text("mine")
    with pytest.raises(ConfigurationError, match="add --force"):
        run_emulator(seconds=0, port=0, write_config=True)
    assert file.read_text() == "mine"
    run_emulator(seconds=0, port=0, write_config=True, force=True)
    assert read_config(file) is not None
