"""Tells the listener of a session what happened, and counts it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from .. import events
from ..exceptions import AppSyncError, RenewalFailed, SessionExpired, StorageFailed
from ..threads import EventQueue, after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Announcer"]


class Announcer:
    """Makes events of what came of each errand."""

    def __init__(self, listener: events.Listener | None) -> None:
        self._queue = EventQueue(listener)
        self._counts: Counter[str] = Counter()
        self._ended = False
        self._unlock()
        after_fork_in_child(self, Announcer._unlock)

    def _unlock(self) -> None:
        self._lock = threading.Lock()

    @property
    def counts(self) -> Mapping[str, int]:
        """Events so far, by class name."""
        return self._counts

    def tell(self, event: events.Event) -> None:
        """Count an event and pass it on."""
        with self._lock:
            self._counts[type(event).__name__] += 1
            if isinstance(event, events.Renewed):
                self._ended = False
        self._queue.put(event)

    def failed(self, reason: events.Reason, error: AppSyncError, next_attempt_in: float) -> None:
        """Tell that there are no newer tokens this time; of a session's end, once."""
        if isinstance(error, SessionExpired):
            with self._lock:
                told, self._ended = self._ended, True
            if not told:
                self.tell(events.SessionEnded(message=str(error), error_type=error.error_type))
            return
        kind = error.kind if isinstance(error, RenewalFailed) else "configuration"
        self.tell(
            events.RenewalFailed(
                reason=reason, kind=kind, message=str(error), next_attempt_in=next_attempt_in
            )
        )

    def not_saved(self, error: Exception, next_attempt_in: float) -> None:
        """Tell that the newest tokens are in this process only."""
        text = f"The newest tokens are in use but not saved ({type(error).__name__}: {error})."
        self.tell(events.SaveFailed(message=text, next_attempt_in=next_attempt_in))

    def not_loaded(self, error: StorageFailed) -> None:
        """Tell that a renewal goes on without what is saved."""
        self.tell(events.LoadFailed(message=str(error)))
