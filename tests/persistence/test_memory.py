"""Sessions in memory: forks and forgotten sign-outs. The rest is in the contract."""

from __future__ import annotations

import os

import pytest

from appsync_gql import LockTimeout, MemoryPersistence, SessionKey, SignedOut
from appsync_gql.testing.contract import sample_tokens

CLIENT = SessionKey(client_id="client")
SIGN_IN, DAY = 1_800_000_000, 86_400


def test_a_session_is_found_until_it_is_signed_out() -> None:
    persistence = MemoryPersistence()
    tokens = sample_tokens(user="ada")
    persistence.save(CLIENT, tokens)
    assert persistence.load(CLIENT) == tokens
    persistence.delete(CLIENT.with_tokens(tokens))
    with pytest.raises(SignedOut):
        persistence.load(CLIENT.with_tokens(tokens))


def test_a_lock_that_is_taken_is_not_waited_for() -> None:
    persistence = MemoryPersistence()
    with persistence.lock(CLIENT), pytest.raises(LockTimeout), persistence.lock(CLIENT):
        pytest.fail("both have it")
    with persistence.lock(CLIENT):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_under_the_lock_has_a_free_lock() -> None:
    persistence = MemoryPersistence()
    with persistence.lock(CLIENT):
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            try:
                with persistence.lock(CLIENT):
                    os._exit(0)
            finally:
                os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_sessions_that_ended_long_ago_are_removed() -> None:
    persistence = MemoryPersistence(now=lambda: SIGN_IN + 40 * DAY)
    persistence.save(CLIENT, sample_tokens(user="grace"))
    persistence.save(CLIENT, sample_tokens(user="ada", signed_in_at=SIGN_IN + 40 * DAY))
    assert repr(persistence) == "<MemoryPersistence with 1 sessions>"
