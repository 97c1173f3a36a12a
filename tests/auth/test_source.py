from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import pickle
import sys
import threading
import time
from typing import Any

import pytest

from appsync_gql import (
    AppSyncError,
    ConfigurationError,
    InvalidToken,
    LambdaAuth,
    OidcAuth,
    RenewalFailed,
    SessionExpired,
)
from appsync_gql.secret import Secret
from appsync_gql.testing import FakeClock
from support.store import NOON, fixed_delay, jwt_of, token
from support.tracebacks import assert_hidden


def jwt_at(issued_at: float, lifetime: float = 3600) -> str:
    return jwt_of(iat=issued_at, exp=issued_at + lifetime)


@pytest.mark.parametrize("mode", [OidcAuth, LambdaAuth])
async def test_a_function_sync_or_async_is_called_for_each_token(mode: Any) -> None:
    count = 0

    def sync() -> str:
        nonlocal count
        count += 1
        return f"token-{count}"

    async def later() -> str:
        await asyncio.sleep(0)
        return sync()

    class Callable:
        async def __call__(self) -> str:
            return sync()

    for source in (sync, later, Callable()):
        count = 0
        auth = mode(source)
        assert auth.headers_nowait() is None
        headers = await auth.headers()
        assert token(headers) == token(auth.headers_nowait()) == "token-1"
        assert token(await auth.renew(headers)) == "token-2"
        assert token(await auth.renew(headers)) == "token-2"


async def test_a_sync_function_does_not_block_the_loop() -> None:
    def slow() -> str:
        time.sleep(0.2)
        return "token"

    began, longest = time.monotonic(), 0.0
    waiting = asyncio.ensure_future(LambdaAuth(slow).headers())
    while not waiting.done():
        turn = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - turn)
    assert time.monotonic() - began > 0.2
    assert longest < 0.15


async def test_a_jwt_is_replaced_ahead_of_its_expiry() -> None:
    clock = FakeClock()
    source = lambda: jwt_at(clock.wall())  # noqa: E731
    auth = OidcAuth(source, clock=clock)
    first = token(await auth.headers())
    clock.advance(3600 - 31)
    assert token(auth.headers_nowait()) == first
    clock.advance(2)
    assert token(auth.headers_nowait()) == first
    while token(auth.headers_nowait()) == first:
        await asyncio.sleep(0)


async def test_the_next_token_is_fetched_from_thirty_seconds_before_the_end() -> None:
    clock, calls = FakeClock(), 0

    async def source() -> str:
        nonlocal calls
        calls += 1
        return jwt_at(clock.wall())

    auth = OidcAuth(source, clock=clock)
    await auth.headers()
    for seconds, expected in ((3600 - 30.1, 1), (0.2, 2)):
        clock.advance(seconds)
        assert auth.headers_nowait() is not None
        for _ in range(5):
            await asyncio.sleep(0)
        assert calls == expected


async def test_the_servers_dates_say_when_a_token_has_expired() -> None:
    """This machine's clock is 50 minutes behind."""
    clock = FakeClock()
    auth = OidcAuth(lambda: jwt_at(clock.wall()), clock=clock)
    auth.answered("nonsense", 0.0)
    for second in (1, 2):
        clock.advance(1)
        auth.answered(f"Fri, 15 Jan 2027 08:50:0{second} GMT", 0.0)
    await auth.headers()
    clock.advance(560)
    assert auth.headers_nowait() is not None
    clock.advance(42)
    assert auth.headers_nowait() is None


async def test_an_opaque_token_has_the_lifetime_that_was_given() -> None:
    clock = FakeClock()
    auth = OidcAuth(lambda: f"opaque-{clock.wall()}", lifetime=60, clock=clock)
    first = token(await auth.headers())
    clock.advance(61)
    assert auth.headers_nowait() is None
    assert token(await auth.headers()) != first


async def test_a_token_given_as_a_str_is_sent_until_it_expires() -> None:
    clock = FakeClock()
    auth = OidcAuth(jwt_at(clock.wall()), clock=clock)
    headers = await auth.headers()
    assert await auth.renew(headers) == headers
    clock.advance(3601)
    with pytest.raises(SessionExpired, match="pass a function"):
        await auth.headers()


@pytest.mark.parametrize("mode", [OidcAuth, LambdaAuth])
@pytest.mark.parametrize("found", [None, 7, b"token", "", "  ", "a\nb", "tökén"])
async def test_what_is_no_token_is_refused_before_anything_is_sent(mode: Any, found: Any) -> None:
    with pytest.raises(InvalidToken) as caught:
        await mode(lambda: found).headers()
    assert caught.value.setting == "source"
    if isinstance(found, str):
        with pytest.raises(InvalidToken):
            mode(found)


async def test_a_prefix_belongs_to_lambda_tokens_only() -> None:
    with pytest.raises(InvalidToken, match="Bearer"):
        OidcAuth("Bearer token")
    assert token(await LambdaAuth("Bearer token").headers()) == "Bearer token"


async def test_a_source_that_raises_is_waited_through_and_then_an_error_of_ours() -> None:
    outcomes: list[Exception | str] = [KeyError("vault"), "token"]

    def source() -> str:
        found = outcomes.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    auth = LambdaAuth(source, delays=fixed_delay(0))
    assert token(await auth.headers()) == "token"
    outcomes.append(KeyError("secret-7"))
    with pytest.raises(RenewalFailed, match="KeyError") as caught:
        await LambdaAuth(source, patience=0).headers()
    assert "secret-7" not in str(caught.value)


@pytest.mark.parametrize("sync", [True, False])
async def test_a_source_that_hangs_ends_after_its_timeout(*, sync: bool) -> None:
    ended = threading.Event()

    async def hang() -> str:
        await asyncio.sleep(3600)
        return ""

    def block() -> str:
        ended.wait(10)
        return "too late"

    auth = LambdaAuth(block if sync else hang, timeout=0.05)
    with pytest.raises(RenewalFailed, match=r"within 0\.05 s"):
        await auth.headers()
    ended.set()


async def test_an_async_source_that_can_not_be_cancelled_delays_nobody() -> None:
    async def stubborn() -> str:
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.1)
        raise KeyError

    with pytest.raises(RenewalFailed, match="within"):
        await LambdaAuth(stubborn, timeout=0.05).headers()
    await asyncio.sleep(0.3)


async def test_a_timeout_of_the_sources_own_is_not_called_the_timeout_of_this_package() -> None:
    async def source() -> str:
        raise TimeoutError

    with pytest.raises(
        RenewalFailed, match=r"TimeoutError in source\(\), line \d+ of .*test_source"
    ):
        await LambdaAuth(source, patience=0).headers()


async def test_a_function_that_returns_an_awaitable_is_an_async_one() -> None:
    loops = set()

    async def fetch(number: int) -> str:
        loops.add(asyncio.get_running_loop())
        return f"token-{number}"

    class Awaitable:
        def __await__(self) -> Any:
            return fetch(3).__await__()

    for source, expected in (
        (lambda: fetch(1), "token-1"),
        (functools.partial(fetch, 2), "token-2"),
        (Awaitable, "token-3"),
    ):
        auth = OidcAuth(source)
        headers = await auth.headers()
        assert token(headers) == expected
        await auth.renew(headers)
    assert loops == {asyncio.get_running_loop()}


def test_an_async_source_serves_loops_one_after_the_other_and_at_once() -> None:
    count = 0

    async def source() -> str:
        nonlocal count
        count += 1
        await asyncio.sleep(0.05)
        return f"token-{count}"

    auth = LambdaAuth(source)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(token(asyncio.run(auth.headers()))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, count) == (["token-1"] * 8, 1)
    headers = asyncio.run(auth.headers())
    assert token(asyncio.run(auth.renew(headers))) == "token-2"


async def test_a_source_that_ends_the_thread_is_a_failure_and_not_a_hang(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def source() -> str:
        sys.exit(1)

    with pytest.raises(RenewalFailed, match="broken off"):
        await LambdaAuth(source, patience=0).headers()
    while "SystemExit" not in caplog.text:
        await asyncio.sleep(0.01)


async def test_an_error_class_of_the_sources_own_is_raised_as_it_is() -> None:
    class VaultSealed(SessionExpired):
        def __init__(self, vault: str, since: int) -> None:
            super().__init__(f"{vault} is sealed")
            self.since = since

    def source() -> str:
        raise VaultSealed("vault", 7)

    auth = LambdaAuth(source)
    for _ in range(2):
        with pytest.raises(VaultSealed, match="vault is sealed") as caught:
            await auth.headers()
        assert caught.value.since == 7


async def test_a_token_may_be_a_secret_already() -> None:
    assert token(await LambdaAuth(lambda: Secret("token")).headers()) == "token"


async def test_a_token_that_seems_to_have_expired_when_it_comes_is_for_appsync_to_judge() -> None:
    """This machine's clock is ahead, and the token is a short one."""
    clock = FakeClock()
    auth = OidcAuth(lambda: jwt_at(clock.wall() - 600, 300), clock=clock)
    headers = await auth.headers()
    assert auth.headers_nowait() is not None
    clock.advance(300 / 4 + 1)
    assert auth.headers_nowait() is None
    assert token(await auth.headers()) != token(headers)


async def test_a_jwt_behind_a_prefix_is_replaced_ahead_of_its_expiry_too() -> None:
    clock = FakeClock()
    auth = LambdaAuth(lambda: "Bearer " + jwt_at(clock.wall(), 300), clock=clock)
    first = token(await auth.headers())
    clock.advance(301)
    assert auth.headers_nowait() is None
    assert token(await auth.headers()) != first


@pytest.mark.parametrize("mode", [OidcAuth, LambdaAuth])
async def test_no_token_is_in_a_traceback(mode: Any) -> None:
    secret = "eyJ-secret-token"
    for wrong in (f"{secret}\n", f"{secret} ü"):
        with pytest.raises(InvalidToken) as caught:
            mode(wrong)
        assert_hidden(caught.value, secret)
        with pytest.raises(InvalidToken) as later:
            await mode(lambda wrong=wrong: wrong).headers()
        assert_hidden(later.value, secret)


@pytest.mark.parametrize("copied", [pickle.dumps, copy.deepcopy])
def test_it_is_not_pickled(copied: Any) -> None:
    with pytest.raises(TypeError, match="in each process"):
        copied(LambdaAuth("token"))


def test_outside_of_an_event_loop_headers_may_be_asked_for_without_waiting() -> None:
    clock = FakeClock()

    async def source() -> str:
        return jwt_at(clock.wall())

    auth = OidcAuth(source, clock=clock)
    asyncio.run(auth.headers())
    clock.advance(3600 - 15)
    assert auth.headers_nowait() is not None


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"source": 7}, "source"),
        ({"source": None}, "source"),
        ({"source": "t", "lifetime": 0}, "lifetime"),
        ({"source": "t", "lifetime": float("nan")}, "lifetime"),
        ({"source": "t", "timeout": "5"}, "timeout"),
        ({"source": "t", "patience": -1}, "patience"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_at_once(
    arguments: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LambdaAuth(**arguments)
    assert caught.value.setting == setting


async def test_a_machine_with_a_wrong_clock_keeps_using_good_tokens() -> None:
    """The server's time counts, as its responses tell it."""
    clock = FakeClock()
    auth = OidcAuth(lambda: jwt_at(clock.wall() + 600), clock=clock)
    await auth.headers()
    auth.answered("Fri, 15 Jan 2027 08:10:00 GMT", 0.1)
    assert auth.headers_nowait() is not None
    assert NOON


async def test_the_token_is_in_no_repr() -> None:
    auth = OidcAuth("token-7")
    shown = f"{auth!r} {auth.headers_nowait()!r} {await auth.headers()!r}"
    assert "token-7" not in shown
    assert issubclass(InvalidToken, AppSyncError)
