"""The pauses between handshakes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication

from appsync_gql.auth.adapters import Authorizer, authorizer_of
from appsync_gql.error_types import ErrorMeaning
from appsync_gql.realtime.backoff import Backoff, EndpointBackoff
from appsync_gql.realtime.errors import Lost, ServerError


def delays() -> Iterator[float]:
    return itertools.count(1.0)


def user() -> Authorizer:
    return authorizer_of(AppSyncApiKeyAuthentication(host="h", api_key="k"))


def test_each_failure_in_a_row_makes_the_pause_longer() -> None:
    backoff = Backoff(delays)
    pauses = []
    for now in (10.0, 20.0, 30.0):
        backoff.failed(now - 1, now)
        pauses.append(backoff.not_before - now)
    assert pauses == [1.0, 2.0, 3.0]


def test_attempts_that_fail_together_count_once() -> None:
    backoff = Backoff(delays)
    for _ in range(100):
        backoff.failed(9.0, 10.0)
    assert backoff.not_before == 11.0


@pytest.mark.parametrize(("lasted", "pause"), [(0.1, 3.0), (4.9, 3.0), (5.0, 1.0), (3600.0, 1.0)])
def test_after_a_connection_that_lasted_the_pauses_begin_anew(lasted: float, pause: float) -> None:
    backoff = Backoff(delays)
    backoff.failed(0.0, 1.0)
    backoff.failed(2.0, 3.0)
    backoff.failed(10.0, 10.0 + lasted)
    assert backoff.not_before == 10.0 + lasted + pause


@pytest.mark.parametrize(
    "end",
    [
        Lost("reset"),
        ServerError(ErrorMeaning.THROTTLED, "No."),
        ServerError(ErrorMeaning.FAILED, "No."),
    ],
)
def test_a_failure_of_the_endpoint_makes_everybody_wait(end: Lost | ServerError) -> None:
    backoff = EndpointBackoff(delays)
    ada, bob = user(), user()
    backoff.failed(end, ada, 0.0, 1.0)
    assert (backoff.seconds(ada, 1.0), backoff.seconds(bob, 1.0)) == (1.0, 1.0)


@pytest.mark.parametrize(
    "meaning",
    [ErrorMeaning.REFUSED, ErrorMeaning.DENIED, ErrorMeaning.INVALID, ErrorMeaning.BLOCKED],
)
def test_the_rejection_of_one_user_makes_nobody_else_wait(meaning: ErrorMeaning) -> None:
    backoff = EndpointBackoff(delays)
    ada, bob = user(), user()
    rejected = ServerError(meaning, "No.")
    backoff.failed(rejected, ada, 0.0, 1.0)
    assert backoff.seconds(ada, 1.0) == 0.0, "newer tokens are tried at once"
    backoff.failed(rejected, ada, 1.0, 2.0)
    assert backoff.seconds(ada, 2.0) == 1.0
    assert backoff.seconds(bob, 2.0) <= 0.0
    backoff.succeeded(ada)
    assert backoff.seconds(ada, 2.0) <= 0.0


def test_a_lost_connection_makes_everybody_wait() -> None:
    backoff = EndpointBackoff(delays)
    backoff.lost(0.0, 1.0)
    assert backoff.seconds(user(), 1.0) == 1.0


def test_users_who_went_away_are_forgotten() -> None:
    backoff = EndpointBackoff(delays)
    rejected = ServerError(ErrorMeaning.REFUSED, "No.")
    for number in range(1000):
        backoff.failed(rejected, user(), number * 1.0, number * 1.0)
    assert len(backoff._personal) < 100
