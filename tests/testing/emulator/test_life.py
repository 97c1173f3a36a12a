"""Starting, stopping, threads, the plugin, the command line, and what must never be shown."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

import appsync_gql.testing
from appsync_gql.clock import Clock, Instant
from appsync_gql.testing import Emulator, FakeClock

Post = Callable[..., Any]
ME = "{ me { username } }"


def token_of(emulator: Emulator) -> str:
    return str(emulator.issue_tokens().access_token)


async def test_it_runs_in_the_callers_loop_and_again_on_the_same_port(post: Post) -> None:
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="start the emulator first"):
        emulator.graphql_url  # noqa: B018
    assert repr(emulator) == "<Emulator not started>"
    async with emulator:
        url, token = emulator.graphql_url, token_of(emulator)
        with pytest.raises(RuntimeError, match="running already"):
            await emulator.start()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(post, emulator, ME, token)
    async with emulator:
        assert emulator.graphql_url == url
        assert (await asyncio.to_thread(post, emulator, ME, token)).status == 200
    await emulator.stop()


def test_the_thread_ends_with_the_block_even_when_a_request_is_under_way(post: Post) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Emulator.in_thread() as emulator:
            emulator.faults.delay(1, 25, on="graphql")
            answer = pool.submit(post, emulator, ME, token_of(emulator))
            time.sleep(0.1)
            began = time.monotonic()
        assert time.monotonic() - began < 8
        assert answer.exception(10) is not None
    assert "appsync-emulator" not in {t.name for t in threading.enumerate()}


def test_an_error_in_the_block_is_passed_on_and_the_port_is_free_again() -> None:
    class Oops(Exception): ...

    def fail() -> None:
        with Emulator.in_thread() as emulator:
            ports.append(int(emulator.cognito_url.rsplit(":", 1)[1]))
            raise Oops

    ports: list[int] = []
    with pytest.raises(Oops):
        fail()
    (port,) = ports
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_many_threads_may_use_one_emulator_at_a_time(post: Post) -> None:
    with Emulator.in_thread(rotation=True) as emulator, ThreadPoolExecutor(8) as pool:

        def work(number: int) -> int:
            emulator.add_user(f"user{number}")
            token = str(emulator.issue_tokens(f"user{number}").access_token)
            status: int = post(emulator, ME, token).status
            emulator.sign_out(f"user{number}")
            emulator.shift_clock(0.001)
            assert emulator.requests
            return status

        assert set(pool.map(work, range(100))) == {200}
        assert len(emulator.requests) == emulator.counters["graphql"] == 100


def test_several_loops_may_use_one_emulator(post: Post) -> None:
    with Emulator.in_thread() as emulator:
        token = token_of(emulator)
        for _ in range(2):
            answer = asyncio.run(asyncio.to_thread(post, emulator, ME, token))
            assert answer.status == 200


def test_no_token_password_or_secret_is_shown_by_repr(post: Post, call: Callable[..., Any]) -> None:
    with Emulator.in_thread(client_secret="hush-hush", api_keys=["da2-hush"]) as emulator:
        tokens = emulator.issue_tokens()
        forged = emulator.forge_token()
        post(emulator, {"query": ME, "variables": {"p": "hush"}}, str(tokens.access_token))
        post(emulator, ME, authorization=forged)
        post(emulator, ME, **{"x-api-key": "da2-hush"})
        call(emulator, "InitiateAuth", {"AuthParameters": {"PASSWORD": "correct horse"}})
        requests = emulator.requests
        shown = [repr(v) for v in (emulator, requests, vars(emulator), emulator.faults)]
        shown += [repr(dict(r.headers)) for r in requests]
        private = [tokens.access_token, tokens.id_token, tokens.refresh_token, forged]
        for secret in (*private, "hush", "correct horse"):
            assert not any(str(secret) in text for text in shown)
        assert len({r.token for r in requests}) == 3
        assert requests[2].headers["X-Api-Key"] == "da2-hush"
    assert emulator.client_secret == "hush-hush"


def test_the_log_tells_when_by_the_servers_clock(server: Emulator, post: Post) -> None:
    server.shift_clock(86400)
    post(server, ME)
    assert 86390 < server.requests[-1].at - time.time() < 86410


@pytest.mark.parametrize(
    ("arguments", "kind", "what"),
    [
        ({"grace_period": -1}, ValueError, "grace_period is 0 to 60"),
        ({"refresh_token_lifetime": 0}, ValueError, "refresh_token_lifetime"),
        ({"latency": -0.1}, ValueError, "latency"),
        ({"api_keys": "da2-key"}, TypeError, "in a list"),
        ({"schema": "type Query"}, ValueError, "no valid schema"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_with_what_to_do(
    arguments: dict[str, Any], kind: type[Exception], what: str
) -> None:
    with pytest.raises(kind, match=what):
        Emulator(**arguments)


def test_a_group_is_no_list_of_letters() -> None:
    with pytest.raises(TypeError, match="in a list"):
        Emulator().set_groups("ada", "Admins")
    with pytest.raises(KeyError, match="there are \\['ada'\\]"):
        Emulator().disable_user("grace")


def test_tokens_can_be_back_dated_and_be_of_any_lifetime(server: Emulator) -> None:
    tokens = server.issue_tokens(lifetime=300, issued_ago=200)
    assert tokens.access is not None
    assert tokens.access.lifetime == 300
    assert 98 < tokens.access.expires_at - server.now() <= 100


def test_a_forged_token_differs_in_its_signature_only(server: Emulator) -> None:
    options: Any = {"verify_signature": False}
    forged = jwt.decode(server.forge_token(), options=options)
    real = jwt.decode(token_of(server), options=options)
    assert {*forged} == {*real}
    assert forged["iss"] == real["iss"]


def test_the_fake_clock_goes_only_when_told() -> None:
    clock = FakeClock(wall=100.0, monotonic=5.0)
    as_protocol: Clock = clock
    before = Instant.now(as_protocol)
    clock.advance(10)
    assert Instant.now(clock) == before.plus(10)
    clock.jump_wall(-3600)
    assert (clock.wall(), clock.monotonic()) == (-3490.0, 15.0)


def test_the_public_names_are_sorted_and_there() -> None:
    names = appsync_gql.testing.__all__
    assert names == sorted(names)
    assert {*names} <= {*dir(appsync_gql.testing)}
    assert all(hasattr(appsync_gql.testing, name) for name in names)
    with pytest.raises(AttributeError, match="Emulater"):
        appsync_gql.testing.Emulater  # noqa: B018


def test_importing_the_emulator_brings_neither_pytest_nor_pycognito(
    python: Callable[[str], str],
) -> None:
    code = """
import sys
from appsync_gql.testing import Emulator
print([m for m in ("pytest", "pycognito") if m in sys.modules])
"""
    assert python(code) == "[]"


def test_a_missing_extra_is_told_as_the_pip_line_to_run(python: Callable[[str], str]) -> None:
    code = """
import sys
sys.modules["cryptography"] = None
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *a: None if name == "cryptography" else found(name, *a)
from appsync_gql.exceptions import MissingExtra
from appsync_gql.testing import Emulator
try:
    Emulator()
except MissingExtra as error:
    print(error)
"""
    assert 'pip install "appsync-gql[testing]"' in python(code)
