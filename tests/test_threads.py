"""Queues of events, and what the end of the interpreter waits for."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable

import pytest

from appsync_gql.threads import EventQueue, run_in_thread


class Listener:
    """Records events; may block at the first one."""

    def __init__(self, *, blocked: bool = False) -> None:
        self.events: list[object] = []
        self.go_on = threading.Event()
        self.more = threading.Condition()
        if not blocked:
            self.go_on.set()

    def __call__(self, event: object) -> None:
        assert self.go_on.wait(10)
        with self.more:
            self.events.append(event)
            self.more.notify_all()

    def wait_for(self, count: int) -> list[object]:
        with self.more:
            assert self.more.wait_for(lambda: len(self.events) >= count, 10)
        return self.events


def test_events_arrive_in_their_order() -> None:
    listener = Listener()
    queue = EventQueue(listener)
    for number in range(500):
        queue.put(number)
    assert listener.wait_for(500) == list(range(500))


@pytest.mark.slow
def test_a_listener_that_blocks_delays_its_own_events_only() -> None:
    slow, quick = Listener(blocked=True), Listener()
    queues = [EventQueue(slow) for _ in range(40)]
    for queue in queues:
        queue.put("slow")
    EventQueue(quick).put("quick")
    assert quick.wait_for(1) == ["quick"]
    assert slow.events == []
    slow.go_on.set()
    slow.wait_for(40)


def test_a_listener_that_raises_is_logged_and_gets_the_next_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener = Listener()

    def raise_once(event: object) -> None:
        if event == 1:
            raise KeyError
        listener(event)

    queue = EventQueue(raise_once)
    queue.put(1)
    queue.put(2)
    assert listener.wait_for(1) == [2]
    assert "on_event raised" in caplog.text


def test_without_a_listener_nothing_is_done() -> None:
    begun: list[object] = []
    EventQueue(None, run=lambda *work: begun.append(work)).put("event")
    assert not begun


def test_an_event_for_which_there_is_no_thread_is_delivered_with_the_next_one() -> None:
    listener, refuse = Listener(), [True]

    def run(work: Callable[[], object], description: str) -> None:
        if refuse:
            refuse.clear()
            msg = "can't start new thread"
            raise RuntimeError(msg)
        run_in_thread(work, description)

    queue = EventQueue(listener, run=run)
    queue.put(1)
    queue.put(2)
    assert listener.wait_for(2) == [1, 2]


def test_events_for_a_listener_that_never_returns_do_not_pile_up_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def never(work: object, description: str) -> None:
        del work, description

    queue = EventQueue(print, run=never)
    for number in range(10_010):
        queue.put(number)
    assert len(queue._events) == 10_000
    assert [r.levelno for r in caplog.records] == [logging.WARNING]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_deliver_its_parents_events() -> None:
    listener = Listener(blocked=True)
    queue = EventQueue(listener)
    queue.put("parent's")
    child = os.fork()
    if child == 0:
        listener.go_on, listener.more = threading.Event(), threading.Condition()
        listener.go_on.set()
        queue.put("child's")
        os._exit(0 if listener.wait_for(1) == ["child's"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    listener.go_on.set()
    assert listener.wait_for(1) == ["parent's"]


def run_program(code: str) -> tuple[str, str, float]:
    """Run a program; return what it wrote to both outputs, and the seconds it took."""
    began = time.monotonic()
    outcome = subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return outcome.stdout, outcome.stderr, time.monotonic() - began


def test_the_end_of_the_program_waits_for_work_under_way() -> None:
    out, _, _ = run_program(
        """
        import time
        from appsync_gql.threads import run_in_thread
        run_in_thread(lambda: (time.sleep(0.3), print("saved", flush=True)))
        """
    )
    assert out == "saved\n"


def test_work_is_done_after_the_main_thread_has_ended_while_others_run() -> None:
    out, err, _ = run_program(
        """
        import threading, time
        from appsync_gql.threads import run_in_thread

        def server():
            threading.main_thread().join()
            for number in range(2):
                done = threading.Event()
                run_in_thread(lambda: (print(number, flush=True), done.set()))
                assert done.wait(10)

        threading.Thread(target=server).start()
        """
    )
    assert (out, err) == ("0\n1\n", "")


def test_the_end_of_a_child_process_waits_for_its_work() -> None:
    out, _, _ = run_program(
        """
        import multiprocessing, time
        from appsync_gql.threads import run_in_thread

        def child():
            run_in_thread(lambda: (time.sleep(0.3), print("saved", flush=True)))

        if __name__ == "__main__":
            process = multiprocessing.get_context("fork").Process(target=child)
            process.start()
            process.join()
        """
    )
    assert out == "saved\n"


@pytest.mark.slow
def test_work_that_hangs_holds_the_end_of_the_program_for_a_few_seconds_only() -> None:
    _, err, took = run_program(
        """
        import time
        from appsync_gql.threads import EventQueue, run_in_thread
        run_in_thread(lambda: time.sleep(60), "a renewal")
        EventQueue(lambda event: time.sleep(60)).put("event")
        """
    )
    assert took < 15
    assert "a call of on_event (1), a renewal (1)" in err
