"""The methods of a store that wait, written once for tasks and threads.

Each is a generator that yields what it waits for, and is sent whether that has ended in time.
Decisions are those of :mod:`.state`; this module decides how long a caller waits.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from ..caller_timeout import seconds_left
from ..exceptions import AppSyncError, NotSignedIn, RenewalFailed, StorageFailed
from .arguments import call_with_secrets, check_rejected
from .job import Attempt, Job, Pause
from .outcomes import is_transient, too_late, unanswered
from .provider_calls import optional_method
from .single_flight import Wait, call_in_thread, copy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..challenges import Answer, ChallengeRequired
    from ..events import Reason
    from ..headers import Headers
    from ..providers.cognito_browser import BrowserSignIn
    from ..secret import Secret
    from ..tokens import Tokens
    from .renewal import Renewal
    from .single_flight import Waits
    from .state import StoreState
    from .steps import Step
    from .worker import Worker

__all__ = ["CLOSE_SECONDS", "StoreMethods"]

log = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0
"""Seconds that closing a store waits for a renewal under way, and as many again for saving."""

_SIGN_IN_SECONDS = 90.0
"""Seconds that a sign-in or sign-out is waited for: all attempts of boto3, and the lock."""

_ONE_WAIT = 1.0
"""Seconds after which a caller no longer waits for the release of a lock."""

_ROUNDS = 3
"""How many renewals may succeed for one caller and bring nothing that can be used."""


class StoreMethods:
    """The methods of one store for its callers.

    Args:
        state: decides.
        worker: does what blocks.
        renewal: what is to be done.
        patience: seconds that a caller waits through failures; 0.0 for not at all.
        now: returns monotonic seconds. Waiting takes real time, whatever clock the store has.
        limit: returns the seconds that the caller itself waits at most.
    """

    def __init__(
        self,
        state: StoreState,
        worker: Worker,
        renewal: Renewal,
        patience: float,
        *,
        now: Callable[[], float] = time.monotonic,
        limit: Callable[[], float] = seconds_left,
    ) -> None:
        self._state = state
        self._worker = worker
        self._renewal = renewal
        self._patience = patience
        self._now, self._limit = now, limit

    def headers_nowait(self) -> Headers | None:
        """Return headers that may be sent now, and start in the background what is due."""
        headers, job = self._state.headers_now()
        if job is not None:
            self._start(job)
        return headers

    def headers(self) -> Waits[Headers]:
        """Return headers with a token that is alive."""
        headers = self.headers_nowait()
        if headers is not None:
            return headers
        return (yield from self._obtain(self._state.attempt("expired"), "expired"))

    def renew(self, rejected: Headers | None, *, denied: bool) -> Waits[Headers]:
        """Return newer headers than the rejected ones."""
        check_rejected(rejected)
        reason: Reason = "denied" if denied else "requested" if rejected is None else "refused"
        replaced = self._state.current.snapshot.headers if rejected is None else rejected
        found = self._state.replace(rejected, denied=denied)
        return (yield from self._obtain(found, reason, replaced, again=not denied))

    def tokens(self) -> Waits[Tokens]:
        """Return tokens of which the one that is sent is alive."""
        yield from self.headers()
        tokens = self._state.current.snapshot.tokens
        if tokens is None:
            raise NotSignedIn("Nobody is signed in.")
        return tokens

    def sign_in(
        self, username: str, password: Callable[[], Secret | None], flow: str | None
    ) -> Waits[Tokens]:
        """Sign a user in."""
        job = self._state.own_job("sign_in", "signed_in")
        steps = self._renewal.sign_in(username, password(), flow, job.key, job.known)
        return (yield from self._signed_in(job, steps))

    def answer(self, challenge: ChallengeRequired, answer: Answer) -> Waits[Tokens]:
        """Answer a challenge of a sign-in."""
        job = self._state.own_job("sign_in", "signed_in")
        call = partial(self._renewal.provider.answer, challenge, answer, job.key)
        return (yield from self._signed_in(job, self._renewal.first_tokens(call)))

    def sign_in_with_browser(self, browser: BrowserSignIn) -> Waits[Tokens]:
        """Sign a user in by a web page."""
        job = self._state.own_job("sign_in", "signed_in")
        call = partial(self._renewal.provider.sign_in_with_browser, browser, job.key)
        seconds = browser.timeout + _SIGN_IN_SECONDS
        return (yield from self._signed_in(job, self._renewal.first_tokens(call), seconds))

    def use(self, tokens: Tokens) -> Waits[None]:
        """Use a session that began elsewhere."""
        job = self._state.own_job("sign_in", "signed_in")
        self._worker.start(job, self._renewal.use_tokens(tokens, job.key))
        yield from self._end_of(job, _SIGN_IN_SECONDS)

    def account(self, method: str, *arguments: object) -> Waits[Any]:
        """Call a method by which users act on their accounts; functions return secrets."""
        called = optional_method(self._renewal.provider.provider, method)
        call = partial(call_with_secrets, called, arguments)
        return (yield from call_in_thread(call, f"the call {method}"))

    def change_password(self, old: Callable[[], Any], new: Callable[[], Any]) -> Waits[None]:
        """Change the signed-in user's password."""
        tokens = yield from self.tokens()
        yield from self.account("change_password", tokens, old, new)

    def _signed_in(
        self, job: Job, steps: Generator[Step, None, None], seconds: float = _SIGN_IN_SECONDS
    ) -> Waits[Tokens]:
        self._worker.start(job, steps)
        yield from self._end_of(job, seconds)
        return (yield from self.tokens())

    def sign_out(self) -> Waits[None]:
        """End the session."""
        job = self._state.own_job("sign_out", "requested")
        self._worker.start(job, self._renewal.sign_out(job.known, job.key))
        yield from self._end_of(job, _SIGN_IN_SECONDS)

    def close(self) -> Waits[None]:
        """Return no more headers, and save what is unsaved."""
        under_way = self._state.close()
        if under_way is not None and not (yield Wait(under_way.call, CLOSE_SECONDS)):
            log.warning(
                "The store is closed while %s has not ended after %.0f s: %s. It continues; if "
                "the program ends before it, its tokens are lost.",
                under_way.description,
                CLOSE_SECONDS,
                unanswered(under_way.call),
            )
        job = self._state.last_save()
        if job is not None and job.known is not None:
            self._worker.start(job, self._renewal.save_at_close(job.known, job.key))
            if not (yield Wait(job.call, CLOSE_SECONDS)):
                raise StorageFailed(
                    f"The store is closed, but the newest tokens are not saved: after "
                    f"{CLOSE_SECONDS:g} s {unanswered(job.call)}. Saving continues; if the "
                    "program ends before it, they are lost."
                )
            _raise(job.call.error)

    # -- waiting -----------------------------------------------------------------------

    def _obtain(
        self,
        found: Headers | Attempt | Pause,
        reason: Reason,
        rejected: Headers | None = None,
        *,
        again: bool = True,
    ) -> Waits[Headers]:
        """Wait for attempts until one of them has brought headers.

        Args:
            found: the first decision.
            reason: why newer headers are wanted.
            rejected: the headers that are not good enough; ``None`` if any living ones are.
            again: whether a transient failure is followed by another attempt.
        """
        arrived, limit = self._now(), self._limit()
        deadline = arrived + min(self._patience, limit)
        # Without patience a caller waits for one attempt, however long that takes.
        longest = limit if not self._patience else min(self._patience, limit)
        last: AppSyncError | None = None
        successes = 0
        while isinstance(found, Attempt | Pause):
            if isinstance(found, Pause):
                last = found.error
                left = self._left(deadline, last, again=again)
                yield Wait(None, min(found.seconds, left))
            else:
                last = yield from self._outcome(found, arrived, longest, last)
                if last is not None:
                    self._left(deadline, last, again=again)
                elif found.call.ended:
                    successes += 1
            if successes == _ROUNDS:
                raise RenewalFailed("Tokens expire as fast as they are renewed.", kind="clock")
            found = self._state.attempt(reason, rejected)
        return found

    def _outcome(
        self, attempt: Attempt, arrived: float, longest: float, last: AppSyncError | None
    ) -> Waits[AppSyncError | None]:
        """Wait for the end of an attempt and return its error.

        Raises:
            RenewalFailed: the caller has waited as long as it does.
        """
        if attempt.job is not None:
            self._start(attempt.job)
        call = attempt.call
        while True:
            left = arrived + longest - self._now()
            if (yield Wait(call, max(0.0, min(left, _ONE_WAIT)))):
                return call.error
            if call.waiting_for == "unlocking" and left > 0:
                return None
            if left <= _ONE_WAIT:
                raise self._own_error(last) if last else too_late(call, longest)

    def _left(self, deadline: float, error: AppSyncError, *, again: bool) -> float:
        """Return the seconds that a caller has left for another attempt after this failure.

        Raises:
            AppSyncError: there is no time left, or no other attempt can help.
        """
        left = deadline - self._now()
        if not self._patience or not again or left <= 0 or not is_transient(error):
            raise self._own_error(error)
        return left

    def _end_of(self, job: Job, seconds: float) -> Waits[None]:
        """Wait for the end of a job; raise its error, or one if it has not ended in time."""
        if not (yield Wait(job.call, seconds)):
            raise too_late(job.call, seconds)
        _raise(job.call.error)

    def _own_error(self, error: AppSyncError) -> AppSyncError:
        own = copy_of(error)
        if isinstance(own, RenewalFailed):
            own.retry_after = self._state.retry_after()
        return own

    def _start(self, job: Job) -> None:
        """Start a job that all callers share."""
        if job.kind == "save" and job.known is not None:
            self._worker.start(job, self._renewal.save_unsaved(job.known, job.key))
        else:
            self._worker.start(job, self._renewal.renew(job.known, job.key, job.server))


def _raise(error: AppSyncError | None) -> None:
    if error is not None:
        raise copy_of(error)
