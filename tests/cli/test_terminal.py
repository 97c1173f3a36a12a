"""A person at a terminal: hidden passwords, tables, Ctrl-C; and the same through pipes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from appsync_gql.testing import Emulator
from support.command_line import PASSWORD, outputs_of, spawn, terminal

ME = "{ me { username groups } }"


@pytest.mark.slow
@pytest.mark.usefixtures("api")
def test_a_person_signs_in_with_a_hidden_password_and_gets_a_table(env: dict[str, str]) -> None:
    with terminal("sign-in", env=env) as person:
        person.wait_for("User name: ")
        person.type("ada\n")
        person.wait_for("Password of ada: ")
        person.type(f"{PASSWORD}\n")
        assert person.exit_code() == 0
        assert "Signed in as ada" in person.shown
        assert PASSWORD not in person.shown
    with terminal("query", ME, env=env) as person:
        assert person.exit_code() == 0
        assert "username" in person.shown
        assert "│" in person.shown
        assert "{" not in person.shown


@pytest.mark.slow
@pytest.mark.usefixtures("api")
def test_a_wrong_password_is_one_line_and_can_be_tried_again(env: dict[str, str]) -> None:
    with terminal("sign-in", "--username", "ada", env=env) as person:
        person.wait_for("Password of ada: ")
        person.type("wrong\n")
        assert person.exit_code() == 3
        assert "The user name or password is wrong" in person.shown
        assert "Traceback" not in person.shown


@pytest.mark.slow
@pytest.mark.usefixtures("api")
def test_ctrl_c_at_the_prompt_ends_it_without_a_traceback(env: dict[str, str]) -> None:
    with terminal("sign-in", "--username", "ada", env=env) as person:
        person.wait_for("Password of ada: ")
        person.type("\x03")
        assert person.exit_code() == 130
        assert "Traceback" not in person.shown


@pytest.mark.slow
@pytest.mark.usefixtures("api")
def test_ctrl_d_at_the_prompt_ends_it_without_a_traceback(env: dict[str, str]) -> None:
    with terminal("sign-in", "--username", "ada", env=env) as person:
        person.wait_for("Password of ada: ")
        person.type("\x04")
        assert person.exit_code() == 1
        assert "Traceback" not in person.shown


def test_a_person_follows_a_subscription_until_ctrl_c(api: Emulator, env: dict[str, str]) -> None:
    subscription = "subscription { onCreateItem { id } }"
    before = api.counters["realtime.starts"]
    with terminal("subscribe", subscription, "--auth", "api_key", env=env) as person:
        person.wait_for("Ctrl-C ends it")
        while api.counters["realtime.starts"] == before:
            assert person.process.poll() is None
        api.realtime.publish("onCreateItem", {"id": "7", "name": "one"})
        person.wait_for('{"onCreateItem": {"id": "7"}}')
        person.type("\x03")
        assert person.exit_code() == 0


@pytest.mark.slow
@pytest.mark.usefixtures("signed_in")
def test_a_person_types_the_query(env: dict[str, str]) -> None:
    with terminal("query", "-", "--output", "json", env=env) as person:
        person.wait_for("Ctrl-D")
        person.type(f"{ME}\n\x04")
        assert person.exit_code() == 0
        assert '"username": "ada"' in person.shown


@pytest.mark.usefixtures("signed_in")
def test_through_a_pipe_there_is_nothing_but_json(env: dict[str, str]) -> None:
    process = spawn("query", "-", env=env, stdin=subprocess.PIPE)
    out, err = process.communicate(ME, timeout=60)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out) == {"me": {"username": "ada", "groups": []}}


@pytest.mark.slow
def test_from_an_empty_folder_to_a_table(
    api: Emulator, env: dict[str, str], tmp_path: Path
) -> None:
    """As a new user would: nothing but an amplify_outputs.json."""
    folder = tmp_path / "new"
    folder.mkdir()
    (folder / "amplify_outputs.json").write_text(json.dumps(outputs_of(api)))
    bare = {name: value for name, value in env.items() if not name.startswith("APPSYNC_")}
    bare |= {name: "" for name in env if name.startswith("APPSYNC_")}
    with terminal("sign-in", "--username", "ada", env=bare, cwd=folder) as person:
        person.wait_for("Password of ada: ")
        person.type(f"{PASSWORD}\n")
        assert person.exit_code() == 0
    with terminal("query", "{ items(limit: 2) { items { id name } } }", env=bare, cwd=folder) as it:
        assert it.exit_code() == 0
        assert "item 1" in it.shown


@pytest.mark.slow
def test_the_password_is_not_in_the_command_line_nor_the_environment(
    api: Emulator, env: dict[str, str]
) -> None:
    with api.faults.hold(on="cognito") as hold:
        process = spawn(
            "sign-in", "--username", "ada", "--password-stdin", env=env, stdin=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(PASSWORD + "\n")
        process.stdin.close()
        while hold.count == 0:
            assert process.poll() is None
        for name in ("cmdline", "environ"):
            path = Path(f"/proc/{process.pid}/{name}")
            if path.exists():
                assert PASSWORD.encode() not in path.read_bytes()
    process.wait(60)
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        assert PASSWORD not in stream.read()
        stream.close()
