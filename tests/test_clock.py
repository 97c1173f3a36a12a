"""The two clocks of this machine, and what is known of the server's."""

from __future__ import annotations

import math
import sys
import time
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from appsync_gql.clock import (
    Bounds,
    Instant,
    ServerClock,
    SystemClock,
    monotonic_through_sleep,
    retry_after,
    seconds_of,
)

NOW = Instant(wall=1000.0, monotonic=50.0)
RIGHT = ServerClock.assumed(NOW)
"""The machine's clock, whose offset is 950 s; nothing has been observed."""
ISSUED = RIGHT.observe_issue(1000.0, sent=50.0, received=50.0)
"""The same, confirmed by a token that was just issued."""

Observation = tuple[str, float, float]
"""What is observed ("date" or "issue"), the server's second, and this machine's monotonic time."""


def observed(server: ServerClock, *observations: Observation) -> ServerClock:
    for what, second, at in observations:
        observe = server.observe_date if what == "date" else server.observe_issue
        server = observe(second, sent=at, received=at)
    return server


# -- tokens just issued --------------------------------------------------------------


def test_before_any_observation_the_machines_own_clock_counts() -> None:
    assert RIGHT.time_at(60.0) == 1010.0
    assert not RIGHT.observed


def test_a_saved_correction_is_added_to_the_machines_clock() -> None:
    server = ServerClock.assumed(NOW, correction=-7200.0)
    assert server.time_at(60.0) == 1010.0 - 7200.0
    assert server.correction(NOW) == -7200.0


def test_a_machines_clock_that_fits_the_observations_stays_the_best_estimate() -> None:
    assert ISSUED.observed
    assert ISSUED.time_at(50.0) == 1000.0


def test_one_that_does_not_fit_is_replaced_by_the_latest_possible_time() -> None:
    server = RIGHT.observe_issue(5000.0, sent=49.0, received=50.0)
    assert server.known == Bounds(4950.0, 4952.0)
    assert server.time_at(50.0) == 5002.0
    assert server.correction(NOW) == 4002.0


def test_observations_that_agree_narrow_the_estimate() -> None:
    first = RIGHT.observe_issue(5000.0, sent=49.0, received=50.0)
    second = first.observe_issue(5002.0, sent=51.0, received=51.2)
    assert second.known == Bounds(4950.8, 4952.0)


def test_an_observation_that_adds_nothing_changes_nothing() -> None:
    first = RIGHT.observe_issue(5000.0, sent=50.0, received=50.0)
    assert first.observe_issue(5000.0, sent=49.0, received=51.0) is first


def test_bounds_that_touch_agree_on_one_offset() -> None:
    assert Bounds(0.0, 1.0).intersection(Bounds(1.0, 2.0)) == Bounds(1.0, 1.0)
    assert Bounds(1.0, 2.0).intersection(Bounds(0.0, 1.0)) == Bounds(1.0, 1.0)
    assert Bounds(0.0, 1.0).intersection(Bounds(1.1, 2.0)) is None


def test_a_date_of_today_counts_and_one_of_the_day_before_yesterday_does_not() -> None:
    today = ServerClock.assumed(Instant(wall=1_800_000_000.0, monotonic=1000.0))
    assert today.observe_date(1_800_000_000.0, sent=1000.0, received=1000.0).observed
    day_off = today.observe_date(1_800_000_000.0 - 86_402.0, sent=1000.0, received=1000.0)
    again = day_off.observe_date(1_800_000_000.0 - 86_401.0, sent=1001.0, received=1001.0)
    assert again.time_at(1001.0) == today.time_at(1001.0)
    hour_off = today.observe_date(1_800_000_000.0 - 3_600.0, sent=1000.0, received=1000.0)
    assert hour_off.doubt is not None


def test_a_token_just_issued_counts_more_than_all_that_was_known() -> None:
    later = RIGHT.observe_issue(5000.0, sent=50.0, received=50.0)
    later = later.observe_issue(9000.0, sent=51.0, received=51.0)
    assert later.known == Bounds(8949.0, 8950.0)


# -- Date headers ----------------------------------------------------------------------

GOOD, AHEAD, BEHIND = 0.0, 7200.0, -7200.0


def date(at: float, wrong_by: float = GOOD) -> Observation:
    return ("date", 950.0 + at + wrong_by, at)


@pytest.mark.parametrize("start", [RIGHT, ISSUED], ids=["nothing observed", "token issued"])
@pytest.mark.parametrize(
    ("observations", "wrong_by"),
    [
        pytest.param([date(60)], GOOD, id="one that agrees"),
        pytest.param([date(60, AHEAD)], GOOD, id="one that contradicts decides nothing"),
        pytest.param([date(60, BEHIND)], GOOD, id="nor one from the past"),
        pytest.param([date(60, AHEAD), date(61, AHEAD)], AHEAD, id="a second one confirms it"),
        pytest.param([date(60, AHEAD), date(60, AHEAD)], GOOD, id="not the same one once more"),
        pytest.param(
            [("date", 8210.0, 60.0), ("date", 8210.0, 75.0)], GOOD, id="nor one out of a cache"
        ),
        pytest.param([date(60, AHEAD), date(61, BEHIND)], GOOD, id="nor another contradiction"),
        pytest.param(
            [date(60, AHEAD), date(61), date(62, AHEAD)], GOOD, id="one that agrees clears doubt"
        ),
        pytest.param(
            [date(60, AHEAD), date(61, AHEAD), date(62)], GOOD, id="and ends what was confirmed"
        ),
        pytest.param(
            [date(60, AHEAD), date(61, AHEAD), date(62, BEHIND)],
            AHEAD,
            id="which a single contradiction does not",
        ),
        pytest.param(
            [date(60, AHEAD), date(61, AHEAD), date(62, BEHIND), date(63, BEHIND)],
            BEHIND,
            id="but a confirmed one does",
        ),
        pytest.param(
            [date(60, 90000.0), date(61, 90000.0)], GOOD, id="a date more than a day off is ignored"
        ),
        pytest.param(
            [date(60, AHEAD), date(61, AHEAD), ("issue", 1012.0, 62.0)],
            GOOD,
            id="a token just issued counts more than dates",
        ),
    ],
)
def test_a_date_counts_if_it_agrees_or_is_confirmed(
    start: ServerClock, observations: list[Observation], wrong_by: float
) -> None:
    server = observed(start, *observations)
    assert abs(server.time_at(70.0) - (1020.0 + wrong_by)) <= 1.0


def test_dates_that_contradict_are_forgotten_after_five_minutes_without_another() -> None:
    server = observed(RIGHT, date(60, AHEAD), date(61, AHEAD))
    assert server.without_old_dates(360.9) is server
    assert server.without_old_dates(361.0).time_at(70.0) == 1020.0
    again = observed(server, date(300, AHEAD))
    assert again.without_old_dates(599.0) is again


@pytest.mark.parametrize("wrong_by", [AHEAD, BEHIND, 90_000.0])
def test_a_date_that_something_else_confirms_counts_for_five_minutes(wrong_by: float) -> None:
    server = observed(ISSUED, date(60, wrong_by)).confirmed_date(60.0)
    assert abs(server.time_at(70.0) - (1020.0 + wrong_by)) <= 1.0
    assert server.without_old_dates(360.0).time_at(70.0) == 1020.0


@pytest.mark.parametrize("server", [RIGHT, observed(ISSUED, date(60))])
def test_without_a_date_that_contradicts_there_is_nothing_to_confirm(server: ServerClock) -> None:
    assert server.confirmed_date(60.0) is server


def test_without_contradicting_dates_nothing_is_forgotten() -> None:
    assert ISSUED.without_old_dates(1e9) is ISSUED


@given(
    offset=st.floats(-1e4, 1e4),
    steps=st.lists(
        st.tuples(st.booleans(), st.floats(0, 100), st.floats(0, 5), st.floats(0, 1)),
        min_size=3,
        max_size=30,
    ),
)
def test_the_true_offset_is_always_inside_the_estimate_after_a_token_was_issued(
    offset: float, steps: list[tuple[bool, float, float, float]]
) -> None:
    """Whatever the waits, trips and moments of answering are, truncation included."""
    server, monotonic, issued = RIGHT, 0.0, False
    for is_date, wait, trip, when in steps:
        sent = monotonic + wait
        monotonic = sent + trip
        second = math.floor(sent + trip * when + offset)
        observe = server.observe_date if is_date else server.observe_issue
        server = observe(second, sent, monotonic)
        issued |= not is_date
        if issued:
            assert server.dates is None
            assert server.known.low - 1e-6 <= offset <= server.known.high + 1e-6


# -- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Fri, 15 Jan 2027 08:00:00 GMT", 1_800_000_000.0),
        ("Fri, 15 Jan 2027 09:00:00 +0100", 1_800_000_000.0),
        ("Fri, 15 Jan 2027 08:00:00 -0000", 1_800_000_000.0),
        ("Fri, 15 Jan 2027 08:00:00", 1_800_000_000.0),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("Thu, 99 Foo 2026 25:61:61 GMT", None),
    ],
)
def test_a_date_header_is_read_as_utc_and_nonsense_is_ignored(
    monkeypatch: pytest.MonkeyPatch, text: str | None, seconds: float | None
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert seconds_of(text) == seconds
    finally:
        monkeypatch.undo()
        time.tzset()


def test_this_machines_clocks_show_the_time() -> None:
    clock = SystemClock()
    assert abs(clock.wall() - time.time()) < 5
    first = clock.monotonic()
    assert clock.monotonic() >= first


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="Linux alone has both clocks")
def test_the_monotonic_clock_is_the_one_that_goes_on_while_the_machine_sleeps() -> None:
    def clock_id(platform: str) -> object:
        read = monotonic_through_sleep(platform)
        return read.args[0] if isinstance(read, partial) else read

    assert clock_id("linux") == time.CLOCK_BOOTTIME
    assert clock_id("darwin") == time.CLOCK_MONOTONIC
    assert clock_id("win32") is time.monotonic


def test_this_platforms_monotonic_clock_is_the_one_in_use() -> None:
    assert abs(SystemClock.monotonic() - monotonic_through_sleep(sys.platform)()) < 5


def test_a_moment_is_reached_when_either_clock_has_reached_it() -> None:
    then = NOW.plus(10.0)
    assert not NOW.reached(then)
    assert Instant(wall=1010.0, monotonic=50.0).reached(then)
    assert Instant(wall=0.0, monotonic=60.0).reached(then)


def test_the_time_since_a_moment_is_that_of_the_clock_that_counted_more() -> None:
    assert Instant(wall=1005.0, monotonic=57.0).since(NOW) == 7.0
    assert Instant(wall=1005.0, monotonic=50.0).since(NOW) == 5.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "\u00b2"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 400}, None),
        (
            {
                "Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT",
                "Date": "Thu, 01 Jan 2026 00:00:00 GMT",
            },
            60.0,
        ),
        (
            {
                "Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT",
                "Date": "Thu, 01 Jan 2026 00:01:00 GMT",
            },
            0.0,
        ),
        ({"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT"}, None),
        ({"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT", "Date": "today"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(CIMultiDict(headers)) == seconds
