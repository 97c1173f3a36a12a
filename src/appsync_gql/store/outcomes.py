"""The events and errors that report how a renewal went. Pure."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .. import events
from ..exceptions import (
    AppSyncError,
    LockTimeout,
    NotSignedIn,
    RenewalFailed,
    SessionExpired,
    SignedOut,
    StorageCorrupt,
    StorageFailed,
)

if TYPE_CHECKING:
    from ..tokens import TokenClaims
    from .single_flight import SharedCall

__all__ = [
    "datetime_of",
    "failed_event",
    "is_transient",
    "renewed_event",
    "save_failed_event",
    "too_late",
    "unanswered",
]


def renewed_event(
    claims: TokenClaims, *, reason: events.Reason, took: float, api: str | None
) -> events.Renewed:
    """Return the event that reports tokens with these claims, had after so many seconds."""
    return events.Renewed(
        reason=reason,
        issued_at=None if claims.issued_at is None else datetime_of(claims.issued_at),
        expires_at=datetime_of(claims.expires_at),
        took=took,
        api=api,
    )


def failed_event(
    error: AppSyncError, reason: events.Reason, next_attempt_in: float
) -> events.SessionEnded | events.RenewalFailed | None:
    """Return the event that reports that there are no newer tokens this time, or never again.

    ``None`` if nobody has signed in yet: no session has ended.
    """
    if isinstance(error, NotSignedIn) and not isinstance(error, SignedOut):
        return None
    if isinstance(error, SessionExpired):
        return events.SessionEnded(message=str(error), error_type=error.error_type)
    return events.RenewalFailed(
        reason=reason,
        kind=error.kind if isinstance(error, RenewalFailed) else "configuration",
        message=str(error),
        next_attempt_in=next_attempt_in,
    )


def save_failed_event(error: Exception, next_attempt_in: float) -> events.SaveFailed:
    """Return the event that reports that the newest tokens are in this process only."""
    text = f"The newest tokens are in use but not saved ({type(error).__name__}: {error})."
    return events.SaveFailed(message=text, next_attempt_in=next_attempt_in)


def datetime_of(seconds: float) -> datetime:
    """Return the moment so many seconds after the epoch."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def is_transient(error: AppSyncError) -> bool:
    """Return whether another attempt, within seconds, may succeed without a change."""
    if not isinstance(error, RenewalFailed) or isinstance(error, StorageCorrupt):
        return False
    return error.kind not in {"certificate", "clock", "identity", "thread"}


def unanswered(call: SharedCall) -> str:
    """Return what a call waits for that has not ended."""
    return {
        "lock": "another process or thread holds the session's lock",
        "persistence": "the persistence has not responded",
        "provider": "the identity provider has not responded",
        "unlocking": "the session's lock has not been released",
    }.get(call.waiting_for, "no thread was free")


def too_late(call: SharedCall, seconds: float) -> RenewalFailed:
    """Return the error for a caller who has waited for so many seconds."""
    reason = f"{unanswered(call)}, after {seconds:.3g} s."
    message = f"{reason} The attempt continues; the tokens are kept."
    message = message[0].upper() + message[1:]
    if call.waiting_for == "lock":
        return LockTimeout(message)
    if call.waiting_for == "persistence":
        return StorageFailed(message)
    return RenewalFailed(message, kind="network")
