"""The provider's answers, and what they say about its clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appsync_gql import Grant, SessionExpired, SessionKey, Tokens
from appsync_gql.secret import Secret
from appsync_gql.session_key import digest
from appsync_gql.store.provider_calls import ProviderCalls
from appsync_gql.store.steps import NewerTokens, NewRefreshToken
from appsync_gql.testing import FakeClock
from support.store import ANYBODY, FakeProvider


@pytest.fixture
def calls(clock: FakeClock, provider: FakeProvider) -> ProviderCalls:
    return ProviderCalls(provider=provider, clock=clock)


@pytest.mark.parametrize("rotation", [False, True])
def test_a_refresh_shows_whether_refresh_tokens_rotate(
    calls: ProviderCalls, provider: FakeProvider, *, rotation: bool
) -> None:
    provider.rotation = rotation
    newer = calls.refresh(replace(provider.issue(), renewals=4), ANYBODY)
    assert isinstance(newer, NewerTokens)
    assert (newer.tokens.rotates, newer.tokens.renewals) == (rotation, 5)
    assert newer.key.username == "ada"


@pytest.mark.parametrize("skew", [0.0, 7200.0, -7200.0])
def test_a_token_just_issued_shows_the_providers_time(clock: FakeClock, skew: float) -> None:
    provider = FakeProvider(clock, skew=skew)
    calls = ProviderCalls(provider=provider, clock=clock)
    provider.outcomes.append(lambda: clock.advance(2))
    newer = calls.refresh(Tokens(refresh_token="refresh-0"), ANYBODY)
    assert isinstance(newer, NewerTokens)
    assert newer.received - newer.sent == 2.0
    assert newer.tokens.clock_correction is not None
    assert abs(newer.tokens.clock_correction - skew) <= 3.0


def test_a_token_that_was_not_just_issued_shows_nothing(
    clock: FakeClock, provider: FakeProvider
) -> None:
    class Cached(FakeProvider):
        def refresh(self, tokens: Tokens) -> Grant:
            return replace(super().refresh(tokens), just_issued=False)

    newer = ProviderCalls(provider=Cached(clock), clock=clock).refresh(provider.issue(), ANYBODY)
    assert isinstance(newer, NewerTokens)
    assert newer.tokens.clock_correction is None


def test_a_new_refresh_token_without_jwts_is_kept_with_the_former_tokens(
    clock: FakeClock, provider: FakeProvider
) -> None:
    provider.unusable_answers = 1
    before = replace(provider.issue(), renewals=4, device_key="device")
    newer = ProviderCalls(provider=provider, clock=clock).refresh(before, ANYBODY)
    assert isinstance(newer, NewRefreshToken)
    assert newer.tokens == replace(before, refresh_token="refresh-1", rotates=True, renewals=5)


def test_without_a_refresh_token_the_provider_is_not_called(
    calls: ProviderCalls, provider: FakeProvider
) -> None:
    with pytest.raises(SessionExpired):
        calls.refresh(replace(provider.issue(), refresh_token=None), ANYBODY)
    assert provider.calls == []


def test_a_sign_in_begins_a_session_of_its_own(
    calls: ProviderCalls, provider: FakeProvider
) -> None:
    adas = ANYBODY.with_tokens(provider.issue())
    provider.valid = "refresh-bob"
    newer = calls.sign_in("bob", Secret("password"), None, adas)
    assert (newer.api, newer.key.username) == ("FakeSignIn", "bob")
    assert newer.key.first_token_digest == digest("refresh-bob")
    assert newer.key == replace(SessionKey.of(newer.tokens), signed_in_at=newer.key.signed_in_at)


def test_a_session_is_revoked(calls: ProviderCalls, provider: FakeProvider) -> None:
    calls.revoke(provider.issue())
    assert provider.revoked == ["refresh-0"]
