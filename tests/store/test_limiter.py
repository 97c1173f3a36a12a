from __future__ import annotations

from itertools import islice

import pytest

from appsync_gql import RenewalFailed
from appsync_gql.backoff import delays
from appsync_gql.store.limiter import DENIAL_COOLDOWN, Limiter
from support.store import fixed_delay

ERROR = RenewalFailed("no")


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


def test_after_one_failure_the_next_caller_who_waits_tries_again_at_once() -> None:
    limiter = Limiter(fixed_delay(5))
    limiter.failed(100.0, ERROR)
    assert limiter.urgent_wait(100.0) == 0.0
    assert not limiter.early_allowed(104.9)
    assert limiter.early_allowed(105.0)


def test_after_two_failures_in_a_row_nobody_tries_before_the_delay_is_over() -> None:
    limiter = Limiter(fixed_delay(5))
    limiter.failed(100.0, ERROR)
    limiter.failed(101.0, ERROR)
    assert limiter.urgent_wait(102.0) == 4.0
    assert limiter.urgent_wait(106.0) == 0.0


def test_success_forgets_the_failures() -> None:
    limiter = Limiter(fixed_delay(5))
    limiter.failed(100.0, ERROR)
    limiter.failed(100.0, ERROR)
    limiter.succeeded()
    assert limiter.error is None
    assert limiter.early_allowed(100.0)


def test_delays_grow_from_failure_to_failure_and_begin_anew_after_success() -> None:
    limiter = Limiter(lambda: iter([1.0, 2.0, 4.0]))
    assert [limiter.failed(0.0, ERROR) for _ in range(3)] == [1.0, 2.0, 4.0]
    limiter.succeeded()
    assert limiter.failed(0.0, ERROR) == 1.0


def test_young_tokens_are_replaced_a_few_times_and_then_ever_more_slowly() -> None:
    limiter = Limiter(lambda: iter([10.0, 20.0, 40.0]))
    granted = [now for now in range(100) if limiter.replacement_allowed(float(now), young=now > 0)]
    assert granted == [0, 1, 2, 3, 13, 33, 73]


def test_a_demand_for_older_tokens_is_never_slowed_down() -> None:
    limiter = Limiter(fixed_delay(1e9))
    assert all(limiter.replacement_allowed(float(now), young=False) for now in range(50))


def test_denials_cause_one_refresh_per_cooldown() -> None:
    limiter = Limiter(fixed_delay(1))
    granted = [now for now in range(150) if limiter.denial_allowed(float(now))]
    assert granted == [0, DENIAL_COOLDOWN, 2 * DENIAL_COOLDOWN]
