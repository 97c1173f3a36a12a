from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator

import pytest

from appsync_gql.background_loop import BackgroundLoop
from support.programs import run_program


async def thread() -> int:
    await asyncio.sleep(0)
    return threading.get_ident()


def test_a_coroutine_runs_on_one_thread_whoever_calls() -> None:
    loop = BackgroundLoop()
    found = [loop.run(thread())]
    callers = [threading.Thread(target=lambda: found.append(loop.run(thread()))) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 9
    assert len(set(found)) == 1
    assert found[0] != threading.get_ident()


async def test_it_works_inside_a_running_loop() -> None:
    assert BackgroundLoop().run(thread()) != threading.get_ident()


def test_an_error_is_raised_in_the_caller() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        BackgroundLoop().run(fail())


def test_a_call_from_its_own_thread_is_refused_since_it_would_wait_for_itself() -> None:
    loop = BackgroundLoop()

    async def nested() -> None:
        loop.run(thread())

    with pytest.raises(RuntimeError, match="wait for ever"):
        loop.run(nested())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_a_loop_of_its_own() -> None:
    loop = BackgroundLoop()
    loop.run(thread())
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(write, b"ok" if loop.run(thread()) else b"no")
        finally:
            os._exit(0)
    os.close(write)
    assert os.read(read, 10) == b"ok"
    os.close(read)
    os.waitpid(child, 0)
    assert loop.run(thread())


INTERRUPTED = """
import asyncio, os, signal, threading
from appsync_gql.background_loop import background_loop
ended = []
async def main():
    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)
    try:
        await asyncio.sleep(60)
    finally:
        ended.append(1)
try:
    background_loop.run(main())
except KeyboardInterrupt:
    async def after():
        return len(ended)
    print(background_loop.run(after()))
"""


RESTARTING = "import signal; signal.siginterrupt(signal.SIGINT, False)"
"""As Polars does: the system restarts what a signal interrupts, so that no wait ends early."""


@pytest.mark.parametrize(
    "before",
    [
        "",
        pytest.param(RESTARTING, marks=pytest.mark.skipif(sys.platform == "win32", reason="none")),
    ],
    ids=["", "waits are restarted"],
)
def test_ctrl_c_ends_the_call_and_not_the_loop(before: str) -> None:
    command = [sys.executable, "-c", before + INTERRUPTED]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout.strip() == "1", done.stderr
    assert signal.SIGINT


LEFT = """
from appsync_gql.background_loop import background_loop
import asyncio
async def main():
    asyncio.get_running_loop().create_task(asyncio.sleep(600))
background_loop.run(main())
"""


def test_the_program_ends_with_tasks_left_and_says_nothing() -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", LEFT]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


class Interrupted(BaseException):
    """What the signal handler of the next test raises, at any place of the program."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no such timer")
def test_whenever_a_call_is_interrupted_its_coroutine_has_ended_when_the_caller_goes_on() -> None:
    """A signal between two steps of ``run()`` left the coroutine running."""
    loop, running, armed = BackgroundLoop(), [0], [False]
    loop.run(thread())

    async def wait() -> None:
        running[0] += 1
        try:
            await asyncio.sleep(0.005)
        finally:
            running[0] -= 1

    def interrupt(*_: object) -> None:
        if armed[0]:
            armed[0] = False
            raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for microseconds in range(1, 400):
            coroutine = wait()
            try:
                armed[0] = True
                signal.setitimer(signal.ITIMER_REAL, microseconds / 1e6)
                loop.run(coroutine)
            except Interrupted:
                assert running == [0]
            armed[0] = False
            coroutine.close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_without_a_thread_a_call_inside_an_event_loop_fails_and_the_next_one_tries_again() -> None:
    program = """
from appsync_gql import ConnectionFailed
from appsync_gql.background_loop import BackgroundLoop

async def work():
    return 5

loop, found = BackgroundLoop(), []

async def fail():
    try:
        loop.run(work())
    except ConnectionFailed as error:
        found.append(error.may_have_executed)

threading.stack_size(1 << 40)  # more memory than there is
asyncio.run(fail())
threading.stack_size(0)
found.append(loop.run(work()))
print(json.dumps(found))
"""
    found, stderr = run_program(program)
    assert found == [False, 5]
    assert "never awaited" not in stderr


INTERRUPTED_WITH_A_LOCK = """
import asyncio, os, sys, threading
from appsync_gql.background_loop import BackgroundLoop

class Interrupted(BaseException):
    pass

def interrupt(frame, event, function):
    # In the moment after Python's own code has taken a lock, and before it has noted that.
    name = getattr(function, "__name__", "")
    if event == "c_return" and name == "__enter__" and frame.f_code.co_name == "__enter__":
        sys.setprofile(None)
        raise Interrupted

loop = BackgroundLoop()
loop.run(asyncio.sleep(0))
sys.setprofile(interrupt)
try:
    loop.run(asyncio.sleep(0.05))
except Interrupted:
    pass
sys.setprofile(None)
answers = []
thread = threading.Thread(target=lambda: answers.append(loop.run(asyncio.sleep(0, 1))), daemon=True)
thread.start()
thread.join(5)
print(answers, flush=True)
os._exit(0)
"""


def test_an_interrupt_never_leaves_the_loop_waiting_for_a_lock() -> None:
    command = [sys.executable, "-W", "ignore", "-c", INTERRUPTED_WITH_A_LOCK]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == "[1]\n", done.stderr


async def numbers(ended: list[str]) -> AsyncGenerator[int, None]:
    try:
        yield 1
        yield 2
    finally:
        await asyncio.sleep(0)
        ended.append("closed")


async def first(generator: AsyncGenerator[int, None]) -> int:
    return await anext(generator)


def test_a_generator_of_the_loop_is_closed_from_another_thread() -> None:
    loop, ended = BackgroundLoop(), list[str]()
    generator = numbers(ended)
    assert loop.run(first(generator)) == 1
    loop.finish(generator)
    assert ended == ["closed"]
    loop.finish(generator)


def test_on_the_loops_own_thread_a_generator_is_left_to_asyncio() -> None:
    loop, ended = BackgroundLoop(), list[str]()
    generator = numbers(ended)
    loop.run(first(generator))

    async def finish() -> None:
        loop.finish(generator)

    loop.run(finish())
    assert ended == []
    loop.finish(generator)


def test_closing_ends_generators_and_tasks_and_later_calls_run_in_the_main_thread() -> None:
    loop, ended = BackgroundLoop(), list[str]()
    generator = numbers(ended)

    async def begin() -> int:
        asyncio.get_running_loop().create_task(asyncio.sleep(3600))
        return await anext(generator)

    loop.run(begin())
    loop._close()
    assert ended == ["closed"]
    loop.finish(generator)
    assert loop.run(thread()) == threading.get_ident()


def test_closing_a_loop_that_never_ran_starts_no_thread() -> None:
    before = threading.enumerate()
    BackgroundLoop()._close()
    assert threading.enumerate() == before


def test_after_the_end_a_daemon_thread_says_nothing_more() -> None:
    loop, said = BackgroundLoop(), list[object]()
    loop._close()
    caller = threading.Thread(target=lambda: said.append(loop.run(thread())), daemon=True)
    caller.start()
    caller.join(0.1)
    assert (caller.is_alive(), said) == (True, [])


TOO_MANY_FILES = """
import asyncio, os, resource
from appsync_gql import ConnectionFailed
from appsync_gql.background_loop import BackgroundLoop

loop, files = BackgroundLoop(), []
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
try:
    while True:
        files.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
try:
    loop.run(asyncio.sleep(0))
except ConnectionFailed as error:
    print(error.may_have_executed, error)
for file in files:
    os.close(file)
print(loop.run(asyncio.sleep(0, "again")))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_with_too_many_open_files_a_call_fails_and_later_ones_succeed() -> None:
    command = [sys.executable, "-c", TOO_MANY_FILES]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, timeout=30, check=False
    )
    failed, again = done.stdout.splitlines()
    assert failed.startswith("False No event loop could be made (Too many open files)")
    assert again == "again"
    assert "never awaited" not in done.stderr
