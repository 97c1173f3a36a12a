"""What may be shown of a store."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from appsync_gql import RenewalFailed, StoreStatus, Tokens, TokenState
from appsync_gql.clock import Instant, ServerClock
from appsync_gql.store.snapshot import Snapshot, TokenSettings
from support.store import NOON, tokens_at

NOW = Instant(wall=NOON, monotonic=1000.0)
ADA = tokens_at(NOON)


def status(
    tokens: Tokens | None, *, loaded: bool = True, error: RenewalFailed | None = None
) -> StoreStatus:
    snapshot = Snapshot.of(tokens, TokenSettings(), server=ServerClock.assumed(NOW), now=NOW)
    return StoreStatus.of(
        snapshot,
        use="access",
        now=NOW,
        loaded=loaded,
        renewing=False,
        unsaved=True,
        error=error,
        counts={"Renewed": 1},
    )


@pytest.mark.parametrize(
    ("tokens", "loaded", "state"),
    [
        (None, False, TokenState.UNKNOWN),
        (None, True, TokenState.NOT_SIGNED_IN),
        (Tokens(refresh_token="r"), False, TokenState.UNKNOWN),
        (Tokens(refresh_token="r"), True, TokenState.EXPIRED),
        (ADA, False, TokenState.FRESH),
        (ADA, True, TokenState.FRESH),
        (tokens_at(NOON - 3575), True, TokenState.STALE),
        (tokens_at(NOON - 3600), False, TokenState.EXPIRED),
    ],
)
def test_the_state_shows_what_is_known(
    tokens: Tokens | None, state: TokenState, *, loaded: bool
) -> None:
    assert status(tokens, loaded=loaded).state is state


def test_it_names_the_user_and_the_end_and_shows_no_token() -> None:
    found = status(ADA, error=RenewalFailed("offline"))
    assert (found.username, found.user_pool_id) == ("ada", "eu-west-1_Example")
    assert found.expires_at == datetime.fromtimestamp(NOON + 3600, timezone.utc)
    assert (found.seconds_left, found.last_error) == (3599.0, "offline")
    assert (found.unsaved, found.renewing, found.counts) == (True, False, {"Renewed": 1})
    assert str(ADA.access_token) not in repr(found)


def test_without_tokens_it_has_no_user() -> None:
    found = status(None)
    assert (found.username, found.user_pool_id, found.expires_at) == (None, None, None)
    assert (found.seconds_left, found.last_error) == (0.0, None)
