"""Seconds between attempts."""

from __future__ import annotations

from itertools import islice

import pytest

from appsync_gql.backoff import at_most, delays, full_jitter, lock_delays


@pytest.mark.parametrize(
    ("rand", "expected"),
    [
        (0.0, [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]),
        (1.0, [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]),
    ],
)
def test_delays_double_up_to_a_cap_between_half_and_the_whole(
    rand: float, expected: list[float]
) -> None:
    assert list(islice(delays(0.5, 10.0, lambda: rand), 7)) == expected


@pytest.mark.parametrize(("rand", "expected"), [(0.0, [0.0] * 4), (1.0, [1.0, 2.0, 4.0, 4.0])])
def test_full_jitter_begins_at_nothing(rand: float, expected: list[float]) -> None:
    assert list(islice(full_jitter(1.0, 4.0, lambda: rand), 4)) == expected


def test_without_arguments_delays_go_from_half_a_second_to_half_a_minute() -> None:
    expected = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert list(islice(delays(rand=lambda: 1.0), 8)) == expected
    assert list(islice(full_jitter(rand=lambda: 1.0), 8)) == expected


def test_without_arguments_a_lock_is_waited_for_half_a_minute() -> None:
    found = list(lock_delays(rand=lambda: 0.5))
    assert found[:6] == [0.01, 0.02, 0.04, 0.08, 0.16, 0.25]
    assert max(found) == 0.25
    assert sum(found) == pytest.approx(30.0)


def test_waits_for_a_lock_add_up_to_the_patience() -> None:
    found = list(lock_delays(1.0, 0.1, 0.25, lambda: 0.5))
    assert found[:3] == [0.1, 0.2, 0.25]
    assert sum(found) == pytest.approx(1.0)
    assert max(found) <= 0.25
    assert list(lock_delays(0.0)) == []


@pytest.mark.parametrize(
    ("seconds", "waits", "expected"),
    [
        (1.0, [0.4, 0.4, 0.4, 0.4], [0.4, 0.4, pytest.approx(0.2)]),
        (1.0, [0.5, 0.5, 0.5], [0.5, 0.5]),
        (1.0, [0.0, 0.0], [0.0, 0.0]),
        (1.0, [], []),
        (0.1, [3.0], [0.1]),
    ],
)
def test_waits_can_be_cut_short(seconds: float, waits: list[float], expected: list[float]) -> None:
    assert list(at_most(seconds, iter(waits))) == expected
