"""Runs the jobs of a store on worker threads: applies each step to the state, then reports it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from ..exceptions import AppSyncError, RenewalFailed
from .steps import Saved

if TYPE_CHECKING:
    from collections.abc import Generator

    from .job import Job
    from .reporter import Reporter
    from .state import StoreState
    from .steps import Step

__all__ = ["Worker"]


class Worker:
    """Runs jobs.

    Args:
        state: what the steps change.
        reporter: reports the events.
    """

    def __init__(self, state: StoreState, reporter: Reporter) -> None:
        self._state = state
        self._reporter = reporter

    def start(self, job: Job, steps: Generator[Step, None, None]) -> None:
        """Start a job on a worker thread. If that fails, the job ends with an error at once."""
        try:
            job.call.start(lambda: self._work(job, steps), job.description)
        except RuntimeError as error:
            self._end(
                job,
                RenewalFailed(
                    f"No worker thread could be started ({error}). The tokens are kept; the next "
                    "call tries again.",
                    kind="thread",
                ),
            )

    def _work(self, job: Job, steps: Generator[Step, None, None]) -> None:
        error: AppSyncError | None = RenewalFailed("The renewal was interrupted.")
        try:
            with closing(steps):
                for step in steps:
                    self._take(job, step)
            error = None
        except Exception as raised:  # noqa: BLE001 - whatever a provider raises
            error = _transient(raised)
        finally:
            # Whatever happens, all callers must be woken.
            self._end(job, error)

    def _take(self, job: Job, step: Step) -> None:
        self._reporter.report(self._state.apply(job, step))
        if isinstance(step, Saved):
            self._reporter.saved()

    def _end(self, job: Job, error: AppSyncError | None) -> None:
        error, event = self._state.ended(job, error)
        self._reporter.report(event)
        job.call.end(error)


def _transient(error: Exception) -> AppSyncError:
    """Return a transient error of this package for any other error of a provider or persistence."""
    if isinstance(error, AppSyncError):
        return error
    ours = RenewalFailed(
        f"No newer tokens this time: {type(error).__name__} in the identity provider's adapter. "
        "The present ones are kept."
    )
    ours.__cause__ = error
    return ours
