"""One subscription on one connection."""

from __future__ import annotations

import asyncio

from appsync_gql.realtime.buffer import Buffer
from appsync_gql.realtime.errors import Completed, Lost
from appsync_gql.realtime.receiver import Receiver
from appsync_gql.realtime.registration import Registration, resolve


def registration() -> Registration:
    buffer = Buffer(1, "fail", on_gap=lambda _: None, on_overflow=lambda: None)
    return Registration("1", Receiver(buffer))


async def test_an_end_before_the_acknowledgement_is_the_answer_to_the_start() -> None:
    made = registration()
    made.end(Lost("reset"))
    assert made.acknowledged.result() == made.ended.result() == Lost("reset")


async def test_only_the_first_end_counts() -> None:
    made = registration()
    resolve(made.acknowledged, None)
    made.end(Completed())
    made.end(Lost("reset"))
    assert made.acknowledged.result() is None
    assert made.ended.result() == Completed()


async def test_a_future_that_is_cancelled_is_left_alone() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    resolve(future, None)
    assert future.cancelled()
