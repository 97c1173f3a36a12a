"""Tests of somebody's program under pytest-asyncio: loops of several scopes, and one store.

It is run by a pytest of its own; see ``matrix.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hosts.load import ask_in_tasks
from hosts.measurement import Count, Measurement
from hosts.own_measurement import MARK, open_now
from hosts.settings import Settings
from hosts.users import Users

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 0.5

users = Users(Settings.from_environment())
total = Count()
opened: list[tuple[int, int]] = []


@pytest.fixture(scope="session", autouse=True)
def measured() -> Iterator[None]:
    """Print the measurement after the last test."""
    yield
    opened.append(open_now())
    before, after = opened[0], opened[-1]
    measurement = Measurement(
        users=len(users.names),
        count=total,
        descriptors=(before[0], after[0]),
        threads=(before[1], after[1]),
    )
    print("\n" + MARK + measurement.to_json(), flush=True)  # noqa: T201


async def ask() -> None:
    count = await ask_in_tasks(users.ask_async, users.names, seconds=SECONDS)
    total.merge(count)
    assert not count.errors
    assert not count.wrong


@pytest.mark.parametrize("number", range(4))
async def test_a_loop_for_each_test(number: int) -> None:
    del number
    await ask()


def test_synchronous_calls_between() -> None:
    for name in users.names:
        for way in (users.ask_blocking, users.ask_sync):
            assert way(name, f"{name} again", False) == (f"{name} again", name)  # noqa: FBT003
    opened.append(open_now())


@pytest.mark.asyncio(loop_scope="class")
class TestOneLoopForAClass:
    @pytest.mark.parametrize("number", range(4))
    async def test_it(self, number: int) -> None:
        del number
        await ask()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("number", range(2))
async def test_one_loop_for_the_module(number: int) -> None:
    del number
    await ask()


@pytest.mark.parametrize("number", range(4))
async def test_and_again_a_loop_for_each_test(number: int) -> None:
    del number
    await ask()
