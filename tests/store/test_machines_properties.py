"""Machines whose clocks are wrong share one session, under schedules that nobody thought of.

Each store stands for a machine. AppSync compares a token's expiry with its own time, and every
response carries that time. Whoever is signed in gets the answer, after one replay at most.
"""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

import jwt
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from appsync_gql import MemoryPersistence, SessionKey, Tokens, TokenStore
from appsync_gql.testing import FakeClock
from support.store import NOON, FakeProvider, no_delay, token

if TYPE_CHECKING:
    from appsync_gql import Headers

LIFETIME = 300
WHO = st.integers(min_value=0, max_value=2)
SKEWS = st.sampled_from([0.0, -5.0, -290.0, -600.0, -7200.0, -100_000.0, 5.0, 290.0, 100_000.0])
"""Seconds by which a machine's clock is ahead."""


class SharedPersistence(MemoryPersistence):
    """A persistence of several machines: what is true of one's clock is not saved."""

    def load(self, key: SessionKey) -> Tokens | None:
        saved = super().load(key)
        return None if saved is None else replace(saved, clock_correction=None)


class Machines(RuleBasedStateMachine):
    """Hypothesis chooses the clocks and the rules."""

    def __init__(self) -> None:
        super().__init__()
        self.truth = FakeClock()
        self.provider = FakeProvider(self.truth, lifetime=LIFETIME)
        self.persistence = SharedPersistence()
        self.clocks: list[FakeClock] = []
        self.stores: list[TokenStore] = []
        self.starts = 0

    @initialize(skews=st.tuples(SKEWS, SKEWS, SKEWS))
    def the_machines_start(self, skews: tuple[float, ...]) -> None:
        self.seed = self.provider.issue()
        for skew in skews:
            clock = FakeClock()
            clock.jump_wall(skew)
            self.clocks.append(clock)
            self.stores.append(self.store(clock))

    def store(self, clock: FakeClock) -> TokenStore:
        self.starts += 1
        return TokenStore(
            self.provider,
            tokens=self.seed,
            persistence=self.persistence,
            clock=clock,
            delays=no_delay,
            lock_delays=lambda: itertools.repeat(0.0, 3),
            patience=0,
        )

    def accepted(self, store: TokenStore, headers: Headers) -> bool:
        """Send a request to AppSync, and let the store see the response's date."""
        claims = jwt.decode(token(headers), options={"verify_signature": False})
        store.answered(formatdate(int(self.truth.wall()), usegmt=True), 0.0)
        return bool(claims["exp"] > self.truth.wall())

    @staticmethod
    def wait_until_idle(store: TokenStore) -> None:
        """Wait for a renewal in the background, which the next rule would meet at any step."""
        deadline = time.monotonic() + 10
        while store.status().renewing:
            assert time.monotonic() < deadline
            time.sleep(0)

    @rule(who=WHO)
    def request(self, who: int) -> None:
        store = self.stores[who]
        headers = store.blocking.headers()
        if self.accepted(store, headers):
            self.wait_until_idle(store)
            return
        newer = store.blocking.renew(headers)
        assert token(newer) != token(headers), "the refused token was returned again"
        assert self.accepted(store, newer), "a second refusal reached a caller who is signed in"
        self.wait_until_idle(store)

    @rule(seconds=st.sampled_from([1, 20, 140, 280, 400, 4000]))
    def time_passes(self, seconds: int) -> None:
        for clock in (self.truth, *self.clocks):
            clock.advance(seconds)

    @rule(who=WHO)
    def a_process_ends_and_another_begins(self, who: int) -> None:
        self.stores[who].blocking.close()
        self.stores[who] = self.store(self.clocks[who])

    def teardown(self) -> None:
        # A machine whose clock is ahead takes saved tokens for expired ones when it starts.
        assert len(self.provider.calls) <= self.starts + (self.truth.wall() - NOON) / 10
        for store in self.stores:
            store.blocking.close()


Machines.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
test_machines_that_share_a_session = Machines.TestCase
