"""Starting and stopping, threads, arguments, and secrets that must not be shown."""

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

from appsync_gql.testing import Emulator

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


@pytest.mark.slow
def test_the_thread_ends_with_the_block_even_if_a_request_is_in_progress(post: Post) -> None:
    before = set(threading.enumerate())  # other tests' emulators may be running
    with ThreadPoolExecutor(1) as pool:
        with Emulator.in_thread() as emulator:
            emulator.faults.delay(1, 25, on="graphql")
            response = pool.submit(post, emulator, ME, token_of(emulator))
            time.sleep(0.1)
            began = time.monotonic()
        assert time.monotonic() - began < 8
        assert response.exception(10) is not None
    left = set(threading.enumerate()) - before
    assert "appsync-emulator" not in {thread.name for thread in left}


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
            response = asyncio.run(asyncio.to_thread(post, emulator, ME, token))
            assert response.status == 200


def test_repr_shows_no_token_password_or_secret(post: Post, call: Callable[..., Any]) -> None:
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


def test_requests_are_recorded_with_the_servers_time(server: Emulator, post: Post) -> None:
    server.shift_clock(86400)
    post(server, ME)
    assert 86390 < server.requests[-1].at - time.time() < 86410


def test_a_port_that_is_in_use_is_an_error_in_the_thread_that_started_the_emulator() -> None:
    with Emulator.in_thread() as first:
        port = int(first.cognito_url.rsplit(":", 1)[1])
        with (
            pytest.raises(OSError, match=f"127.0.0.1:{port} is in use: choose another port"),
            Emulator.in_thread(port=port),
        ):
            pass


def test_it_listens_on_loopback_only() -> None:
    with Emulator.in_thread() as emulator:
        (address,) = emulator._server._runner.addresses  # type: ignore[union-attr]
    assert address[0] == "127.0.0.1"


def test_nothing_that_a_client_sends_is_logged(
    server: Emulator, post: Post, call: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        tokens = server.issue_tokens()
        post(server, {"query": ME, "variables": {"p": "hush"}}, str(tokens.access_token))
        post(server, "{ nope }", "hush-hush", **{"x-api-key": "da2-hush"})
        call(server, "InitiateAuth", {"AuthParameters": {"PASSWORD": "hush-hush"}})
        call(server, "Hush", {"RefreshToken": str(tokens.refresh_token)})
    for secret in ("hush", *(str(t) for t in (tokens.access_token, tokens.refresh_token))):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("arguments", "kind", "what"),
    [
        ({"grace_period": -1}, ValueError, "grace_period is 0 to 60"),
        ({"refresh_token_lifetime": 0}, ValueError, "refresh_token_lifetime"),
        ({"latency": -0.1}, ValueError, "latency"),
        ({"token_lifetime": 0}, ValueError, "second"),
        ({"port": 65_536}, ValueError, "port is 0 to 65535"),
        ({"resolvers": {"Query": {"b": len}}}, ValueError, "Query.b"),
        ({"api_keys": "da2-key"}, TypeError, "in a list"),
        ({"schema": "type Query"}, ValueError, "no valid schema"),
    ],
)
def test_an_argument_out_of_range_is_an_error_that_says_what_to_do(
    arguments: dict[str, Any], kind: type[Exception], what: str
) -> None:
    with pytest.raises(kind, match=what):
        Emulator(**arguments)


def test_one_string_is_not_taken_for_a_list_of_groups() -> None:
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


def test_importing_the_emulator_imports_neither_pytest_nor_pycognito(
    python: Callable[[str], str],
) -> None:
    code = """
import sys
from appsync_gql.testing import Emulator
print([m for m in ("pytest", "pycognito") if m in sys.modules])
"""
    assert python(code) == "[]"


def test_a_missing_extra_is_an_error_with_the_pip_command(python: Callable[[str], str]) -> None:
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
