"""A lease while it is held: extended, released, and the fence with which its holder writes."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from appsync_gql import StorageFailed
from appsync_gql.persistence.lease import CurrentFence, hold_lease

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = 60.0


class Storage:
    """Counts the calls, each of which can fail or wait."""

    def __init__(self) -> None:
        self.extended = threading.Semaphore(0)
        self.released = threading.Event()
        self.extensions = 0
        self.outcomes: list[bool | Exception] = []
        self.answers = threading.Event()
        self.answers.set()

    def extend(self) -> bool:
        self.extensions += 1
        outcome = self.outcomes.pop(0) if self.outcomes else True
        self.extended.release()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def release(self) -> None:
        self.answers.wait(10)
        self.released.set()


def lease_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "appsync-gql-lease"]


def test_a_lease_is_extended_until_its_holder_has_done_and_then_released() -> None:
    storage = Storage()
    with hold_lease(extend=storage.extend, release=storage.release, seconds=0.03):
        for _ in range(3):
            assert storage.extended.acquire(timeout=10)
        assert not storage.released.is_set()
        (thread,) = lease_threads()
        assert thread.daemon
    assert storage.released.is_set()
    thread.join(10)
    assert not lease_threads()


def test_an_extension_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    storage = Storage()
    storage.outcomes = [StorageFailed("It is down."), True]
    with hold_lease(extend=storage.extend, release=storage.release, seconds=0.03):
        for _ in range(2):
            assert storage.extended.acquire(timeout=10)
    assert "not extended: It is down." in caplog.text


def test_a_lost_lease_is_not_extended_again(caplog: pytest.LogCaptureFixture) -> None:
    storage = Storage()
    storage.outcomes = [False]
    with hold_lease(extend=storage.extend, release=storage.release, seconds=0.03):
        assert storage.extended.acquire(timeout=10)
        assert not storage.extended.acquire(timeout=0.1)
    assert "was lost" in caplog.text


def test_a_storage_that_hangs_at_the_release_does_not_hold_up_the_holder() -> None:
    """The lease ends by itself."""
    storage = Storage()
    storage.answers.clear()
    began = time.monotonic()
    with hold_lease(
        extend=storage.extend, release=storage.release, seconds=LONG, release_seconds=0.05
    ):
        pass
    assert time.monotonic() - began < 5
    assert not storage.released.is_set()
    storage.answers.set()
    assert storage.released.wait(10)


def test_a_release_that_fails_is_logged_and_raises_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def release() -> None:
        raise StorageFailed("It is down.")

    with hold_lease(extend=lambda: True, release=release, seconds=10.0):
        pass
    assert "ends by itself within 10 seconds: It is down." in caplog.text


def test_without_a_thread_the_lease_is_not_extended_but_released(
    caplog: pytest.LogCaptureFixture,
) -> None:
    storage = Storage()
    with hold_lease(extend=storage.extend, release=storage.release, seconds=0.03, start=no_thread):
        assert not storage.released.is_set()
    assert storage.released.is_set()
    assert not storage.extensions
    assert "can't start new thread" in caplog.text


def test_an_error_under_the_lease_releases_it_too() -> None:
    storage = Storage()
    with (
        pytest.raises(ZeroDivisionError),
        hold_lease(extend=storage.extend, release=storage.release, seconds=LONG),
    ):
        raise ZeroDivisionError
    assert storage.released.is_set()


def no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("start", [threading.Thread.start, no_thread])
def test_a_child_forked_under_a_lease_has_neither_the_lease_nor_its_fence(
    start: Callable[[threading.Thread], None],
) -> None:
    fence, parent = CurrentFence(), os.getpid()
    calls: list[str] = []
    with (
        hold_lease(
            extend=lambda: True,
            release=lambda: calls.append("released"),
            seconds=LONG,
            start=start,
        ),
        fence.set(7),
    ):
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            with pytest.raises(StorageFailed):
                _ = fence.number
            calls.append("no fence")
    if os.getpid() != parent:  # pragma: no cover - another process
        os._exit(0 if calls == ["no fence"] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert calls == ["released"]


def test_the_fence_belongs_to_the_thread_that_holds_the_lease() -> None:
    fence = CurrentFence()
    with fence.set(7), ThreadPoolExecutor(1) as other:
        assert fence.number == 7
        with pytest.raises(StorageFailed, match="inside lock"):
            other.submit(lambda: fence.number).result()
    with pytest.raises(StorageFailed, match="need the lock"):
        _ = fence.number
