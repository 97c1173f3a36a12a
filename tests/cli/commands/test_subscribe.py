"""``appsync-gql subscribe``: lines of JSON, through lost connections, until Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from appsync_gql.testing import Emulator
from support.command_line import run, spawn

SUBSCRIPTION = "subscription($name: String) { onCreateItem(name: $name) { id name } }"


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen within 30 s"
        time.sleep(0.02)


def create(api: Emulator, key: str) -> None:
    """Publish the event of a mutation."""
    api.realtime.publish("onCreateItem", {"id": key, "name": "one"})


def started(api: Emulator, before: int) -> None:
    wait_until(lambda: api.counters["realtime.starts"] > before)


def ended(process: subprocess.Popen[str]) -> tuple[int, list[Any], str]:
    out, err = process.communicate(timeout=30)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def test_events_are_lines_of_json_and_it_ends_after_so_many(api: Emulator) -> None:
    before = api.counters["realtime.starts"]

    def publish() -> None:
        started(api, before)
        for key in "123":
            create(api, key)

    publisher = threading.Thread(target=publish)
    publisher.start()
    arguments = ("-v", "name=one", "--until", "2", "--auth", "api_key")
    outcome = run("subscribe", SUBSCRIPTION, *arguments)
    publisher.join()
    assert outcome.exit_code == 0, outcome.stderr
    assert [json.loads(line) for line in outcome.stdout.splitlines()] == [
        {"onCreateItem": {"id": "1", "name": "one"}},
        {"onCreateItem": {"id": "2", "name": "one"}},
    ]


def test_ctrl_c_ends_it_without_an_error(api: Emulator, env: dict[str, str]) -> None:
    before = api.counters["realtime.starts"]
    process = spawn("subscribe", SUBSCRIPTION, "--auth", "api_key", env=env)
    started(api, before)
    create(api, "7")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["onCreateItem"]["id"] == "7"
    process.send_signal(signal.SIGINT)
    assert ended(process) == (0, [], "")


@pytest.mark.slow
def test_it_goes_on_when_the_connection_is_lost_and_says_that_events_may_be_missed(
    api: Emulator, env: dict[str, str]
) -> None:
    before = api.counters["realtime.starts"]
    arguments = ("subscribe", SUBSCRIPTION, "--auth", "api_key", "--until", "2")
    process = spawn(*arguments, env=env)
    started(api, before)
    create(api, "1")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    api.realtime.drop_sockets()
    started(api, before + 1)
    create(api, "2")
    code, events, err = ended(process)
    assert [event["onCreateItem"]["id"] for event in [first, *events]] == ["1", "2"]
    assert code == 0
    (line,) = err.splitlines()
    assert "events may have been missed" in line


@pytest.mark.usefixtures("api")
def test_a_query_or_a_wrong_field_is_one_line() -> None:
    for text, code in (("{ me { username } }", 2), ("subscription { nope }", 4)):
        outcome = run("subscribe", text, "--auth", "api_key")
        assert outcome.exit_code == code, outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1


def test_a_reader_that_has_enough_ends_it_quietly(api: Emulator, env: dict[str, str]) -> None:
    before = api.counters["realtime.starts"]
    process = spawn("subscribe", SUBSCRIPTION, "--auth", "api_key", env=env)
    started(api, before)
    assert process.stdout is not None
    process.stdout.close()
    create(api, "1")
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(30) == 141
