"""A store made before ``os.fork`` works in every child (gunicorn, multiprocessing)."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from typing import TYPE_CHECKING

import pytest

from appsync_gql import CognitoProvider, FilePersistence, MemoryPersistence, TokenStore
from appsync_gql.testing import Emulator
from support.store import BlockedCall, token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from appsync_gql import SessionKey, Tokens

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork"),
    # That is what is tested here: a parent with threads.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

CHILDREN = 4


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator.in_thread(rotation=True) as emulator:
        yield emulator


def provider(emulator: Emulator) -> CognitoProvider:
    return CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )


def in_children(work: Callable[[], str]) -> list[str]:
    """Fork children that all do the work; give what each says, or its error's name."""

    def child(line: object) -> None:
        try:
            said = work()
        except BaseException as error:  # noqa: BLE001 - it is sent to the parent
            said = repr(error)
        line.send(said)  # type: ignore[attr-defined]
        os._exit(0)

    forks = multiprocessing.get_context("fork")
    lines = []
    for _ in range(CHILDREN):
        ours, theirs = forks.Pipe()
        process = forks.Process(target=child, args=(theirs,))
        process.start()
        theirs.close()
        lines.append((process, ours))
    said = []
    for process, line in lines:
        said.append(line.recv() if line.poll(30) else "it hangs")
        process.kill()
        process.join()
        line.close()
    return said


def test_children_of_a_process_that_used_the_store_share_the_session(
    emulator: Emulator, tmp_path: Path
) -> None:
    """The parent has worker threads, a Cognito client and connections that they must not use."""
    persistence = FilePersistence(tmp_path / "sessions.json")
    store = TokenStore(
        provider(emulator), tokens=emulator.issue_tokens(issued_ago=4000), persistence=persistence
    )
    before = store.blocking.headers()

    def renew() -> str:
        return str(token(store.blocking.renew(before)))

    said = in_children(renew)
    assert len(set(said)) == 1, said
    assert said[0] != token(before)
    assert (emulator.counters["refreshes"], emulator.counters["reuse"]) == (2, 0)
    assert token(store.blocking.renew(before)) == said[0]


@pytest.mark.slow
def test_a_child_forked_in_mid_renewal_does_not_wait_for_its_parents_thread() -> None:
    # No rotation: parent and child each have the memory, and in it the one refresh token.
    with Emulator.in_thread() as emulator:
        fork_in_mid_renewal(emulator)


def fork_in_mid_renewal(emulator: Emulator) -> None:
    blocked = BlockedCall()

    class Slow(MemoryPersistence):
        def load(self, key: SessionKey) -> Tokens | None:
            blocked()
            return super().load(key)

    store = TokenStore(
        provider(emulator),
        tokens=emulator.issue_tokens(issued_ago=4000),
        persistence=Slow(),
    )
    waiting = threading.Thread(target=store.blocking.headers)
    waiting.start()
    assert blocked.started.wait(10)

    def ask() -> str:
        blocked.release()
        return str(asyncio.run(store.headers())["Authorization"])

    said = in_children(ask)
    blocked.release()
    waiting.join(10)
    assert [answer.count(".") for answer in said] == [2] * CHILDREN, said


def test_children_do_not_all_renew_at_the_moment_of_their_parent(emulator: Emulator) -> None:
    draws = iter([0.1, 0.2])
    drawn: list[float] = []

    def jitter() -> float:
        drawn.append(next(draws))
        return drawn[-1]

    store = TokenStore(
        provider(emulator),
        tokens=emulator.issue_tokens(),
        persistence=MemoryPersistence(),
        jitter=jitter,
    )
    assert drawn == [0.1]
    assert set(in_children(lambda: repr(drawn))) == {"[0.1, 0.2]"}
    assert store.headers_nowait() is not None
