"""The state of one store in memory, and every decision about it.

Decisions are taken under a lock that is held for microseconds, never over I/O or an await.
They are values: the caller starts what is to be started, and reports what is to be reported.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gql.transport.exceptions import TransportClosed

from .. import events
from ..clock import Instant
from ..exceptions import AppSyncError, NotSignedIn, SignedOut
from ..threads import after_fork_in_child
from . import steps
from .job import Attempt, Job, Pause
from .limiter import Limiter
from .outcomes import failed_event, save_failed_event
from .status import StoreStatus
from .validity import TokenState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..clock import Clock
    from ..headers import Headers
    from ..tokens import Tokens
    from .current import CurrentTokens
    from .job import JobKind

__all__ = ["StoreState"]


class StoreState:
    """The state of one store, for any thread to use.

    Args:
        current: the tokens to begin with. Its snapshot may be read without the lock.
        clock: this machine's clocks.
        delays: returns the seconds to wait after the first, second, … failure.
        jitter: returns 0.0 to 1.0: where in the window a forked child renews.
    """

    def __init__(
        self,
        current: CurrentTokens,
        *,
        clock: Clock,
        delays: Callable[[], Iterator[float]],
        jitter: Callable[[], float],
    ) -> None:
        self.current = current
        self._clock = clock
        self._jitter = jitter
        self._limiter = Limiter(delays)
        self._last_date: tuple[str | None, float, float] = (None, 0.0, 0.0)
        self._unusable: AppSyncError | None = None
        self._begin()
        after_fork_in_child(self, StoreState._begin_in_child)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Job | None = None

    def _begin_in_child(self) -> None:
        """Create what a forked child must not share with its parent."""
        self._begin()
        self.current.spread = self._jitter()

    # -- decisions ------------------------------------------------------------------

    def headers_now(self) -> tuple[Headers | None, Job | None]:
        """Return headers that may be sent now, and the job to be started in the background.

        The headers are ``None`` if a renewal must be waited for, the job if there is none.

        Raises:
            TransportClosed: the store is closed.
        """
        with self._lock:
            self._check_open()
            now = Instant.now(self._clock)
            snapshot = self.current.at(now)
            state = snapshot.validity.state(now)
            if state is TokenState.EXPIRED:
                return None, None
            if self._under_way is None:
                if state is TokenState.STALE and self._limiter.early_allowed(now.monotonic):
                    return snapshot.headers, self._begin_shared("renew", "stale")
                if snapshot.save_at is not None and now.reached(snapshot.save_at):
                    return snapshot.headers, self._begin_shared("save", "newer_saved")
            return snapshot.headers, None

    def attempt(
        self, reason: events.Reason, rejected: Headers | None = None
    ) -> Headers | Attempt | Pause:
        """Return headers that may be sent, or else the attempt to wait for.

        Args:
            reason: why newer tokens are wanted.
            rejected: the headers that are not good enough, though their token is alive;
                ``None`` if any will do.
        """
        with self._lock:
            self._check_open()
            now = Instant.now(self._clock)
            snapshot = self.current.at(now)
            good = rejected is None or not snapshot.has(rejected)
            if good and snapshot.headers is not None and not snapshot.expired(now):
                return snapshot.headers
            return self._attempt(reason)

    def replace(self, rejected: Headers | None, *, denied: bool) -> Headers | Attempt | Pause:
        """Return headers to use in place of the rejected ones, or else the attempt to wait for."""
        with self._lock:
            self._check_open()
            now = Instant.now(self._clock)
            snapshot = self.current.at(now)
            if rejected is not None and not denied:
                snapshot = self.current.after_refusal(now)
            if snapshot.headers is None or snapshot.expired(now):
                return self._attempt("expired")
            if rejected is not None and not snapshot.has(rejected):
                return snapshot.headers
            if self._under_way is None:
                young = snapshot.young(now, self.current.settings.use)
                allowed = (
                    self._limiter.denial_allowed(now.monotonic)
                    if denied
                    else self._limiter.replacement_allowed(now.monotonic, young=young)
                )
                if not allowed:
                    return snapshot.headers
            return self._attempt(
                "denied" if denied else "requested" if rejected is None else "refused"
            )

    def retry_after(self) -> float:
        """Return the seconds until an attempt may be made that callers wait for."""
        with self._lock:
            return self._limiter.urgent_wait(self._clock.monotonic())

    def answered(self, date: str | None, took: float) -> None:
        """Take the ``Date`` header of a response into account; see :meth:`TokenStore.answered`.

        It says most where it changes: the last response with the former date and
        the first one with the next enclose the moment. Others cost next to nothing.
        """
        now = self._clock.monotonic()
        last, self._last_date = self._last_date, (date, now - took, now)
        if date is None or date == last[0]:
            return
        with self._lock:
            self.current.observe_dates(last, self._last_date)

    def own_job(self, kind: JobKind, reason: events.Reason) -> Job:
        """Return a job that only its own caller waits for: a sign-in or sign-out."""
        with self._lock:
            if kind == "sign_in":
                self._check_open()
            return self._job(kind, reason, self.current.snapshot.tokens)

    def close(self) -> Job | None:
        """Return no headers from now on; return the job that is under way."""
        with self._lock:
            self.current.close()
            return self._under_way

    def last_save(self) -> Job | None:
        """Return the job that saves what a closed store has not saved; ``None`` for nothing."""
        with self._lock:
            unsaved = self.current.unsaved
            return None if unsaved is None else self._job("save", "newer_saved", unsaved)

    def status(self, counts: Mapping[str, int]) -> StoreStatus:
        """Return what may be shown; ``counts`` are the events so far."""
        with self._lock:
            current = self.current
            unsaved = current.unsaved is not None
            return StoreStatus.of(
                current.snapshot,
                use=current.settings.use,
                now=Instant.now(self._clock),
                loaded=current.loaded,
                renewing=self._under_way is not None,
                unsaved=unsaved and (current.closed or current.snapshot.save_at is not None),
                error=self._limiter.error,
                counts=counts,
            )

    # -- the steps of a job -------------------------------------------------------------

    def apply(self, job: Job, step: steps.Step) -> events.Event | None:
        """Apply a step; return the event to report, if any."""
        with self._lock:
            match step:
                case steps.WaitingFor(what=what):
                    job.call.waiting_for = what
                    self.current.loaded |= job.kind == "renew" and what == "provider"
                case steps.NewerTokens() if self.current.wanted_by(job):
                    if job.kind == "sign_in":
                        self._limiter.reset()
                    event = self.current.publish(job, step)
                    self._unusable = self.current.problem()
                    return event
                case steps.NewRefreshToken(tokens=tokens) if self.current.wanted_by(job):
                    self.current.publish_refresh_token(job, tokens)
                case steps.Saved(tokens=tokens):
                    if self.current.saved(tokens):
                        self._limiter.save_succeeded()
                case steps.SaveFailed(tokens=tokens, error=error):
                    return self._save_failed(tokens, error)
                case steps.LoadFailed(error=error):
                    return events.LoadFailed(message=str(error))
                case steps.Done():
                    job.call.waiting_for = "unlocking"
                case _:
                    pass
        return None

    def ended(
        self, job: Job, error: AppSyncError | None
    ) -> tuple[AppSyncError | None, events.Event | None]:
        """Apply the end of a job; return its error, and the event to report."""
        with self._lock:
            if self._under_way is job:
                self._under_way = None
            if job.kind == "sign_out" and error is None:
                self._limiter.reset()
                self.current.drop()
            if job.kind in {"sign_in", "sign_out"}:
                return error, None
            if job.kind == "save" and not isinstance(error, SignedOut):
                return error, self._save_ended(job, error)
            return self._renewal_ended(job, error)

    def _save_ended(self, job: Job, error: AppSyncError | None) -> events.Event | None:
        if error is None or job.known is None or self.current.closed:
            return None
        return self._save_failed(job.known, error)

    def _renewal_ended(
        self, job: Job, error: AppSyncError | None
    ) -> tuple[AppSyncError | None, events.Event | None]:
        if not self.current.wanted_by(job):
            return None, None  # its error is of no meaning after a sign-in or sign-out
        error = error or self._unusable
        if error is not None:
            event = self._failed(job, error)
            return (None if job.kind == "save" else error), event
        self._limiter.succeeded()
        return None, None

    # -- with the lock ------------------------------------------------------------------

    def _save_failed(self, tokens: Tokens, error: Exception) -> events.Event | None:
        if self.current.unsaved is not tokens:
            return None  # newer ones have replaced them
        delay = self._limiter.save_failed()
        self.current.save_again_in(delay)
        return save_failed_event(error, delay)

    def _failed(self, job: Job, error: AppSyncError) -> events.Event | None:
        delay = self._limiter.failed(self._clock.monotonic(), error)
        self.current.loaded |= isinstance(error, NotSignedIn)
        if isinstance(error, SignedOut):
            self.current.drop()
        return failed_event(error, job.reason, delay)

    def _check_open(self) -> None:
        if self.current.closed:
            raise TransportClosed("The token store is closed.")

    def _attempt(self, reason: events.Reason) -> Attempt | Pause:
        if self._under_way is not None:
            return Attempt(self._under_way.call, None)
        wait = self._limiter.urgent_wait(self._clock.monotonic())
        if wait and self._limiter.error is not None:
            return Pause(wait, self._limiter.error)
        job = self._begin_shared("renew", reason)
        return Attempt(job.call, job)

    def _begin_shared(self, kind: JobKind, reason: events.Reason) -> Job:
        """Return a job that all callers share until it ends."""
        self._unusable = None
        self._under_way = self._job(kind, reason, self.current.snapshot.tokens)
        return self._under_way

    def _job(self, kind: JobKind, reason: events.Reason, known: Tokens | None) -> Job:
        return Job(
            kind=kind,
            reason=reason,
            known=known,
            key=self.current.key,
            server=self.current.snapshot.server,
            began=self._clock.monotonic(),
        )
