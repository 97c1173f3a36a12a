"""What is reported to listeners, and what to the log."""

from __future__ import annotations

import logging
from datetime import datetime, timezone

import pytest

from appsync_gql import events
from appsync_gql.store.reporter import Reporter
from support.store import EventRecorder

WHEN = datetime(2027, 1, 15, tzinfo=timezone.utc)
RENEWED = events.Renewed(reason="stale", issued_at=WHEN, expires_at=WHEN, took=0.1, api="Refresh")
ENDED = events.SessionEnded(message="Refresh token has been revoked.", error_type=None)
UNSAVED = events.SaveFailed(message="Not saved (disk full).", next_attempt_in=5)
UNREAD = events.LoadFailed(message="The file x has no saved sessions in it.")


def failed(kind: str = "network") -> events.RenewalFailed:
    return events.RenewalFailed(
        reason="stale", kind=kind, message="Cognito is offline.", next_attempt_in=5
    )


def logged(caplog: pytest.LogCaptureFixture, *reported: events.Event | None) -> list[str]:
    """Report without a listener; return what was logged."""
    reporter = Reporter(None, "FilePersistence")
    for event in reported:
        if event is None:
            reporter.saved()
        else:
            reporter.report(event)
    assert all(record.levelno == logging.WARNING for record in caplog.records)
    return [record.getMessage() for record in caplog.records]


def test_a_listener_gets_each_event_and_the_log_nothing(caplog: pytest.LogCaptureFixture) -> None:
    recorder = EventRecorder()
    reporter = Reporter(recorder, "FilePersistence")
    for event in (UNSAVED, UNREAD, failed("configuration"), RENEWED):
        reporter.report(event)
    reporter.report(None)
    recorder.wait_for(events.Renewed)
    assert recorder.events == [UNSAVED, UNREAD, failed("configuration"), RENEWED]
    assert reporter.counts == {
        "SaveFailed": 1,
        "LoadFailed": 1,
        "RenewalFailed": 1,
        "Renewed": 1,
    }
    assert caplog.records == []


def test_a_sessions_end_is_reported_once_until_there_is_another() -> None:
    reporter = Reporter(EventRecorder(), "FilePersistence")
    for event in (ENDED, ENDED, RENEWED, ENDED):
        reporter.report(event)
    assert reporter.counts == {"SessionEnded": 2, "Renewed": 1}


def test_a_failed_save_is_logged_once_with_persistence_cause_and_consequence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (text,) = logged(caplog, UNSAVED, UNSAVED, RENEWED, UNSAVED)
    assert "disk full" in text
    assert "FilePersistence does not keep them" in text
    assert "will not find them" in text


def test_after_a_save_that_succeeded_the_next_failure_is_logged_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert len(logged(caplog, UNSAVED, None, UNSAVED)) == 2


def test_a_failed_load_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    (text,) = logged(caplog, UNREAD, UNREAD)
    assert "The file x" in text


def test_a_sessions_end_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    (text,) = logged(caplog, ENDED)
    assert "sign in" in text
    assert "revoked" in text


@pytest.mark.parametrize(
    ("reported", "count"),
    [
        pytest.param([failed(), failed()], 0, id="two failures may pass"),
        pytest.param([failed(), failed(), failed(), failed()], 1, id="the third says so, once"),
        pytest.param([failed(), failed(), RENEWED, failed()], 0, id="success resets the count"),
        pytest.param([failed("configuration")], 1, id="a wrong setting does not pass"),
        pytest.param(
            [failed("configuration"), RENEWED, failed("configuration")],
            2,
            id="after a success",
        ),
        pytest.param([events.Replayed(reason="refused"), RENEWED], 0, id="what is no failure"),
    ],
)
def test_failed_renewals_are_logged_if_they_do_not_pass(
    caplog: pytest.LogCaptureFixture, reported: list[events.Event], count: int
) -> None:
    assert len(logged(caplog, *reported)) == count
