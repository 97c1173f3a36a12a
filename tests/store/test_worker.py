"""Jobs on worker threads: each step is put into effect, and then reported."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import AppSyncError, RenewalFailed, events
from appsync_gql.clock import Instant, ServerClock
from appsync_gql.store.job import Job
from appsync_gql.store.single_flight import SharedCall
from appsync_gql.store.steps import Done, LoadFailed, Saved, Step
from appsync_gql.store.worker import Worker
from support.store import ANYBODY, NOON, tokens_at

if TYPE_CHECKING:
    from collections.abc import Generator

ADA = tokens_at(NOON)
EVENT = events.LoadFailed(message="the persistence failed")
LOAD_FAILED = LoadFailed(error=OSError())


class Recording:
    """In place of the state and of the reporter: records its calls, in order."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.broken = False

    def apply(self, job: Job, step: Step) -> events.Event | None:
        del job
        if self.broken:
            raise ZeroDivisionError
        self.seen.append(step)
        return EVENT if step == LOAD_FAILED else None

    def ended(self, job: Job, error: AppSyncError | None) -> tuple[AppSyncError | None, None]:
        del job
        self.seen.append(("ended", error))
        return error, None

    def report(self, event: events.Event | None) -> None:
        if event is not None:
            self.seen.append(event)

    def saved(self) -> None:
        self.seen.append("saved")


def job() -> Job:
    return Job(
        kind="renew",
        reason="stale",
        known=ADA,
        key=ANYBODY,
        server=ServerClock.assumed(Instant(0.0, 0.0)),
        began=0.0,
    )


@pytest.fixture
def recording() -> Recording:
    return Recording()


def do(recording: Recording, steps: Generator[Step, None, None]) -> Job:
    """Do a job to its end."""
    double: Any = recording
    work = job()
    Worker(double, double).start(work, steps)
    assert work.call.wait_blocking(10)
    return work


def test_each_step_is_put_into_effect_before_the_next_one_is_taken(recording: Recording) -> None:
    def steps() -> Generator[Step, None, None]:
        assert threading.current_thread() is not threading.main_thread()
        yield LOAD_FAILED
        assert recording.seen == [LOAD_FAILED, EVENT]
        yield Saved(tokens=ADA)
        assert recording.seen[2:] == [Saved(tokens=ADA), "saved"]
        yield Done()

    assert do(recording, steps()).call.error is None
    assert recording.seen[-2:] == [Done(), ("ended", None)]


@pytest.mark.parametrize(
    ("raised", "kind", "text"),
    [
        (RenewalFailed("offline", kind="network"), "network", "offline"),
        (KeyError("secret-detail"), "provider", "KeyError in the identity provider's adapter"),
    ],
)
def test_an_error_of_whatever_kind_reaches_the_waiters_as_one_of_ours(
    recording: Recording, raised: Exception, kind: str, text: str
) -> None:
    def steps() -> Generator[Step, None, None]:
        yield LOAD_FAILED
        raise raised

    error = do(recording, steps()).call.error
    assert isinstance(error, RenewalFailed)
    assert (error.kind, text in str(error)) == (kind, True)
    assert "secret-detail" not in str(error)
    assert error is raised or error.__cause__ is raised


def test_a_step_that_can_not_be_put_into_effect_ends_the_job_and_closes_the_steps(
    recording: Recording,
) -> None:
    released = threading.Event()
    recording.broken = True

    def steps() -> Generator[Step, None, None]:
        try:
            yield Done()
        finally:
            released.set()

    assert isinstance(do(recording, steps()).call.error, RenewalFailed)
    assert released.is_set()


@pytest.mark.usefixtures("caplog")
def test_after_any_exception_at_all_no_caller_is_left_waiting(recording: Recording) -> None:
    def steps() -> Generator[Step, None, None]:
        yield Done()
        raise SystemExit

    error = do(recording, steps()).call.error
    assert "interrupted" in str(error)


class NoThread(SharedCall):
    """A call for which no thread can be had."""

    __slots__ = ()

    def start(self, work: object, description: str) -> None:
        del work, description
        msg = "can't start new thread"
        raise RuntimeError(msg)


def test_without_a_thread_the_job_ends_at_once(recording: Recording) -> None:
    def steps() -> Generator[Step, None, None]:
        yield Done()

    work = replace(job(), call=NoThread())
    double: Any = recording
    Worker(double, double).start(work, steps())
    assert work.call.ended
    assert isinstance(work.call.error, RenewalFailed)
    assert work.call.error.kind == "thread"
    assert recording.seen == [("ended", work.call.error)]
