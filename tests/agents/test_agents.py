"""Agents watch a program without breaking it, and without learning its tokens."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import socket
import subprocess
import sys
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql.testing import Emulator

from . import passwords
from .collector import collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from appsync_gql.testing import RecordedRequest

pytestmark = pytest.mark.slow

AGENTS = {
    # Agent: the module that must be installed, and the header that carries its trace.
    "elasticapm": ("elasticapm", "traceparent"),
    "sentry_sdk": ("sentry_sdk", "sentry-trace"),
    "opentelemetry": ("opentelemetry.instrumentation.aiohttp_client", "traceparent"),
    "ddtrace": ("ddtrace", "traceparent"),
}
_SECONDS = 40
_PIECE = 24
"""Characters of a secret that suffice to find a part of it."""


@dataclass(frozen=True)
class Watched:
    """A program that ran with an agent.

    Attributes:
        found: what it has seen itself.
        errors: the names of the errors that it reported.
        stderr: what it wrote there.
        collected: all that the agent has sent, as text.
        requests: what the API was asked.
        secrets: the tokens and passwords that the program knew.
        header: the header that carries the agent's trace.
    """

    found: dict[str, Any]
    errors: list[str]
    stderr: str
    collected: str
    requests: list[RecordedRequest]
    secrets: list[str]
    header: str


def _parameter(agent: str, when: str) -> Any:
    return pytest.param((agent, when), id=f"{agent}, {when} import", marks=pytest.mark.peer(agent))


@pytest.fixture(
    scope="module",
    params=[_parameter(agent, when) for agent in AGENTS for when in ("before", "after")],
)
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    agent, when = request.param
    module, header = AGENTS[agent]
    _skip_without(module)
    secrets = tmp_path_factory.mktemp("agent") / "secrets.json"
    with collector() as collected, Emulator.in_thread(rotation=True) as emulator:
        emulator.add_user("ada", passwords.RIGHT)
        endpoints = {
            "graphql_url": emulator.graphql_url,
            "closed_url": f"http://127.0.0.1:{_closed_port()}/graphql",
            "cognito_url": emulator.cognito_url,
            "client_id": emulator.client_id,
            "region": emulator.region,
        }
        done = _run(agent, when, collected.url, json.dumps(endpoints), str(secrets))
        printed = json.loads(done.stdout.splitlines()[-1])
        yield Watched(
            found=printed["found"],
            errors=printed["errors"],
            stderr=done.stderr,
            collected=collected.text,
            requests=emulator.requests,
            secrets=json.loads(secrets.read_text()),
            header=header,
        )


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    tests = str(Path(__file__).parents[1])
    paths = os.pathsep.join(filter(None, [tests, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "agents.program", *arguments],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def _skip_without(module: str) -> None:
    if importlib.util.find_spec(module.partition(".")[0]) is not None:
        return
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"this is skipped only where CI is not set: no {module}", pytrace=False)
    pytest.skip(f"not installed: {module}")


def _closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def spellings(secret: str) -> set[str]:
    """Return what a part of a secret may look like: as it is, in a URL, and in base64.

    In base64 a text has three forms, by where it begins in what is encoded.
    """
    piece = secret[:_PIECE] if secret.count(".") != 2 else secret[-_PIECE:]
    encoded = {
        base64.b64encode((" " * shift + piece).encode())[4:-4].decode() for shift in range(3)
    }
    return {piece, urllib.parse.quote(piece, safe=""), *encoded}


def test_requests_and_subscriptions_go_on_working(watched: Watched) -> None:
    assert watched.found == {
        "query": {"me": {"username": "ada"}},
        "mutation": {"createItem": {"name": "n"}},
        "subscription": {"onCreateItem": {"name": "event"}},
    }


def test_each_failure_is_the_same_error_as_without_an_agent(watched: Watched) -> None:
    assert watched.errors == [
        "SignInFailed",
        "Denied",
        *["TransportQueryError"] * 2,
        *["ConnectionFailed"] * 3,
        "TransportConnectionFailed",
        "RuntimeError",
    ]


def test_the_agent_sees_the_requests(watched: Watched) -> None:
    assert "127.0.0.1" in watched.collected
    assert "POST" in watched.collected


def test_the_agent_sees_the_errors(watched: Watched) -> None:
    assert "SignInFailed" in watched.collected
    assert "TransportConnectionFailed" in watched.collected


def test_requests_carry_the_trace_and_their_other_headers(watched: Watched) -> None:
    asked = [request for request in watched.requests if request.endpoint == "graphql"]
    executed = [request for request in asked if request.status == 200]
    assert executed
    for request in executed:
        names = {name.lower() for name in request.headers}
        assert watched.header in names
        assert request.token is not None


def test_no_token_and_no_password_is_sent_to_the_agent(watched: Watched) -> None:
    assert len(watched.secrets) == 2 + 2 * 3
    text = watched.collected
    spelled = {spelling for secret in watched.secrets for spelling in spellings(secret)}
    places = [text.find(spelling) for spelling in spelled if spelling in text]
    assert [text[max(0, place - 300) : place] for place in places] == []


def test_nothing_is_left_behind(watched: Watched) -> None:
    words = ("nclosed", "never", "Traceback", "Exception ignored")
    lines = [line for line in watched.stderr.splitlines() if any(w in line for w in words)]
    assert lines == []
