"""What happened to a session: frozen values with which ``on_event`` is called.

Listeners are called one after the other on a thread of their own, never on an
event loop and never inside a renewal: they may block, raise or call the store.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "Connected",
    "ConnectionLost",
    "Event",
    "EventsMissed",
    "Listener",
    "LoadFailed",
    "RealtimeErrorReceived",
    "RealtimeEvent",
    "RealtimeListener",
    "Reason",
    "RenewalFailed",
    "Renewed",
    "Replayed",
    "Resubscribed",
    "SaveFailed",
    "SessionEnded",
]

Reason = Literal["expired", "stale", "refused", "denied", "requested", "signed_in", "newer_saved"]
"""Why newer tokens were wanted: the old ones had expired, were inside the
refresh window, were refused or denied by AppSync, or the program called ``renew()``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """There are newer tokens.

    Attributes:
        reason: why they were wanted.
        issued_at: when the identity provider issued them; ``None`` if they do not say.
        expires_at: when they expire, in the provider's time.
        took: seconds from start to end, waiting for a lock included.
        api: the provider's call that returned them, ``"GetTokensFromRefreshToken"``
            for example; ``None`` when another process had saved them.
    """

    reason: Reason
    issued_at: datetime | None
    expires_at: datetime
    took: float
    api: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalFailed:
    """An attempt to get newer tokens failed; the old ones are kept.

    Attributes:
        reason: why they were wanted.
        kind: as ``appsync_gql.RenewalFailed.kind``, or ``"configuration"``.
        message: what went wrong and who can correct it.
        next_attempt_in: seconds before a request in the refresh window tries again.
    """

    reason: Reason
    kind: str
    message: str
    next_attempt_in: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveFailed:
    """Newer tokens are in use but could not be saved; saving is tried again.

    Attributes:
        message: the persistence's error.
        next_attempt_in: seconds before the next attempt, which the next request
            after that makes.
    """

    message: str
    next_attempt_in: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFailed:
    """Saved tokens could not be read or locked; the renewal continues with the present ones.

    This happens only where it does no harm: what is saved is no session at all,
    or refresh tokens do not rotate.

    Attributes:
        message: the persistence's error.
    """

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A request was refused or denied, and sent once more with newer tokens."""

    reason: Literal["refused", "denied"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """The refresh token can't be used any more: requests fail once the access token has expired.

    Attributes:
        message: the identity provider's message.
        error_type: its name for that; ``None`` without.
    """

    message: str
    error_type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """There is a real-time connection.

    Attributes:
        again: whether there was one before.
    """

    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLost:
    """A real-time connection with subscriptions on it is gone; they are registered again."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resubscribed:
    """A subscription is registered again after it was interrupted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsMissed:
    """Events of a subscription may have been missed: there is a gap in it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeErrorReceived:
    """The real-time endpoint sent an error, or a frame that was not understood.

    Attributes:
        message: the server's text, or ours.
        error_type: AWS's name; ``None`` without.
    """

    message: str
    error_type: str | None


Event = Renewed | RenewalFailed | SaveFailed | LoadFailed | Replayed | SessionEnded
"""An event of a token store."""

RealtimeEvent = Connected | ConnectionLost | Resubscribed | EventsMissed | RealtimeErrorReceived
"""An event of a transport's subscriptions."""

RealtimeListener = Callable[[RealtimeEvent], object]
"""The type of a transport's ``on_event``."""

Listener = Callable[[Event], object]
"""The type of ``on_event``; its result is ignored."""
