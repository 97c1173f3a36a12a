from __future__ import annotations

import math
import time

from hypothesis import given
from hypothesis import strategies as st

from appsync_gql.clock import Instant, ServerClock, SystemClock

NOW = Instant(wall=1000.0, monotonic=50.0)


def test_the_machines_own_clock_is_believed_for_want_of_better() -> None:
    server = ServerClock.assumed(NOW)
    assert server.time_at(60.0) == 1010.0
    assert not server.observed


def test_a_saved_correction_is_laid_over_the_machines_clock() -> None:
    server = ServerClock.assumed(NOW, correction=-7200.0)
    assert server.time_at(60.0) == 1010.0 - 7200.0
    assert server.correction(NOW) == -7200.0


def test_a_machines_clock_that_fits_the_observations_stays_the_best_estimate() -> None:
    server = ServerClock.assumed(NOW).observe(1000.0, sent=50.0, received=50.1)
    assert server.observed
    assert server.time_at(50.0) == 1000.0


def test_one_that_does_not_fit_gives_way_to_the_latest_possible_time() -> None:
    server = ServerClock.assumed(NOW).observe(5000.0, sent=49.0, received=50.0)
    assert (server.low, server.high) == (4950.0, 4952.0)
    assert server.time_at(50.0) == 5002.0
    assert server.correction(NOW) == 4002.0


def test_observations_that_agree_narrow_the_estimate() -> None:
    first = ServerClock.assumed(NOW).observe(5000.0, sent=49.0, received=50.0)
    second = first.observe(5002.0, sent=51.0, received=51.2)
    assert (second.low, second.high) == (4950.8, 4952.0)


def test_an_observation_that_tells_nothing_new_changes_nothing() -> None:
    first = ServerClock.assumed(NOW).observe(5000.0, sent=50.0, received=50.0)
    assert first.observe(5000.0, sent=49.0, received=51.0) is first


def test_a_contradiction_means_that_the_server_or_this_machine_jumped_so_the_newest_counts() -> (
    None
):
    first = ServerClock.assumed(NOW).observe(5000.0, sent=50.0, received=50.0)
    later = first.observe(9000.0, sent=51.0, received=51.0)
    assert (later.low, later.high) == (8949.0, 8950.0)


@given(
    offset=st.floats(-1e6, 1e6),
    steps=st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 5), st.floats(0, 1)), min_size=1, max_size=30
    ),
)
def test_the_true_offset_is_always_inside_the_estimate(
    offset: float, steps: list[tuple[float, float, float]]
) -> None:
    """Whatever the waits, trips and moments of answering are, truncation included."""
    server, monotonic = ServerClock.assumed(NOW), 0.0
    for wait, trip, when in steps:
        sent = monotonic + wait
        monotonic = sent + trip
        second = math.floor(sent + trip * when + offset)
        server = server.observe(second, sent, monotonic)
        assert server.low - 1e-6 <= offset <= server.high + 1e-6


def test_this_machines_clocks_tell_the_time() -> None:
    clock = SystemClock()
    assert abs(clock.wall() - time.time()) < 5
    first = clock.monotonic()
    assert clock.monotonic() >= first


def test_a_moment_is_reached_when_either_clock_has_got_there() -> None:
    then = NOW.plus(10.0)
    assert not NOW.reached(then)
    assert Instant(wall=1010.0, monotonic=50.0).reached(then)
    assert Instant(wall=0.0, monotonic=60.0).reached(then)
