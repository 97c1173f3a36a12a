"""The clock that a test sets."""

from __future__ import annotations

from appsync_gql.clock import Clock, Instant
from appsync_gql.testing import FakeClock


def test_the_fake_clock_changes_only_when_a_test_changes_it() -> None:
    clock = FakeClock(wall=100.0, monotonic=5.0)
    as_protocol: Clock = clock
    before = Instant.now(as_protocol)
    clock.advance(10)
    assert Instant.now(clock) == before.plus(10)
    clock.jump_wall(-3600)
    assert (clock.wall(), clock.monotonic()) == (-3490.0, 15.0)
