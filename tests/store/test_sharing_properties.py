"""Stores that share one session, under schedules that nobody thought of.

Each store stands for a process: they come and go, ask, are refused, find the storage down or
locked, sign out and in, and time passes. The provider rotates its refresh tokens without grace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from appsync_gql import (
    MemoryPersistence,
    NotSignedIn,
    RenewalFailed,
    SessionExpired,
    SessionKey,
    SignedOut,
    StorageFailed,
    Tokens,
    TokenStore,
)
from appsync_gql.testing import FakeClock
from support.store import ANYBODY, FakeProvider, no_delay, token

if TYPE_CHECKING:
    from collections.abc import Iterator

STORES = 3
WHO = st.integers(min_value=0, max_value=STORES - 1)


class FailingPersistence(MemoryPersistence):
    """A persistence of which a test makes any part fail."""

    def __init__(self) -> None:
        super().__init__()
        self.down: set[str] = set()

    def _use(self, what: str) -> None:
        if what in self.down:
            raise OSError(5, "Input/output error")

    def load(self, key: SessionKey) -> Tokens | None:
        self._use("load")
        return super().load(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        self._use("save")
        super().save(key, tokens)


def one_attempt() -> Iterator[float]:
    return iter([0.0])


class Sharing(RuleBasedStateMachine):
    """Hypothesis chooses the rules; the invariants hold after each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.provider = FakeProvider(self.clock, lifetime=300)
        self.persistence = FailingPersistence()
        self.seed = self.provider.issue()
        self.signed_out = False
        self.was_kept = self.unusable = False
        self.lost_with_a_process = False
        self.stores = [self.new(self.seed) for _ in range(STORES)]

    def new(self, tokens: Tokens | None) -> TokenStore:
        return TokenStore(
            self.provider,
            tokens=tokens,
            persistence=self.persistence,
            clock=self.clock,
            delays=no_delay,
            lock_delays=one_attempt,
            patience=0,
        )

    def ask(self, who: int) -> str | None:
        """Ask for headers; what may be raised depends on what is going on."""
        try:
            headers = self.stores[who].blocking.headers()
        except SignedOut:
            assert self.signed_out
            return None
        except NotSignedIn:
            # Only where the given tokens went with a process that could not save them.
            assert not self.was_kept
            return None
        except SessionExpired:
            # Only who could not learn of the newer tokens, or of the sign-out, may think so.
            assert (
                self.persistence.down
                or self.signed_out
                or self.provider.reused
                or self.lost_with_a_process
            )
            return None
        except StorageFailed:
            assert self.persistence.down
            return None
        except RenewalFailed:
            assert self.unusable
            return None
        claims = jwt.decode(token(headers), options={"verify_signature": False})
        assert claims["exp"] > self.clock.wall(), "an expired token was handed out"
        return token(headers)

    @rule(who=WHO)
    def request(self, who: int) -> None:
        self.ask(who)

    @rule(who=WHO)
    def refused(self, who: int) -> None:
        if self.ask(who) is not None:
            try:
                self.stores[who].blocking.renew(self.stores[who].headers_nowait())
            except (RenewalFailed, SessionExpired):
                assert (
                    self.persistence.down
                    or self.unusable
                    or self.signed_out
                    or self.provider.reused
                    or self.lost_with_a_process
                )

    @rule(seconds=st.sampled_from([1, 60, 140, 280, 400]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(who=WHO)
    def a_process_ends_and_another_begins(self, who: int) -> None:
        store = self.stores[who]
        tokens = store._current.snapshot.tokens
        try:
            store.blocking.close()
        except StorageFailed:
            # What it could not save, nobody has any more.
            newest = tokens is not None and tokens.refresh_token == self.provider.valid
            self.lost_with_a_process |= newest
        self.stores[who] = self.new(None)

    @rule(parts=st.sets(st.sampled_from(["load", "save"])))
    def the_storage_changes(self, parts: set[str]) -> None:
        self.persistence.down = parts

    @rule()
    def the_next_answer_has_no_usable_jwt(self) -> None:
        """Its refresh token was rotated all the same, and must reach all the stores."""
        self.unusable = True
        self.provider.unusable_answers += 1

    @precondition(lambda self: not self.persistence.down)
    @rule(who=WHO)
    def sign_out(self, who: int) -> None:
        self.stores[who].blocking.sign_out()
        self.signed_out = True

    @precondition(lambda self: self.signed_out and not self.persistence.down)
    @rule(who=WHO)
    def sign_in(self, who: int) -> None:
        self.clock.advance(1)
        self.provider.valid = f"signed-in-{len(self.provider.calls)}-{self.clock.wall()}"
        self.provider.reused = False
        self.stores[who].blocking.sign_in("ada", "password")
        self.signed_out = self.lost_with_a_process = False

    @invariant()
    def the_session_is_not_lost_while_the_storage_works(self) -> None:
        """A refresh token is used twice only by who could not learn of the newer one."""
        if not self.persistence.down and not self.provider.reused and not self.signed_out:
            kept = self.persistence.load(ANYBODY)
            self.was_kept |= kept is not None
            assert (
                kept is None
                or kept.refresh_token == self.provider.valid
                or self.unsaved()
                or self.lost_with_a_process
            )

    def unsaved(self) -> bool:
        return any(store.status().unsaved for store in self.stores)

    def teardown(self) -> None:
        self.persistence.down = set()
        for store in self.stores:
            store.blocking.close()


Sharing.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
test_stores_that_share_a_session = Sharing.TestCase
