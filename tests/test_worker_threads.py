"""Threads for work that blocks: how many, and what happens to work that hangs."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from appsync_gql.worker_threads import AwakeClock, WorkerThreads, threads_wanted
from support.programs import run_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = 100.0
JUST, LONG_AGO = NOW - 0.1, NOW - 10.0


@pytest.mark.parametrize(
    ("running", "queued", "wanted"),
    [
        pytest.param([], [], 4, id="nothing to do"),
        pytest.param([JUST] * 4, [JUST] * 1000, 4, id="a burst of quick work"),
        pytest.param([JUST] * 4, [LONG_AGO] * 1000, 4, id="a long burst that goes on"),
        pytest.param([LONG_AGO] + [JUST] * 3, [JUST], 5, id="one hangs: it is not counted"),
        pytest.param([LONG_AGO] * 4, [JUST], 8, id="all hang: as many again"),
        pytest.param([LONG_AGO] * 4, [LONG_AGO] * 90, 94, id="all hang, many wait for too long"),
        pytest.param([LONG_AGO] * 94, [], 98, id="there is always room for the next"),
    ],
)
def test_threads_that_hang_are_replaced_and_a_burst_starts_no_more(
    running: list[float], queued: list[float], wanted: int
) -> None:
    found = threads_wanted(NOW, queued=queued, running=running, most=4, stuck_after=0.5)
    assert found == wanted


@pytest.mark.parametrize(
    ("waits", "counted"),
    [
        pytest.param([0.1, 0.1], 0.2, id="in time"),
        pytest.param([0.01], 0.01, id="woken earlier"),
        pytest.param([0.19], 0.19, id="a little late"),
        pytest.param([9.0], 0.1, id="the process was stopped"),
        pytest.param([0.1, 9.0, 0.15, 3.0], 0.45, id="stopped twice"),
    ],
)
def test_time_in_which_the_process_did_not_run_is_not_counted(
    waits: list[float], counted: float
) -> None:
    monotonic = 50.0
    clock = AwakeClock(lambda: monotonic)
    first = clock.now()
    for seconds in waits:
        began = clock.now()
        monotonic += seconds
        clock.woke(began, 0.1)
    assert clock.now() - first == pytest.approx(counted)


class Hang:
    """Work that lasts until the test lets it end."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.end = threading.Event()

    def __call__(self) -> None:
        self.begun.release()
        assert self.end.wait(10)


@pytest.fixture
def hang() -> Iterator[Hang]:
    hang = Hang()
    yield hang
    hang.end.set()


def do(threads: WorkerThreads, work: Callable[[], object]) -> threading.Event:
    """Run work; the event is set when it is over."""
    done = threading.Event()

    def run() -> None:
        try:
            work()
        finally:
            done.set()

    threads.run(run, "work")
    return done


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


def test_one_thread_does_one_piece_of_work_after_the_other() -> None:
    threads, used = WorkerThreads(), set()
    for _ in range(50):
        assert do(threads, lambda: used.add(threading.get_ident())).wait(10)
        until(lambda: threads._idle == 1)
    assert threads.count == len(used) == 1


def test_a_burst_of_quick_work_is_done_by_few_threads() -> None:
    threads = WorkerThreads(most=4)
    done = [do(threads, lambda: None) for _ in range(2000)]
    assert all(event.wait(10) for event in done)
    assert threads.count <= 4


STOPPED = """
import signal, subprocess
from appsync_gql.worker_threads import WorkerThreads

threads, done = WorkerThreads(), threading.Semaphore(0)

def work():  # takes 0.3 seconds in which this process runs
    for _ in range(30):
        time.sleep(0.01)
    done.release()

for _ in range(96):
    threads.run(work, "work")
go_on = "import os, sys, time\\nwhile True: time.sleep(0.7); os.kill(*map(int, sys.argv[1:]))"
numbers = str(os.getpid()), str(int(signal.SIGCONT))
other = subprocess.Popen([sys.executable, "-c", go_on, *numbers], stderr=subprocess.DEVNULL)
os.kill(os.getpid(), signal.SIGSTOP)  # for longer than work may take before it counts as stuck
most = 0
for _ in range(96):
    assert done.acquire(timeout=20)
    most = max(most, threads.count)
other.kill()
other.wait()
print(most)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't stop a process")
def test_a_process_that_was_stopped_starts_no_thread_for_each_piece_of_work() -> None:
    most, _ = run_program(STOPPED)
    assert most <= 32


def test_work_that_hangs_delays_no_other_for_long(hang: Hang) -> None:
    threads = WorkerThreads(most=4, stuck_after=0.05)
    for _ in range(40):
        threads.run(hang, "hanging work")
    done = do(threads, lambda: None)
    assert done.wait(5)
    assert 5 <= threads.count <= 45


def test_idle_threads_end_after_a_while() -> None:
    threads = WorkerThreads(idle=0.01)
    assert do(threads, lambda: None).wait(10)
    until(lambda: threads.count == 0)
    assert do(threads, lambda: None).wait(10)


def test_work_that_raises_is_logged_and_the_thread_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    threads = WorkerThreads(most=1)
    done = do(threads, lambda: 1 / 0)
    assert done.wait(10)
    assert do(threads, lambda: None).wait(10)
    assert "work failed on a worker thread" in caplog.text


def test_threads_are_daemons_but_for_one_that_ends_with_the_work(hang: Hang) -> None:
    threads = WorkerThreads()
    before = set(threading.enumerate())
    threads.run(hang, "hanging work")
    assert hang.begun.acquire(timeout=10)
    new = set(threading.enumerate()) - before
    assert sorted(thread.daemon for thread in new) == [False, True]
    hang.end.set()
    until(lambda: not any(t.is_alive() for t in new if not t.daemon))


@pytest.fixture
def no_thread_starts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Let the operating system refuse threads, until the function is called."""

    def fail(thread: threading.Thread) -> None:
        del thread
        msg = "can't start new thread"
        raise RuntimeError(msg)

    with monkeypatch.context() as context:
        context.setattr(threading.Thread, "start", fail)
        yield context.undo


def test_a_start_that_fails_is_raised_and_leaves_nothing_behind(
    no_thread_starts: Callable[[], None],
) -> None:
    threads, did = WorkerThreads(), []
    with pytest.raises(RuntimeError, match="can't start"):
        threads.run(lambda: did.append("too late"), "work")
    assert threads.count == 0
    no_thread_starts()
    assert do(threads, lambda: did.append("right")).wait(10)
    until(lambda: not threads._supervised)
    assert did == ["right"]


def test_when_no_more_threads_can_be_had_those_that_there_are_do_the_work(
    hang: Hang, no_thread_starts: Callable[[], None]
) -> None:
    threads = WorkerThreads(most=2)
    no_thread_starts()
    threads.run(hang, "hanging work")
    assert hang.begun.acquire(timeout=10)
    with pytest.MonkeyPatch.context() as context:
        context.setattr(threading.Thread, "start", fail_once_more)
        done = do(threads, lambda: None)
    hang.end.set()
    assert done.wait(10)


def fail_once_more(thread: threading.Thread) -> None:
    del thread
    msg = "can't start new thread"
    raise RuntimeError(msg)


def test_the_end_of_the_program_waits_for_work_that_ends_in_time(
    hang: Hang, caplog: pytest.LogCaptureFixture
) -> None:
    threads = WorkerThreads(at_exit=5.0, stuck_after=0.05, ending=lambda: True)
    before = set(threading.enumerate())
    threads.run(hang, "a renewal")
    (supervisor,) = (t for t in set(threading.enumerate()) - before if not t.daemon)
    supervisor.join(0.1)
    assert supervisor.is_alive()
    hang.end.set()
    supervisor.join(5)
    assert not supervisor.is_alive()
    assert caplog.text == ""


def test_the_end_of_the_program_waits_a_few_seconds_at_most_and_says_what_is_left(
    hang: Hang, caplog: pytest.LogCaptureFixture
) -> None:
    threads = WorkerThreads(at_exit=0.05, stuck_after=0.05, ending=lambda: True)
    before = set(threading.enumerate())
    for _ in range(2):
        threads.run(hang, "a renewal of ada's tokens")
    (supervisor,) = (t for t in set(threading.enumerate()) - before if not t.daemon)
    supervisor.join(5)
    assert not supervisor.is_alive()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "a renewal of ada's tokens (2)" in record.getMessage()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_starts_without_threads_and_without_its_parents_work(hang: Hang) -> None:
    threads = WorkerThreads(most=1)
    threads.run(hang, "hanging work")
    assert hang.begun.acquire(timeout=10)
    threads.run(hang, "queued work")
    child = os.fork()
    if child == 0:
        right = threads.count == 0 and do(threads, lambda: None).wait(10) and threads.count == 1
        os._exit(0 if right and not hang.begun.acquire(blocking=False) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_work_that_forks_does_not_take_more_work_in_the_child() -> None:
    threads, read_write = WorkerThreads(most=1), os.pipe()

    def fork() -> None:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        else:
            os.write(read_write[1], b"child ")

    assert do(threads, fork).wait(10)
    assert do(threads, lambda: os.write(read_write[1], b"parent")).wait(10)
    os.close(read_write[1])
    with os.fdopen(read_write[0], "rb") as pipe:
        assert pipe.read() == b"child parent"
