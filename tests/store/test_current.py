"""The present tokens, and whether they are saved."""

from __future__ import annotations

from typing import Any

import pytest

from appsync_gql import SessionKey, Tokens
from appsync_gql.clock import Instant, ServerClock
from appsync_gql.store.current import CurrentTokens
from appsync_gql.store.job import Job, JobKind
from appsync_gql.store.outcomes import datetime_of
from appsync_gql.store.snapshot import TokenSettings
from appsync_gql.store.steps import NewerTokens
from appsync_gql.testing import FakeClock
from support.store import NOON, tokens_at

ADA = tokens_at(NOON)
CORRECTED = tokens_at(NOON, clock_correction=-100.0)


def current(
    tokens: Tokens | None,
    clock: FakeClock,
    *,
    shared: bool = False,
    settings: TokenSettings | None = None,
) -> CurrentTokens:
    return CurrentTokens(
        tokens,
        SessionKey(client_id="client"),
        settings=settings or TokenSettings(),
        shared=shared,
        clock=clock,
        spread=0.0,
    )


def job(known: Tokens | None, kind: JobKind = "renew") -> Job:
    return Job(
        kind=kind,
        reason="stale",
        known=known,
        key=SessionKey(),
        server=ServerClock.assumed(Instant(0.0, 0.0)),
        began=1000.0,
    )


def newer(tokens: Tokens, **more: Any) -> NewerTokens:
    given = {"api": "Refresh", "just_issued": True, "sent": 1000.0, "received": 1000.0, **more}
    return NewerTokens(tokens=tokens, key=SessionKey(username="ada"), **given)


@pytest.mark.parametrize(
    ("tokens", "shared", "unsaved", "looked"),
    [
        (ADA, True, ADA, False),
        (ADA, False, None, False),
        (Tokens(refresh_token="r"), True, None, False),
        (None, True, None, False),
        (None, False, None, True),
    ],
)
def test_given_tokens_are_to_be_saved_where_there_is_a_persistence(
    clock: FakeClock, tokens: Tokens | None, unsaved: Tokens | None, *, shared: bool, looked: bool
) -> None:
    found = current(tokens, clock, shared=shared)
    assert found.unsaved is unsaved
    assert found.loaded is looked
    assert found.key == SessionKey(client_id="client")
    assert (found.snapshot.save_at is not None) is (unsaved is not None)


def test_tokens_that_were_published_are_unsaved_until_they_are_saved(clock: FakeClock) -> None:
    tokens = tokens_at(NOON + 60)
    found, renewal = current(ADA, clock), job(ADA)
    assert found.publish(renewal, newer(tokens)) is not None
    assert found.loaded
    assert found.unsaved is tokens
    assert found.key.username == "ada"
    assert found.saved(tokens)
    assert found.unsaved is None
    assert not found.saved(ADA)


def test_tokens_found_saved_are_not_saved_again(clock: FakeClock) -> None:
    found = current(ADA, clock, shared=True)
    found.publish(job(ADA), newer(tokens_at(NOON + 60), api=None, just_issued=False))
    assert found.unsaved is None
    assert found.snapshot.received is None


def test_a_job_is_wanted_until_others_tokens_are_in_use(clock: FakeClock) -> None:
    found, first, second = current(ADA, clock), job(ADA), job(ADA)
    assert found.wanted_by(first)
    found.publish(first, newer(tokens_at(NOON + 60)))
    assert found.wanted_by(first)
    assert not found.wanted_by(second)
    found.drop()
    assert not found.wanted_by(first)
    assert found.wanted_by(job(ADA, "sign_in")), "whoever signs in last is signed in"


def test_a_signed_out_user_has_no_tokens_and_nothing_more_to_save(clock: FakeClock) -> None:
    found = current(ADA, clock, shared=True)
    found.drop()
    assert (found.snapshot.tokens, found.snapshot.headers, found.unsaved) == (None, None, None)
    assert found.loaded


def test_the_event_shows_the_token_that_is_sent_and_the_seconds_that_it_took(
    clock: FakeClock,
) -> None:
    """The access token and the ID token of a user pool may have different lifetimes."""
    found = current(ADA, clock, settings=TokenSettings(use="id"))
    tokens = Tokens(
        access_token=tokens_at(NOON, lifetime=60).access_token,
        id_token=tokens_at(NOON, lifetime=600).id_token,
    )
    clock.advance(2)
    event = found.publish(job(ADA), newer(tokens))
    assert event is not None
    assert event.expires_at == datetime_of(NOON + 600)
    assert event.took == 2.0


def test_a_closed_store_wants_the_tokens_of_the_renewal_under_way_but_shows_none(
    clock: FakeClock,
) -> None:
    found, renewal = current(ADA, clock), job(ADA)
    found.close()
    assert (found.snapshot.tokens, found.snapshot.headers) == (None, None)
    found.close()
    assert found.wanted_by(renewal)
    assert not found.wanted_by(job(CORRECTED))
    tokens = tokens_at(NOON + 60)
    found.publish(renewal, newer(tokens))
    assert found.snapshot.tokens is None
    assert found.unsaved is tokens
    assert found.problem() is None


@pytest.mark.parametrize(
    ("tokens", "more", "server_time"),
    [
        pytest.param(tokens_at(NOON + 500), {}, NOON + 501, id="just issued: their own time"),
        pytest.param(
            CORRECTED, {"just_issued": False}, NOON - 100, id="saved: the correction with them"
        ),
        pytest.param(
            tokens_at(NOON + 500), {"just_issued": False}, NOON, id="saved without: this machine's"
        ),
    ],
)
def test_newer_tokens_may_say_what_time_it_is(
    clock: FakeClock, tokens: Tokens, more: dict[str, Any], server_time: float
) -> None:
    found = current(ADA, clock)
    found.publish(job(ADA), newer(tokens, **more))
    assert found.snapshot.server.time_at(1000.0) == server_time


def test_an_observed_time_counts_more_than_a_saved_correction(clock: FakeClock) -> None:
    found = current(ADA, clock)
    found.publish(job(ADA), newer(tokens_at(NOON)))
    before = found.snapshot.tokens
    found.publish(job(before), newer(CORRECTED, just_issued=False))
    assert found.snapshot.server.time_at(1000.0) == NOON


def test_dates_that_say_nothing_new_leave_the_snapshot_alone(clock: FakeClock) -> None:
    found = current(ADA, clock)
    date = ("Fri, 15 Jan 2027 08:00:00 GMT", 1000.0, 1000.0)
    found.observe_dates(date)
    before = found.snapshot
    assert before.server.observed
    found.observe_dates(date, (None, 0.0, 0.0), ("nonsense", 0.0, 0.0))
    assert found.snapshot is before
    assert found.at(Instant.now(clock)) is before


def test_a_new_refresh_token_leaves_the_rest_as_it_was(clock: FakeClock) -> None:
    found, renewal = current(ADA, clock), job(ADA)
    merged = tokens_at(NOON, refresh_token="refresh-1")
    found.publish_refresh_token(renewal, merged)
    assert found.snapshot.tokens is merged
    assert found.unsaved is merged
    assert found.wanted_by(renewal)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (tokens_at(NOON), None),
        (tokens_at(NOON, lifetime=0), "count as expired already"),
        (Tokens(id_token=ADA.id_token), "returned no access token"),
    ],
)
def test_tokens_that_can_not_be_sent_are_a_problem(
    clock: FakeClock, tokens: Tokens, text: str | None
) -> None:
    found = current(ADA, clock)
    found.publish(job(ADA), newer(tokens))
    problem = found.problem()
    assert (problem is None) if text is None else (text in str(problem))


def test_tokens_without_any_jwt_are_published_without_an_event(clock: FakeClock) -> None:
    found = current(ADA, clock)
    assert found.publish(job(ADA), newer(Tokens(refresh_token="r"))) is None


def test_a_save_that_failed_is_due_again_later(clock: FakeClock) -> None:
    found = current(ADA, clock, shared=True)
    found.save_again_in(5.0)
    server = found.snapshot.server
    assert found.snapshot.save_at == Instant.now(clock).plus(5.0)
    assert found.saved(ADA)
    assert found.snapshot.save_at is None
    assert found.snapshot.server is server


def test_contradicting_dates_count_when_confirmed_and_are_forgotten(clock: FakeClock) -> None:
    found = current(ADA, clock)
    found.observe_dates(
        ("Fri, 15 Jan 2027 10:00:00 GMT", 1000.0, 1000.0),
        ("Fri, 15 Jan 2027 10:00:01 GMT", 1001.0, 1001.0),
    )
    assert found.at(Instant.now(clock)).expired(Instant.now(clock))
    clock.advance(302)
    assert not found.at(Instant.now(clock)).expired(Instant.now(clock))


@pytest.mark.parametrize("what", ["saved", "save failed", "new refresh token", "one odd date"])
def test_what_says_nothing_about_the_token_does_not_hide_that_the_machine_slept(
    clock: FakeClock, what: str
) -> None:
    """Where the monotonic clock stood still, only the wall clock shows it."""
    found = current(ADA, clock, shared=True)
    clock.jump_wall(12 * 3600)
    assert found.snapshot.expired(Instant.now(clock))
    if what == "saved":
        found.saved(ADA)
    elif what == "save failed":
        found.save_again_in(5.0)
    elif what == "new refresh token":
        found.publish_refresh_token(job(ADA), tokens_at(NOON, refresh_token="refresh-1"))
    else:
        found.observe_dates(("Fri, 15 Jan 2027 20:00:00 GMT", 1000.0, 1000.0))
    assert found.snapshot.expired(Instant.now(clock))


NOW_THERE = ("Fri, 15 Jan 2027 10:00:00 GMT", 1000.0, 1000.0)
"""A date two hours ahead of this machine: by it, a token of an hour has expired."""


def test_a_refusal_confirms_the_date_by_which_the_token_has_expired(clock: FakeClock) -> None:
    found = current(ADA, clock)
    found.observe_dates(NOW_THERE)
    assert not found.snapshot.expired(Instant.now(clock))
    assert found.after_refusal(Instant.now(clock)).expired(Instant.now(clock))


@pytest.mark.parametrize(
    ("date", "just_issued"),
    [
        pytest.param("Fri, 15 Jan 2027 06:00:00 GMT", False, id="the token lives by that date"),
        pytest.param(NOW_THERE[0], True, id="the token was just issued to this process"),
    ],
)
def test_a_refusal_does_not_confirm_a_date_that_does_not_explain_it(
    clock: FakeClock, date: str, *, just_issued: bool
) -> None:
    found = current(ADA, clock)
    if just_issued:
        found.publish(job(ADA), newer(tokens_at(NOON)))
    found.observe_dates((date, 1000.0, 1000.0))
    before = found.snapshot
    assert found.after_refusal(Instant.now(clock)) is before
