from __future__ import annotations

import asyncio
import gc

from appsync_gql.http.repeats import UnfinishedMutations


async def test_the_same_mutation_in_the_same_task_is_a_repetition() -> None:
    unfinished = UnfinishedMutations()
    assert not unfinished.is_repeated(b"a")
    unfinished.add(b"a")
    assert unfinished.is_repeated(b"a")


async def test_it_is_a_repetition_once() -> None:
    unfinished = UnfinishedMutations()
    unfinished.add(b"a")
    assert unfinished.is_repeated(b"a")
    assert not unfinished.is_repeated(b"a")


async def test_an_equal_mutation_after_another_one_is_no_repetition() -> None:
    unfinished = UnfinishedMutations()
    unfinished.add(b"a")
    assert not unfinished.is_repeated(b"b")
    assert not unfinished.is_repeated(b"a")


async def test_an_equal_mutation_in_another_task_is_no_repetition() -> None:
    unfinished = UnfinishedMutations()
    unfinished.add(b"a")

    async def other() -> bool:
        return unfinished.is_repeated(b"a")

    assert not await asyncio.ensure_future(other())
    assert unfinished.is_repeated(b"a")


async def test_a_task_that_ended_is_forgotten() -> None:
    unfinished = UnfinishedMutations()

    async def other() -> None:
        unfinished.add(b"a")

    await asyncio.ensure_future(other())
    await asyncio.sleep(0)
    gc.collect()
    assert not unfinished._bodies


def test_outside_of_a_task_nothing_is_remembered() -> None:
    unfinished = UnfinishedMutations()
    loop = asyncio.new_event_loop()
    found: list[bool] = []
    loop.call_soon(lambda: unfinished.add(b"a"))
    loop.call_soon(lambda: found.append(unfinished.is_repeated(b"a")))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    assert found == [False]
