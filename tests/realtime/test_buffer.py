"""What waits for a consumer. No sockets."""

from __future__ import annotations

from typing import Any

import pytest

from appsync_gql import Gap, SubscriptionOverflow
from appsync_gql.realtime.buffer import Buffer, OnFull


class Told:
    def __init__(self) -> None:
        self.gaps: list[str] = []
        self.overflows = 0

    def missed(self, gap: Gap) -> None:
        self.gaps.append(gap.reason)

    def overflowed(self) -> None:
        self.overflows += 1


@pytest.fixture
def told() -> Told:
    return Told()


def buffer(told: Told, size: int, on_full: OnFull = "drop_oldest") -> Buffer:
    return Buffer(size, on_full, missed=told.missed, overflowed=told.overflowed)


def event(number: int) -> dict[str, Any]:
    return {"data": number}


async def test_gaps_in_a_row_are_one_for_the_consumer_and_all_are_told(told: Told) -> None:
    made = buffer(told, 2)
    for _ in range(40):
        made.gap("lost")
    assert len(made.items) == 1
    assert len(told.gaps) == 40


async def test_a_gap_is_no_event_for_who_fails_on_too_many(told: Told) -> None:
    made = buffer(told, 1, "fail")
    made.gap("lost")
    overflows = []
    for number in (1, 2, 3):
        made.deliver(event(number))
        overflows.append(told.overflows)
    assert overflows == [0, 1, 1]
    assert isinstance(await made.next(), Gap)
    assert await made.next() == event(1)
    with pytest.raises(SubscriptionOverflow):
        await made.next()


@pytest.mark.parametrize("size", [1, 2, 3, 10])
async def test_a_buffer_holds_no_more_than_its_size_and_a_gap(told: Told, size: int) -> None:
    made = buffer(told, size)
    for number in range(100):
        made.deliver(event(number))
        assert len(made.items) <= max(size, 2)
    assert isinstance(await made.next(), Gap)
    assert (await made.next()) == event(100 - max(size - 1, 1))
