"""A service that runs on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from appsync_gql.testing.emulator.background_thread import running_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Oops(Exception): ...


def test_a_service_is_entered_and_left_in_a_loop_on_another_thread() -> None:
    calls: list[tuple[str, str, object]] = []

    @asynccontextmanager
    async def service() -> AsyncIterator[None]:
        where = threading.current_thread().name, asyncio.get_running_loop()
        calls.append(("entered", *where))
        yield
        calls.append(("left", *where))

    with running_in_thread(service(), "some-service"):
        assert [c[:2] for c in calls] == [("entered", "some-service")]
    assert [c[:2] for c in calls] == [("entered", "some-service"), ("left", "some-service")]
    assert calls[0][2] is calls[1][2]


def test_an_error_at_its_start_is_raised_in_the_starting_thread() -> None:
    @asynccontextmanager
    async def service() -> AsyncIterator[None]:
        raise Oops
        yield

    with pytest.raises(Oops), running_in_thread(service(), "some-service"):
        pytest.fail("the block must not run")
    assert "some-service" not in {t.name for t in threading.enumerate()}


def test_an_error_in_the_block_ends_the_service() -> None:
    left = threading.Event()

    @asynccontextmanager
    async def service() -> AsyncIterator[None]:
        yield
        left.set()

    def fail() -> None:
        with running_in_thread(service(), "some-service"):
            raise Oops

    with pytest.raises(Oops):
        fail()
    assert left.is_set()
