"""How long a caller still waits."""

from __future__ import annotations

import asyncio
import math
from contextlib import ExitStack, suppress

import anyio
import pytest

from appsync_gql.caller_timeout import seconds_left


def test_synchronous_code_has_no_limit() -> None:
    assert seconds_left() == math.inf


async def test_a_task_without_a_limit_has_none() -> None:
    assert seconds_left() == math.inf
    assert await asyncio.create_task(asyncio.to_thread(seconds_left)) == math.inf


async def test_a_callback_of_the_loop_has_no_limit() -> None:
    called = asyncio.get_running_loop().create_future()
    with anyio.fail_after(60):
        asyncio.get_running_loop().call_soon(lambda: called.set_result(seconds_left()))
        assert await called == math.inf


async def left_within(*limits: float | None) -> float:
    """Return the seconds that are left inside of these limits."""
    with ExitStack() as stack:
        for limit in limits:
            stack.enter_context(anyio.fail_after(limit))
        return seconds_left()


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ((60.0,), 59.5),
        ((5.0,), 4.5),
        ((1.0,), 0.8),
        ((None,), math.inf),
        ((60.0, 10.0, 30.0), 9.5),
    ],
)
async def test_an_error_reaches_the_caller_before_the_closest_limit(
    limits: tuple[float | None, ...], left: float
) -> None:
    found = await left_within(*limits)
    assert found == left or left - 0.5 < found <= left


async def test_after_the_limit_nothing_is_left() -> None:
    with suppress(TimeoutError), anyio.fail_after(0):
        assert seconds_left() == 0.0
        await anyio.sleep(60)
