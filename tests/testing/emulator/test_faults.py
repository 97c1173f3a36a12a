"""Faults happen as often as a test asked for, and then no more."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from appsync_gql.testing import Emulator, Faults

Post = Callable[..., Any]
CREATE = 'mutation { createItem(key: "k", name: "n") { id } }'


def token_of(emulator: Emulator) -> str:
    return str(emulator.issue_tokens().access_token)


@pytest.mark.parametrize(
    ("arrange", "status", "error_type"),
    [
        (lambda f: f.refuse(), 401, "UnauthorizedException"),
        (lambda f: f.waf(), 403, "WAFForbiddenException"),
        (lambda f: f.throttle(), 429, "ThrottlingException"),
        (lambda f: f.server_error(as_json=True, status=500), 500, "InternalFailure"),
        (lambda f: f.server_error(), 503, None),
        (lambda f: f.answer(1, 418, "short and stout"), 418, None),
    ],
)
def test_a_fault_replaces_the_response_to_one_request(
    post: Post, arrange: Callable[[Faults], None], status: int, error_type: str | None
) -> None:
    with Emulator.in_thread() as server:
        arrange(server.faults)
        token = token_of(server)
        faulty, after = post(server, CREATE, token), post(server, CREATE, token)
    assert (faulty.status, after.status) == (status, 200)
    assert faulty.headers["x-amzn-errortype"] == error_type
    assert [(r.status, r.error_type) for r in server.requests] == [
        (status, error_type),
        (200, None),
    ]
    assert [r.operation for r in server.requests] == ["mutation", "mutation"]
    assert server.executions == {"k": 1}


def test_a_load_balancers_page_is_html_and_a_throttled_response_has_retry_after(
    server: Emulator, post: Post
) -> None:
    server.faults.server_error()
    server.faults.throttle(retry_after=7)
    page, throttled = post(server, CREATE), post(server, CREATE)
    assert page.headers["Content-Type"] == "text/html"
    assert throttled.headers["Retry-After"] == "7"


def test_a_refusal_is_equal_to_that_of_an_expired_token(server: Emulator, post: Post) -> None:
    server.faults.refuse()
    token = token_of(server)
    forced = post(server, CREATE, token)
    server.shift_clock(4000)
    real = post(server, CREATE, token)
    assert (forced.status, forced.body) == (real.status, real.body)
    assert {*forced.headers} == {*real.headers}
    assert forced.headers["Content-Type"] == real.headers["Content-Type"]


def test_a_denial_is_a_200_that_executes_nothing(server: Emulator, post: Post) -> None:
    server.faults.deny(2)
    text = 'mutation { a: createItem(key: "k", name: "n") { id } deleteEverything }'
    status, body, _ = post(server, text, token_of(server))
    assert status == 200
    assert body["data"] == {"a": None, "deleteEverything": None}
    first, second = body["errors"]
    assert (first["errorType"], first["path"]) == ("Unauthorized", ["a"])
    assert first["message"] == "Not Authorized to access createItem on type Mutation"
    assert second["path"] == ["deleteEverything"]
    assert not server.executions
    assert post(server, CREATE).status == 401, "a request without a token is refused, not denied"
    server.faults.deny()
    assert post(server, "{ nope }", token_of(server)).body["data"] is None


@pytest.mark.parametrize("after_execution", [False, True])
def test_a_dropped_connection_leaves_the_client_without_a_response(
    server: Emulator, post: Post, *, after_execution: bool
) -> None:
    server.faults.drop(after_execution=after_execution)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        post(server, CREATE, token_of(server))
    assert server.executions["k"] == int(after_execution)
    assert server.requests[-1].status == 0
    assert server.counters["graphql.0"] == 1


def test_a_response_may_be_an_error_although_the_operation_was_executed(
    server: Emulator, post: Post
) -> None:
    server.faults.answer(1, 502, b"<html>", after_execution=True)
    assert post(server, CREATE, token_of(server)).status == 502
    assert server.executions == {"k": 1}
    assert [r.status for r in server.requests] == [502]


@pytest.mark.parametrize(
    ("arrange", "name", "status"),
    [
        (lambda f: f.throttle(on="cognito"), "TooManyRequestsException", 400),
        (lambda f: f.server_error(on="cognito"), "InternalErrorException", 500),
        (lambda f: f.lambda_error(), "UserLambdaValidationException", 400),
        (lambda f: f.cognito_error(1, "ForbiddenException", "WAF", status=403), "Forbidden", 403),
    ],
)
def test_cognito_fails_with_its_own_errors_and_the_tokens_stay_valid(
    server: Emulator,
    boto: Callable[[Emulator], Any],
    arrange: Callable[[Faults], None],
    name: str,
    status: int,
) -> None:
    client, token = boto(server), str(server.issue_tokens().refresh_token)
    arrange(server.faults)
    with pytest.raises(ClientError) as caught:
        client.get_tokens_from_refresh_token(ClientId=server.client_id, RefreshToken=token)
    assert caught.value.response["Error"]["Code"].startswith(name)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    client.get_tokens_from_refresh_token(ClientId=server.client_id, RefreshToken=token)
    assert server.counters["refreshes"] == 1


def test_a_refresh_whose_response_is_lost_has_rotated_the_token(
    boto: Callable[[Emulator], Any],
) -> None:
    with Emulator.in_thread(rotation=True) as emulator:
        client, token = boto(emulator), str(emulator.issue_tokens().refresh_token)
        emulator.faults.drop(on="cognito", after_execution=True)
        with pytest.raises(ConnectionClosedError):
            client.get_tokens_from_refresh_token(ClientId=emulator.client_id, RefreshToken=token)
        with pytest.raises(client.exceptions.RefreshTokenReuseException):
            client.get_tokens_from_refresh_token(ClientId=emulator.client_id, RefreshToken=token)
        assert emulator.counters["reuse"] == 1


def test_requests_that_a_hold_keeps_waiting_continue_when_it_is_released(
    server: Emulator, post: Post
) -> None:
    token = token_of(server)
    with ThreadPoolExecutor(3) as pool, server.faults.hold(2, on="graphql") as hold:
        held = [pool.submit(post, server, CREATE, token) for _ in range(2)]
        assert hold.arrived.wait(10)
        while hold.count < 2:
            time.sleep(0.001)
        assert post(server, CREATE, token).status == 200, "the third request does not wait"
        assert not any(f.done() for f in held)
        hold.release()
        assert [f.result(10).status for f in held] == [200, 200]
    assert server.executions == {"k": 3}


def test_a_hold_that_was_released_before_keeps_no_request_waiting(
    server: Emulator, post: Post
) -> None:
    server.faults.hold(on="graphql").release()
    assert post(server, CREATE, token_of(server)).status == 200


async def test_stopping_releases_waiting_requests(post: Post) -> None:
    async with Emulator() as emulator:
        hold = emulator.faults.hold(on="graphql")
        response = asyncio.ensure_future(asyncio.to_thread(post, emulator, CREATE))
        await asyncio.to_thread(hold.arrived.wait, 10)
    assert (await response).status == 401


def test_a_delay_keeps_one_request_waiting(server: Emulator, post: Post) -> None:
    server.faults.delay(1, 0.2, on="graphql")
    token, began = token_of(server), time.monotonic()
    assert post(server, CREATE, token).status == 200
    assert time.monotonic() - began >= 0.19


def test_latency_delays_all_responses_and_may_be_changed(server: Emulator, post: Post) -> None:
    server.latency = 0.2
    began = time.monotonic()
    assert post(server, CREATE).status == 401
    assert time.monotonic() - began >= 0.19
    server.latency = 0.0
    assert server.latency == 0


def test_clear_removes_all_faults(server: Emulator, post: Post) -> None:
    server.faults.refuse(5)
    server.faults.clear()
    assert post(server, CREATE, token_of(server)).status == 200


def test_faults_may_be_added_in_one_thread_and_taken_in_another() -> None:
    faults = Faults()
    found: list[object] = []

    def take() -> None:
        while len(found) < 2000:
            fault = faults.next("graphql")
            if fault is not None:
                found.append(fault)

    thread = threading.Thread(target=take)
    thread.start()
    for _ in range(1000):
        faults.refuse(2)
    thread.join(20)
    assert len(found) == 2000


@pytest.mark.parametrize(
    "arrange",
    [
        lambda f: f.refuse(0),
        lambda f: f.drop(-1),
        lambda f: f.delay(1, -1.0),
        lambda f: f.drop(on="appsync"),
        lambda f: f.answer(1, 99, b""),
        lambda f: f.answer(1, 200, {}, on="appsync"),
    ],
)
def test_a_fault_with_a_wrong_argument_is_an_error_at_once(arrange: Callable[[Any], None]) -> None:
    with pytest.raises(ValueError, match=r"once|seconds|'graphql' or 'cognito'|200 to 599"):
        arrange(Faults())
