"""Reports what happens to a session: to its listener, or else to the log."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING

from .. import events
from ..threads import EventQueue, after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Reporter"]

log = logging.getLogger(__name__)

_FAILURES = 3
"""Failed renewals in a row after which the log says so."""


class Reporter:
    """Counts events and passes them on.

    Without a listener, what the user should know is logged as a WARNING, once
    until it is over. A session's end is reported once in either way.

    Args:
        listener: called with each event; ``None`` for the log instead.
        persistence: the name of the persistence, for the log.
    """

    def __init__(self, listener: events.Listener | None, persistence: str) -> None:
        self._queue = EventQueue(listener)
        self._logs = listener is None
        self._persistence = persistence
        self._counts: Counter[str] = Counter()
        self._ended = False
        self._failures = 0
        self._logged: set[type[events.Event]] = set()
        self._begin()
        after_fork_in_child(self, Reporter._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()

    @property
    def counts(self) -> Mapping[str, int]:
        """Events so far, by class name."""
        return self._counts

    def saved(self) -> None:
        """Note that the newest tokens are saved: the next failure is logged again."""
        with self._lock:
            self._logged -= {events.SaveFailed, events.LoadFailed}

    def report(self, event: events.Event | None) -> None:
        """Count an event and pass it on; ``None`` is none."""
        if event is None:
            return
        with self._lock:
            if isinstance(event, events.SessionEnded):
                if self._ended:
                    return
                self._ended = True
            elif isinstance(event, events.Renewed):
                self._ended, self._failures = False, 0
                self._logged -= {events.RenewalFailed, events.SessionEnded}
            self._counts[type(event).__name__] += 1
            text = self._text(event) if self._logs else None
        if text is not None:
            log.warning(text)
        self._queue.put(event)

    def _text(self, event: events.Event) -> str | None:
        """Return what is to be logged of an event; ``None`` for nothing."""
        text = None
        if isinstance(event, events.SaveFailed):
            text = (
                f"{event.message} {self._persistence} does not keep them: another process, or this "
                f"program started again, will not find them. Saving is tried again, in "
                f"{event.next_attempt_in:.1f} s at the earliest."
            )
        elif isinstance(event, events.LoadFailed):
            text = (
                f"The session saved in {self._persistence} is not used: {event.message} The "
                "renewal goes on without it."
            )
        elif isinstance(event, events.SessionEnded):
            text = f"The session has ended, and the user must sign in again: {event.message}"
        elif isinstance(event, events.RenewalFailed):
            self._failures += 1
            if self._failures >= _FAILURES or event.kind == "configuration":
                text = (
                    f"Tokens could not be renewed ({self._failures} times in a row): "
                    f"{event.message} Tokens are used until they expire."
                )
        if text is None or type(event) in self._logged:
            return None
        self._logged.add(type(event))
        return text
