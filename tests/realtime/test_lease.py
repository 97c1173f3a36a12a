"""The right to use a connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appsync_gql.realtime.errors import Lost
from appsync_gql.realtime.lease import Lease, NotConnected


class Connection:
    leases = 0


async def test_a_lease_is_counted_until_it_is_released_once() -> None:
    connection: Any = Connection()
    unused: list[int] = []

    def check(made: Any) -> None:
        unused.append(made.leases)

    one, other = Lease(connection, check), Lease(connection, check)
    assert connection.leases == 2
    await one.release()
    await one.release()
    assert connection.leases == 1
    await other.release()
    assert unused == [1, 0]


async def test_a_cancelled_release_does_not_cancel_the_closing() -> None:
    connection: Any = Connection()
    closed = asyncio.Event()
    closing: list[asyncio.Task[Any]] = []

    def close(_connection: Any) -> asyncio.Task[Any]:
        closing.append(asyncio.ensure_future(closed.wait()))
        return closing[0]

    releasing = asyncio.ensure_future(Lease(connection, close).release())
    await asyncio.sleep(0)
    releasing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await releasing
    closed.set()
    assert await closing[0]


def test_a_failed_attempt_shows_no_headers() -> None:
    assert repr(NotConnected(Lost("reset"), None)) == "NotConnected(Lost(reason='reset'))"
