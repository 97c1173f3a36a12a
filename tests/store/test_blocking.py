"""The store for threads: what it adds to the methods is how it waits."""

from __future__ import annotations

import pytest
from gql.transport.exceptions import TransportClosed

from appsync_gql import SessionExpired, SignedOut, TokenStore
from appsync_gql.testing import FakeClock
from support.store import EXPIRED, FakeProvider, token


def test_it_does_what_the_other_front_does(
    store: TokenStore, clock: FakeClock, provider: FakeProvider
) -> None:
    blocking = store.blocking
    first = blocking.headers()
    assert token(blocking.renew(first)) != token(first)
    assert blocking.tokens().username == "ada"
    assert blocking.sign_in("grace", "password").username == "grace"
    assert blocking.status().username == "grace"
    clock.advance(EXPIRED)
    assert token(blocking.headers())
    clock.advance(EXPIRED)
    provider.outcomes.append(SessionExpired("over"))
    with pytest.raises(SessionExpired):
        blocking.headers()
    blocking.sign_out()
    with pytest.raises(SignedOut):
        blocking.headers()
    blocking.close()
    with pytest.raises(TransportClosed):
        blocking.headers()


def test_a_fresh_token_is_returned_without_waiting(store: TokenStore) -> None:
    assert store.blocking.headers() is store.headers_nowait()
