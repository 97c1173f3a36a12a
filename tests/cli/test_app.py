"""The program as a whole: its commands, help, examples, completion and log."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from appsync_gql import __version__
from appsync_gql.cli.app import app
from appsync_gql.testing import Emulator
from support.command_line import PASSWORD, PROGRAM, outputs_of, run, terminal

COMMANDS = ["sign-in", "sign-out", "status", "query", "subscribe", "schema", "token"]
LOCAL = ["emulator", "demo"]


def commands() -> Iterator[tuple[str, Any]]:
    """Yield all commands with the words that name them."""
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            for inner_name, inner in command.commands.items():
                yield f"{name} {inner_name}", inner
        else:
            yield name, command


def examples() -> list[str]:
    """Return the examples in the help of all commands."""
    found = []
    for _, command in commands():
        found += [line.strip() for line in command.epilog.splitlines()[2:]]
    return found


def test_all_commands_are_there() -> None:
    names = [name for name, _ in commands()]
    assert names == [*COMMANDS, *LOCAL, "profile save", "profile list", "profile remove"]


def test_help_lists_the_commands_and_the_exit_codes() -> None:
    outcome = run("--help")
    assert outcome.exit_code == 0
    for text in ("Exit codes:", "3  not signed in", "6  offline", "sign-in", "Examples:"):
        assert text in outcome.stdout


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_each_commands_help_has_a_summary_and_an_example_of_itself(name: str) -> None:
    outcome = run(*name.split(), "--help")
    assert outcome.exit_code == 0
    assert f"appsync-gql {name}" in outcome.stdout.partition("Examples:")[2]
    summary = outcome.stdout.splitlines()[2]
    assert re.match(r"  [A-Z]", summary)


def test_without_arguments_the_help_is_printed() -> None:
    assert "Commands" in run().output


def test_the_version_is_printed() -> None:
    assert run("--version").stdout.strip() == __version__


@pytest.mark.parametrize("arguments", [["nope"], ["query", "--nope"], ["query", "--limit", "x"]])
def test_a_wrong_command_line_has_exit_code_2_and_no_traceback(arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert outcome.exit_code == 2
    assert "Traceback" not in outcome.stderr
    assert "--help" in outcome.stderr


@pytest.fixture
def path_with_program(tmp_path: Path) -> str:
    """Return a PATH on which ``appsync-gql`` is the program that is tested."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "appsync-gql"
    script.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.slow
@pytest.mark.parametrize("example", examples())
def test_an_example_in_the_help_runs(
    signed_in: Emulator, env: dict[str, str], path_with_program: str, example: str
) -> None:
    if " curl " in example and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    prepare(signed_in, example)
    if example.startswith("appsync-gql sign-in --username"):
        assert_a_person_signs_in(example, env)
        return
    process = subprocess.Popen(  # noqa: S602 - an example is for a shell
        f"set -eu; {example}",
        shell=True,
        env={**os.environ, **env, "PATH": path_with_program},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    if " subscribe " in example:
        publish_until_it_ends(signed_in, process)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert not err or "demo" in example, err


def prepare(api: Emulator, example: str) -> None:
    """Make what an example presupposes."""
    api.realtime.drop_sockets()
    Path("events.graphql").write_text(
        "subscription($name: String) { onCreateItem(name: $name) { id } }"
    )
    if "profile" in example:
        Path("amplify_outputs.json").write_text(json.dumps(outputs_of(api)))
    if "remove" in example:
        assert run("profile", "save", "prod").exit_code == 0


def assert_a_person_signs_in(example: str, env: dict[str, str]) -> None:
    with terminal(*example.split()[1:], env=env) as person:
        person.wait_for("Password of ada: ")
        person.type(f"{PASSWORD}\n")
        assert person.exit_code() == 0


def publish_until_it_ends(api: Emulator, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        api.realtime.publish("onCreateItem", {"id": "1", "name": "one"})
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


@pytest.mark.parametrize(
    ("shell", "words", "expected"),
    [
        ("bash", "appsync-gql su", "subscribe"),
        ("zsh", "appsync-gql sign", "sign-out"),
        ("fish", "appsync-gql query --pag", "--paginate"),
        ("bash", "appsync-gql query --output j", "jsonl"),
    ],
)
def test_a_shell_completes_commands_and_options(shell: str, words: str, expected: str) -> None:
    environment = {
        **os.environ,
        "_APPSYNC_GQL_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
        "_TYPER_COMPLETE_ARGS": words,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(  # noqa: S603 - our own program
        PROGRAM, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert expected in done.stdout, done.stderr


def test_debug_logs_what_is_done_without_tokens(api: Emulator, env: dict[str, str]) -> None:
    api.faults.refuse()
    arguments = ("--debug", "query", "{ me { username } }", "--auth", "api_key")
    done = subprocess.run(  # noqa: S603 - our own program
        [*PROGRAM, *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, 5}
    assert env["APPSYNC_API_KEY"] not in done.stdout + done.stderr


def test_help_and_completion_wait_for_no_import_that_they_do_not_need() -> None:
    code = (
        "import sys; import appsync_gql.cli.app; "
        "print({'aiohttp', 'boto3', 'rich', 'pycognito', 'jwt'} & set(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "set()"
