"""The events that report how a renewal went."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from appsync_gql import (
    AppSyncError,
    ConfigurationError,
    NotSignedIn,
    RenewalFailed,
    SessionExpired,
    SignedOut,
    TokenClaims,
    events,
)
from appsync_gql.store.outcomes import datetime_of, failed_event, renewed_event, save_failed_event
from support.store import NOON


@pytest.mark.parametrize("issued_at", [None, 100.0])
def test_newer_tokens(issued_at: float | None) -> None:
    claims = TokenClaims(expires_at=200.0, issued_at=issued_at)
    assert renewed_event(claims, reason="stale", took=0.5, api="Refresh") == events.Renewed(
        reason="stale",
        issued_at=None if issued_at is None else datetime_of(100.0),
        expires_at=datetime_of(200.0),
        took=0.5,
        api="Refresh",
    )


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (
            RenewalFailed("offline", kind="network"),
            events.RenewalFailed(
                reason="stale", kind="network", message="offline", next_attempt_in=5
            ),
        ),
        (
            ConfigurationError("secret"),
            events.RenewalFailed(
                reason="stale", kind="configuration", message="secret", next_attempt_in=5
            ),
        ),
        (
            SessionExpired("revoked", error_type="NotAuthorizedException"),
            events.SessionEnded(message="revoked", error_type="NotAuthorizedException"),
        ),
        (SignedOut("over"), events.SessionEnded(message="over", error_type=None)),
    ],
)
def test_no_newer_tokens(error: AppSyncError, event: events.Event) -> None:
    assert failed_event(error, "stale", 5) == event


def test_times_of_events_are_utc() -> None:
    assert datetime_of(NOON) == datetime(2027, 1, 15, 8, tzinfo=timezone.utc)


def test_that_nobody_has_signed_in_yet_is_no_sessions_end() -> None:
    assert failed_event(NotSignedIn("sign in"), "expired", 5) is None


def test_tokens_that_are_not_saved() -> None:
    event = save_failed_event(OSError(28, "No space left on device"), 5)
    assert "OSError" in event.message
    assert "No space left" in event.message
    assert event.next_attempt_in == 5
