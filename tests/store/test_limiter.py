"""When the next attempt may be made."""

from __future__ import annotations

from appsync_gql import ConfigurationError, RenewalFailed
from appsync_gql.store.limiter import Limiter
from support.store import fixed_delay

ERROR = RenewalFailed("no")


def test_after_one_failure_the_next_caller_who_waits_tries_again_at_once() -> None:
    limiter = Limiter(fixed_delay(5))
    limiter.failed(100.0, ERROR)
    assert limiter.error is ERROR
    assert limiter.urgent_wait(100.0) == 0.0
    assert not limiter.early_allowed(104.9)
    assert limiter.early_allowed(105.0)


def test_after_two_failures_in_a_row_nobody_tries_before_the_delay_is_over() -> None:
    limiter = Limiter(fixed_delay(5))
    limiter.failed(100.0, ERROR)
    limiter.failed(101.0, ERROR)
    assert limiter.urgent_wait(102.0) == 4.0
    assert limiter.urgent_wait(106.0) == 0.0


def test_while_callers_wait_no_pause_is_longer_than_five_seconds() -> None:
    limiter = Limiter(fixed_delay(30))
    limiter.failed(100.0, ERROR)
    assert limiter.failed(100.0, ERROR) == 30
    assert limiter.urgent_wait(101.0) == 4.0
    assert limiter.urgent_wait(105.0) == 0.0
    assert not limiter.early_allowed(129.9)
    assert limiter.early_allowed(130.0)


def test_what_the_server_asked_for_is_kept_to_from_the_first_failure() -> None:
    limiter = Limiter(fixed_delay(5))
    assert limiter.failed(100.0, RenewalFailed("slow down", retry_after=12.0)) == 12.0
    assert limiter.urgent_wait(102.0) == 10.0
    assert not limiter.early_allowed(111.9)
    assert limiter.failed(200.0, RenewalFailed("slow down", retry_after=1e9)) == 30.0
    assert limiter.failed(300.0, RenewalFailed("slow down", retry_after=1.0)) == 5.0


def test_an_error_of_another_kind_asks_for_no_delay() -> None:
    limiter = Limiter(fixed_delay(0))
    assert limiter.failed(100.0, ConfigurationError("no secret")) == 0.0
    assert limiter.urgent_wait(100.0) == 0.0


def test_delays_that_end_go_on_with_half_a_minute() -> None:
    limiter = Limiter(lambda: iter([1.0]))
    assert [limiter.failed(0.0, ERROR) for _ in range(3)] == [1.0, 30.0, 30.0]


def test_delays_between_saves_grow_until_one_succeeds() -> None:
    limiter = Limiter(lambda: iter([1.0, 2.0, 4.0]))
    assert [limiter.save_failed() for _ in range(2)] == [1.0, 2.0]
    limiter.succeeded()
    assert limiter.save_failed() == 4.0, "a renewal says nothing about saving"
    limiter.save_succeeded()
    assert limiter.save_failed() == 1.0


def test_a_reset_forgets_failures_and_requests_but_not_the_cool_down() -> None:
    limiter = Limiter(fixed_delay(5))
    assert limiter.denial_allowed(0.0)
    for _ in range(3):
        limiter.failed(0.0, ERROR)
        limiter.replacement_allowed(0.0, young=True)
    limiter.reset()
    assert limiter.error is None
    assert limiter.urgent_wait(0.0) == 0.0
    assert not limiter.denial_allowed(1.0)


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


def young(limiter: Limiter, *times: float) -> list[bool]:
    return [limiter.replacement_allowed(now, young=True) for now in times]


def test_after_older_tokens_were_replaced_young_ones_are_counted_anew() -> None:
    limiter = Limiter(lambda: iter([1000.0, 2000.0]))
    assert young(limiter, 0, 0, 0, 0, 0) == [True, True, True, True, False]
    assert limiter.replacement_allowed(1.0, young=False)
    assert young(limiter, 1, 1, 1, 1) == [True, True, True, False]
    assert young(limiter, 1000.9, 1001) == [False, True], "the delays begin anew too"


def test_after_a_sign_in_young_tokens_are_counted_anew() -> None:
    limiter = Limiter(lambda: iter([1000.0, 2000.0]))
    assert young(limiter, 0, 0, 0, 0, 0) == [True, True, True, True, False]
    limiter.reset()
    assert young(limiter, 0, 0, 0, 0, 0) == [True, True, True, True, False]
    assert young(limiter, 999.9, 1000) == [False, True], "the delays begin anew too"


def test_denials_cause_one_refresh_per_cooldown() -> None:
    limiter = Limiter(fixed_delay(1))
    granted = [now for now in range(150) if limiter.denial_allowed(float(now))]
    assert granted == [0, 60, 120]
