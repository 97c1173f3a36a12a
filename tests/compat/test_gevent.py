"""A loop in a greenlet is seen by nobody else in the same real thread."""

from __future__ import annotations

import asyncio
import selectors
import sys
from typing import Any

import pytest

from appsync_gql.compat.gevent import RestoringSelector, _GreenletLoop, new_loop


class Waiting(selectors.DefaultSelector):
    """A selector that notes what others would see while it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def select(self, timeout: float | None = None) -> Any:
        self.seen.append((asyncio._get_running_loop(), sys.get_asyncgen_hooks()))
        return super().select(timeout)


class AsideWaiting(RestoringSelector, Waiting):
    """The same, put aside."""


@pytest.fixture
def selector() -> AsideWaiting:
    return AsideWaiting()


def in_loop(selector: RestoringSelector) -> asyncio.AbstractEventLoop:
    """Run a coroutine that waits a moment; return the loop that it has seen."""
    loop = _GreenletLoop(selector)

    async def main() -> asyncio.AbstractEventLoop:
        await asyncio.sleep(0.001)
        return asyncio.get_running_loop()

    try:
        assert loop.run_until_complete(main()) is loop
    finally:
        loop.close()
    return loop


def test_inside_it_is_the_running_loop_and_while_it_waits_nobody_sees_it(
    selector: AsideWaiting,
) -> None:
    before = sys.get_asyncgen_hooks()
    in_loop(selector)
    assert selector.seen
    assert all(seen == (None, before) for seen in selector.seen)
    assert asyncio._get_running_loop() is None
    assert sys.get_asyncgen_hooks() == before


async def test_it_runs_where_another_loop_runs_and_that_one_stays_the_running_one(
    selector: AsideWaiting,
) -> None:
    ours, hooks = asyncio.get_running_loop(), sys.get_asyncgen_hooks()
    task = asyncio.current_task()
    asyncio.tasks._leave_task(ours, task)  # type: ignore[arg-type] # as in another greenlet
    try:
        in_loop(selector)
    finally:
        asyncio.tasks._enter_task(ours, task)  # type: ignore[arg-type]
    assert asyncio.get_running_loop() is ours
    assert sys.get_asyncgen_hooks() == hooks
    assert selector.seen
    assert all(seen == (ours, hooks) for seen in selector.seen)


def test_what_others_note_while_it_waits_is_restored_the_next_time() -> None:
    other = asyncio.new_event_loop()

    class Base(Waiting):
        def select(self, timeout: float | None = None) -> Any:
            found = super().select(timeout)
            asyncio._set_running_loop(other)  # another greenlet has begun to run its loop
            return found

    class Switching(RestoringSelector, Base):
        pass

    switching = Switching()
    try:
        in_loop(switching)
        assert asyncio._get_running_loop() is other
    finally:
        asyncio._set_running_loop(None)
        other.close()
    seen = [loop for loop, _hooks in switching.seen]
    assert seen[0] is None
    assert all(loop is other for loop in seen[1:])


def test_without_gevent_it_is_an_ordinary_loop() -> None:
    loop = new_loop()
    assert not isinstance(loop, _GreenletLoop)
    loop.close()
