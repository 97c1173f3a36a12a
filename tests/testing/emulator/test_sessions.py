"""Which refresh tokens are valid, without sockets and with a clock that a test sets."""

from __future__ import annotations

import pytest

from appsync_gql.testing import FakeClock
from appsync_gql.testing.emulator.cognito_error import CognitoError
from appsync_gql.testing.emulator.sessions import Sessions
from appsync_gql.testing.emulator.users import User

ADA = User("ada", "correct horse")


def sessions(clock: FakeClock, *, rotation: bool = True, grace_period: float = 0.0) -> Sessions:
    return Sessions(clock.wall, lifetime=1000, rotation=rotation, grace_period=grace_period)


def error_of(known: Sessions, token: str) -> tuple[str, str]:
    with pytest.raises(CognitoError) as caught:
        known.find(token)
    return caught.value.name, caught.value.message


def rotated(known: Sessions, token: str) -> str:
    known.find(token)
    successor = known.rotate(token)
    assert successor is not None
    assert successor != token
    return successor


def test_without_rotation_a_refresh_token_stays_the_same(clock: FakeClock) -> None:
    known = sessions(clock, rotation=False)
    _, token = known.start(ADA)
    assert known.rotate(token) is None
    assert known.find(token).user is ADA


def test_without_a_grace_period_a_retired_token_is_reuse_at_once(clock: FakeClock) -> None:
    known = sessions(clock)
    _, first = known.start(ADA)
    rotated(known, first)
    assert error_of(known, first)[0] == "RefreshTokenReuseException"


def test_reuse_ends_the_whole_session_and_no_other(clock: FakeClock) -> None:
    known = sessions(clock)
    _, first = known.start(ADA)
    _, elsewhere = known.start(ADA)
    second = rotated(known, first)
    assert error_of(known, first)[0] == "RefreshTokenReuseException"
    for token in (first, second):
        revoked = ("NotAuthorizedException", "Refresh Token has been revoked")
        assert error_of(known, token) == revoked
    assert known.find(elsewhere).user is ADA


@pytest.mark.parametrize(("seconds", "works"), [(0, True), (9.9, True), (10, False), (11, False)])
def test_a_retired_token_works_within_the_grace_period(
    clock: FakeClock, seconds: float, *, works: bool
) -> None:
    known = sessions(clock, grace_period=10)
    _, first = known.start(ADA)
    rotated(known, first)
    clock.advance(seconds)
    if works:
        assert known.find(first).user is ADA
    else:
        assert error_of(known, first)[0] == "RefreshTokenReuseException"


def test_a_retry_in_the_grace_period_leaves_the_first_successor_valid(clock: FakeClock) -> None:
    """Only the submitted token is retired, not the tokens that were issued for it."""
    known = sessions(clock, grace_period=10)
    _, first = known.start(ADA)
    one, other = rotated(known, first), rotated(known, first)
    clock.advance(60)
    assert known.find(one) is known.find(other)


def test_using_a_token_again_does_not_prolong_its_grace_period(clock: FakeClock) -> None:
    known = sessions(clock, grace_period=10)
    _, first = known.start(ADA)
    rotated(known, first)
    clock.advance(8)
    rotated(known, first)
    clock.advance(2)
    assert error_of(known, first)[0] == "RefreshTokenReuseException"


def test_rotation_does_not_prolong_a_session(clock: FakeClock) -> None:
    known = sessions(clock)
    _, first = known.start(ADA)
    clock.advance(999)
    second = rotated(known, first)
    clock.advance(1)
    assert error_of(known, second) == ("NotAuthorizedException", "Refresh Token has expired")


def test_a_token_that_was_never_issued_is_invalid(clock: FakeClock) -> None:
    assert error_of(sessions(clock), "x") == ("NotAuthorizedException", "Invalid Refresh Token.")


def test_a_disabled_user_can_not_refresh_until_enabled_again(clock: FakeClock) -> None:
    known, user = sessions(clock), User("grace", "pw")
    _, token = known.start(user)
    user.disabled = True
    assert error_of(known, token) == ("NotAuthorizedException", "User is disabled.")
    user.disabled = False
    assert known.find(token).user is user


def test_signing_a_user_out_ends_all_sessions_of_that_user_only(clock: FakeClock) -> None:
    known = sessions(clock)
    (one, first), (_, second), (_, other) = (known.start(u) for u in (ADA, ADA, User("bob", "")))
    known.revoke_all("ada")
    for token in (first, second):
        assert error_of(known, token)[1] == "Refresh Token has been revoked"
    assert known.find(other).user.username == "bob"
    assert known.is_revoked(one.origin_jti)
