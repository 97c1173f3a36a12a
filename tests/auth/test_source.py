from __future__ import annotations

import asyncio
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
from appsync_gql.testing import FakeClock
from support.store import NOON, fixed_delay, jwt_of, token


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
    async def hang() -> str:
        await asyncio.sleep(3600)
        return ""

    def block() -> str:
        time.sleep(0.5)
        return "too late"

    auth = LambdaAuth(block if sync else hang, timeout=0.05, patience=0)
    with pytest.raises(RenewalFailed):
        await auth.headers()


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
