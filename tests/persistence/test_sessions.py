"""Saved sessions as values: found, replaced, signed out, removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appsync_gql import ConfigurationError, SessionKey, SignedOut, Tokens
from appsync_gql.persistence.sessions import SavedSession, SavedSessions
from appsync_gql.session_key import digest
from appsync_gql.testing.contract import sample_tokens

SIGN_IN = 1_800_000_000
DAY = 86_400.0
MONTH = 30 * DAY
CLIENT = SessionKey(client_id="client")
ADA = sample_tokens(user="ada", refresh_token="refresh-ada")
GRACE = sample_tokens(user="grace", refresh_token="refresh-grace")
ONLY_REFRESH = Tokens(refresh_token="refresh-first")


def saved(*sets: Tokens) -> SavedSessions:
    sessions = SavedSessions()
    for tokens in sets:
        sessions = sessions.with_tokens(CLIENT, tokens)
    return sessions


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (CLIENT, ADA),
        (SessionKey(), ADA),
        (SessionKey(client_id="client", username="ada"), ADA),
        (SessionKey(user_pool_id="eu-west-1_Example"), ADA),
        (SessionKey(client_id="client", username="grace"), None),
        (SessionKey(client_id="other"), None),
        (SessionKey(user_pool_id="eu-west-1_Other", client_id="client"), None),
        (CLIENT.with_tokens(ADA), ADA),
        (CLIENT.with_tokens(Tokens(refresh_token="refresh-ada")), ADA),
        (CLIENT.with_tokens(Tokens(refresh_token="unknown")), None),
    ],
    ids=str,
)
def test_a_session_is_found_by_what_is_known_of_it(key: SessionKey, found: Tokens | None) -> None:
    assert saved(ADA).find(key) == found


def test_of_several_users_one_must_be_named() -> None:
    both = saved(ADA, GRACE)
    with pytest.raises(ConfigurationError, match="ada and grace"):
        both.find(CLIENT)
    assert both.find(SessionKey.of(GRACE)) == GRACE


def test_a_session_is_found_by_its_first_refresh_token_after_many_renewals() -> None:
    key, sessions = CLIENT.with_tokens(ONLY_REFRESH), SavedSessions()
    for renewals in range(20):
        renewed = sample_tokens(renewals=renewals, refresh_token=f"refresh-{renewals}")
        sessions = sessions.with_tokens(key.with_tokens(renewed), renewed)
    assert sessions.find(key) == renewed
    assert len(sessions.sessions) == 1
    assert len(sessions.sessions[0].refresh_token_digests) <= 8


def test_a_session_saved_before_its_user_was_known_is_replaced() -> None:
    key = CLIENT.with_tokens(ONLY_REFRESH)
    sessions = SavedSessions().with_tokens(key, ONLY_REFRESH)
    sessions = sessions.with_tokens(key.with_tokens(ADA), ADA)
    assert [session.tokens for session in sessions.sessions] == [ADA]


def test_tokens_of_an_unknown_user_replace_no_other_session() -> None:
    key = CLIENT.with_tokens(ONLY_REFRESH)
    sessions = saved(ADA).with_tokens(key, ONLY_REFRESH)
    assert sessions.find(SessionKey.of(ADA)) == ADA
    assert sessions.find(key) == ONLY_REFRESH


@pytest.mark.parametrize(
    ("key", "ended"),
    [
        (CLIENT, True),
        (SessionKey.of(ADA), True),
        (SessionKey.of(sample_tokens(refresh_token="another", renewals=9)), True),
        (SessionKey.of(Tokens(refresh_token="refresh-ada")), True),
        (SessionKey.of(Tokens(refresh_token="of-a-new-sign-in")), False),
        (SessionKey.of(sample_tokens(signed_in_at=SIGN_IN + 600)), False),
        (SessionKey.of(GRACE), False),
    ],
)
def test_a_sign_out_ends_that_session_only(key: SessionKey, ended: bool) -> None:  # noqa: FBT001
    sessions = saved(ADA).signed_out(SessionKey.of(ADA), SIGN_IN)
    if ended:
        with pytest.raises(SignedOut):
            sessions.find(key)
    else:
        assert sessions.find(key) is None


def test_a_sign_out_of_a_session_that_was_never_saved_is_recorded() -> None:
    key = CLIENT.with_tokens(ONLY_REFRESH)
    with pytest.raises(SignedOut):
        SavedSessions().signed_out(key, SIGN_IN).find(key)


def test_a_sign_out_without_a_session_records_nothing() -> None:
    assert SavedSessions().signed_out(CLIENT, SIGN_IN) == SavedSessions()


# -- what ends, and when ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("signed_in_ago", "kept_for"),
    [
        (0, 30 * DAY),
        (1 * DAY, 29 * DAY),
        (15 * DAY, 15 * DAY),
        (16 * DAY, 15 * DAY),
        (31 * DAY, 15 * DAY),
        (364 * DAY, 15 * DAY),
        (None, 30 * DAY),
    ],
)
def test_what_is_saved_now_is_kept_for_half_of_the_validity_at_least(
    signed_in_ago: float | None, kept_for: float
) -> None:
    """A renewal has just succeeded, so the session is alive, whatever the setting says."""
    now = 1_900_000_000
    tokens = ADA if signed_in_ago is not None else ONLY_REFRESH
    signed_in_at = None if signed_in_ago is None else now - signed_in_ago
    session = SavedSession(key=replace(CLIENT, signed_in_at=signed_in_at), tokens=tokens)
    assert SavedSessions((session,)).seconds_to_keep(MONTH, now) == kept_for


def test_a_clock_that_is_decades_slow_drops_nothing() -> None:
    assert saved(ADA).seconds_to_keep(MONTH, now=0.0) > MONTH


def test_renewals_do_not_prolong_a_young_session() -> None:
    renewed = sample_tokens(renewals=1000)
    now = SIGN_IN + 60_000
    assert saved(renewed).seconds_to_keep(MONTH, now) == MONTH - 60_000


def after(days: float, user: str = "late") -> Tokens:
    """Return tokens that were issued so many days after the sign-in of the others."""
    return sample_tokens(user=user, signed_in_at=int(SIGN_IN + days * DAY))


@pytest.mark.parametrize(
    ("days", "users"), [(29, {"ada", "late"}), (31, {"late"})], ids=["alive", "dead"]
)
def test_a_session_whose_refresh_token_must_have_expired_is_removed(
    days: float, users: set[str]
) -> None:
    sessions = saved(ADA, after(days)).without_ended(MONTH, now=SIGN_IN + days * DAY)
    assert {session.key.username for session in sessions.sessions} == users


def test_a_renewal_keeps_a_session_that_is_older_than_the_validity() -> None:
    renewed = sample_tokens(renewals=40 * 24 * 60)  # 40 days, a minute each
    sessions = saved(renewed, after(60)).without_ended(MONTH, now=SIGN_IN + 60 * DAY)
    assert len(sessions.sessions) == 2


@pytest.mark.parametrize(("days", "records"), [(6, 2), (8, 1)])
def test_a_sign_out_is_recorded_for_a_week(days: float, records: int) -> None:
    sessions = saved(ADA).signed_out(SessionKey.of(ADA), SIGN_IN)
    sessions = sessions.with_tokens(CLIENT, after(days))
    assert len(sessions.without_ended(MONTH, SIGN_IN + days * DAY).sessions) == records


def test_a_clock_that_is_years_fast_removes_no_session() -> None:
    both = saved(ADA, GRACE)
    assert both.without_ended(MONTH, now=SIGN_IN + 3650 * DAY) == both


def test_a_token_that_was_issued_in_the_future_removes_no_session() -> None:
    both = saved(ADA, after(3650))
    assert both.without_ended(MONTH, now=SIGN_IN) == both


def test_without_any_known_time_nothing_is_removed() -> None:
    sessions = saved(ONLY_REFRESH)
    assert sessions.without_ended(MONTH, now=SIGN_IN + 3650 * DAY) == sessions
    mixed = sessions.with_tokens(CLIENT, after(100))
    assert len(mixed.without_ended(MONTH, now=SIGN_IN + 100 * DAY).sessions) == 2


def test_a_key_shows_no_token_but_its_digest() -> None:
    key = SessionKey.of(ADA)
    assert "refresh-ada" not in repr(key)
    assert key.first_token_digest == digest("refresh-ada")
