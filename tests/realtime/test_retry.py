"""When a subscription is tried again, and how often."""

from __future__ import annotations

import itertools

import pytest

from appsync_gql.error_types import ErrorMeaning
from appsync_gql.realtime.errors import Lost, ServerError, Unanswered
from appsync_gql.realtime.retry import Action, Decision, Retry

GIVE_UP = Decision(Action.GIVE_UP)
AT_ONCE, LATER = Decision(Action.RETRY), Decision(Action.RETRY, pause=True)
RENEW, RENEW_LATER = Decision(Action.RENEW), Decision(Action.RENEW, pause=True)


@pytest.fixture
def retry() -> Retry:
    return Retry(lambda: iter(itertools.count(1.0)), attempts=3)


def error(meaning: ErrorMeaning) -> ServerError:
    return ServerError(meaning, "No.")


def prove(retry: Retry) -> None:
    """Be subscribed for a while, and lose that."""
    retry.subscribed(10.0)
    retry.ended("the connection broke", 12.0, received=False)


@pytest.mark.parametrize(
    ("end", "connecting", "at_first", "later"),
    [
        (Lost("reset"), True, AT_ONCE, AT_ONCE),
        (Lost("reset"), False, AT_ONCE, AT_ONCE),
        (Unanswered("no start_ack"), False, LATER, LATER),
        (error(ErrorMeaning.THROTTLED), True, AT_ONCE, AT_ONCE),
        (error(ErrorMeaning.THROTTLED), False, LATER, LATER),
        (error(ErrorMeaning.FAILED), False, LATER, LATER),
        (error(ErrorMeaning.FULL), False, AT_ONCE, AT_ONCE),
        (error(ErrorMeaning.REFUSED), True, RENEW, RENEW),
        (error(ErrorMeaning.REFUSED), False, RENEW, RENEW),
        (error(ErrorMeaning.DENIED), False, RENEW, RENEW),
        (error(ErrorMeaning.INVALID), True, GIVE_UP, AT_ONCE),
        (error(ErrorMeaning.INVALID), False, GIVE_UP, LATER),
        (error(ErrorMeaning.BLOCKED), True, GIVE_UP, AT_ONCE),
    ],
)
def test_what_follows_a_failure_at_first_and_after_a_success(
    retry: Retry,
    end: Lost | Unanswered | ServerError,
    connecting: bool,  # noqa: FBT001
    at_first: Decision,
    later: Decision,
) -> None:
    assert retry.decide(end, connecting=connecting) == at_first
    proven = Retry(lambda: iter(itertools.count(1.0)), attempts=3)
    prove(proven)
    assert proven.decide(end, connecting=connecting) == later


@pytest.mark.parametrize(
    "end", [Lost("reset"), Unanswered("no start_ack"), error(ErrorMeaning.FAILED)]
)
def test_before_the_first_success_there_are_few_attempts(
    retry: Retry, end: Lost | Unanswered | ServerError
) -> None:
    actions = [retry.decide(end).action for _ in range(3)]
    assert actions == [Action.RETRY, Action.RETRY, Action.GIVE_UP]


def test_after_the_first_success_attempts_are_not_limited(retry: Retry) -> None:
    retry.subscribed(0.0)
    assert all(retry.decide(Lost("reset")) == AT_ONCE for _ in range(100))


def test_attempts_at_an_endpoint_that_is_known_to_be_reachable_are_not_limited(
    retry: Retry,
) -> None:
    ends = [retry.decide(Lost("x"), connecting=True, reachable=True) for _ in range(100)]
    assert set(ends) == {AT_ONCE}
    assert retry.decide(Lost("x"), connecting=False, reachable=True) == GIVE_UP


def test_the_first_refusal_is_answered_with_newer_tokens_the_second_is_final(
    retry: Retry,
) -> None:
    refused = error(ErrorMeaning.REFUSED)
    assert [retry.decide(refused) for _ in range(2)] == [RENEW, GIVE_UP]


def test_refusals_of_what_was_accepted_are_answered_a_few_times_with_pauses(
    retry: Retry,
) -> None:
    prove(retry)
    refused = error(ErrorMeaning.REFUSED)
    decisions = [retry.decide(refused) for _ in range(9)]
    assert decisions == [RENEW, *[RENEW_LATER] * 7, GIVE_UP]


def test_a_passing_fault_at_a_restart_is_tried_again_but_not_for_ever(retry: Retry) -> None:
    prove(retry)
    decisions = [retry.decide(error(ErrorMeaning.INVALID)) for _ in range(9)]
    assert decisions == [*[LATER] * 8, GIVE_UP]


def test_a_full_connection_that_nobody_else_uses_is_followed_by_a_pause(retry: Retry) -> None:
    full = error(ErrorMeaning.FULL)
    assert retry.decide(full, alone=False) == AT_ONCE
    assert retry.decide(full, alone=True) == LATER


def test_the_start_ack_alone_proves_nothing(retry: Retry) -> None:
    retry.decide(error(ErrorMeaning.REFUSED))
    pauses = [retry.pause()]
    retry.subscribed(10.0)
    retry.ended("an error right behind it", 10.5, received=False)
    pauses.append(retry.pause())
    assert retry.subscribed_once
    assert not retry.proven
    assert pauses == [1.0, 2.0], "the pauses go on growing"
    assert retry.decide(error(ErrorMeaning.REFUSED)) == GIVE_UP


def test_an_attempt_that_never_was_a_subscription_proves_nothing(retry: Retry) -> None:
    assert not retry.lost
    retry.ended("no connection", 100.0, received=False)
    assert (retry.lost, retry.proven, retry.subscribed_once) == ("no connection", False, False)


def test_a_second_is_not_long_enough_and_more_is(retry: Retry) -> None:
    for lasted, proven in ((1.0, False), (1.1, True)):
        retry.subscribed(10.0)
        retry.ended("the connection broke", 10.0 + lasted, received=False)
        assert retry.proven is proven


def test_to_last_for_a_while_proves_the_right_to_subscribe(retry: Retry) -> None:
    retry.decide(error(ErrorMeaning.REFUSED))
    retry.pause()
    prove(retry)
    assert retry.proven
    assert retry.pause() == 1.0, "the pauses begin anew"
    assert retry.decide(error(ErrorMeaning.REFUSED)) == RENEW


def test_an_event_proves_it_too(retry: Retry) -> None:
    retry.subscribed(10.0)
    retry.ended("the connection broke", 10.1, received=True)
    assert retry.proven


def test_the_first_reason_of_an_interruption_is_kept(retry: Retry) -> None:
    retry.subscribed(0.0)
    retry.ended("the connection broke", 5.0, received=False)
    retry.ended("no answer", 6.0, received=False)
    assert retry.lost == "the connection broke"
    retry.subscribed(7.0)
    assert not retry.lost
