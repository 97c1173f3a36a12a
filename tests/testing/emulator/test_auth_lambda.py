"""A Lambda authorizer as a Python function."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from multidict import CIMultiDict

from appsync_gql.testing import Emulator, FakeClock
from appsync_gql.testing.emulator.auth_lambda import LambdaMode
from appsync_gql.testing.emulator.authorization import AuthorizationFailed, AuthorizationRequest

Post = Callable[..., Any]


class Authorizer:
    """A function with a settable result; keeps the events that it receives."""

    def __init__(self, **result: Any) -> None:
        self.result: Any = {"isAuthorized": True, **result}
        self.events: list[dict[str, Any]] = []

    def __call__(self, event: dict[str, Any]) -> Any:
        self.events.append(event)
        return self.result


def request(token: str = "token", body: object = None, **more: Any) -> AuthorizationRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = CIMultiDict({"Authorization": token, "X-App": "x"})
    return AuthorizationRequest(headers=headers, body=raw, **more)


async def test_the_function_receives_appsyncs_event(clock: FakeClock) -> None:
    authorizer = Authorizer()
    body = {"query": "query Q($n: Int) { a(n: $n) }", "operationName": "Q", "variables": {"n": 1}}
    await LambdaMode(authorizer, now=clock.wall).authorize(request(body=body))
    (event,) = authorizer.events
    assert event["authorizationToken"] == "token"
    assert event["requestHeaders"] == {"X-App": "x"}
    context = event["requestContext"]
    assert (context["queryString"], context["operationName"]) == (body["query"], "Q")
    assert context["variables"] == {"n": 1}
    assert {*context} >= {"apiId", "accountId", "requestId"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]"])
async def test_the_event_of_an_unreadable_body_has_no_query(clock: FakeClock, body: bytes) -> None:
    authorizer = Authorizer()
    await LambdaMode(authorizer, now=clock.wall).authorize(request(body=body))
    assert authorizer.events[0]["requestContext"]["queryString"] == ""


async def test_the_event_of_a_handshake_names_no_operation_of_the_client(clock: FakeClock) -> None:
    authorizer = Authorizer()
    await LambdaMode(authorizer, now=clock.wall).authorize(request(body={}, connects=True))
    context = authorizer.events[0]["requestContext"]
    assert (context["queryString"], context["operationName"]) == ("", "DeepDish:Connect")


async def test_the_function_may_be_asynchronous(clock: FakeClock) -> None:
    async def authorizer(event: dict[str, Any]) -> dict[str, Any]:
        return {"isAuthorized": True, "resolverContext": {"token": event["authorizationToken"]}}

    caller = await LambdaMode(authorizer, now=clock.wall).authorize(request("abc"))
    assert caller.mode == "AWS_LAMBDA"
    assert caller.resolver_context == {"token": "abc"}


@pytest.mark.parametrize(
    "result", [{"isAuthorized": False}, {"isAuthorized": "true"}, {}, None, "yes", [1]]
)
async def test_only_true_authorizes(clock: FakeClock, result: Any) -> None:
    authorizer = Authorizer()
    authorizer.result = result
    with pytest.raises(AuthorizationFailed) as caught:
        await LambdaMode(authorizer, now=clock.wall).authorize(request())
    assert (caught.value.error_type, caught.value.status) == ("UnauthorizedException", 401)
    assert caught.value.message == "You are not authorized to make this call."


async def test_an_error_of_the_function_refuses_the_request_and_logs_no_token(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def authorizer(event: dict[str, Any]) -> dict[str, Any]:
        raise ValueError(event["authorizationToken"])

    with pytest.raises(AuthorizationFailed):
        await LambdaMode(authorizer, now=clock.wall).authorize(request("hush-hush"))
    assert "raised ValueError" in caplog.text
    assert "hush" not in caplog.text


async def test_a_token_of_more_than_2048_characters_is_refused_before_the_function_runs(
    clock: FakeClock,
) -> None:
    authorizer = Authorizer()
    mode = LambdaMode(authorizer, now=clock.wall)
    await mode.authorize(request("x" * 2048))
    with pytest.raises(AuthorizationFailed, match="Valid authorization header"):
        await mode.authorize(request("x" * 2049))
    assert len(authorizer.events) == 1


@pytest.mark.parametrize(
    ("result", "seconds", "calls"),
    [
        ({}, 0, 2),
        ({"ttlOverride": 0}, 0, 2),
        ({"ttlOverride": 10}, 9, 1),
        ({"ttlOverride": 10}, 10, 2),
        ({"ttlOverride": 10, "isAuthorized": False}, 9, 1),
    ],
)
async def test_a_result_is_cached_for_the_seconds_that_the_function_returns(
    clock: FakeClock, result: dict[str, Any], seconds: float, calls: int
) -> None:
    authorizer = Authorizer(**result)
    mode = LambdaMode(authorizer, now=clock.wall)
    for _ in range(2):
        try:
            await mode.authorize(request())
        except AuthorizationFailed:
            assert result["isAuthorized"] is False
        clock.advance(seconds)
    assert len(authorizer.events) == calls


async def test_results_are_cached_for_each_token(clock: FakeClock) -> None:
    authorizer = Authorizer(ttlOverride=10)
    mode = LambdaMode(authorizer, now=clock.wall)
    for token in ("a", "b", "a"):
        await mode.authorize(request(token))
    assert [e["authorizationToken"] for e in authorizer.events] == ["a", "b"]


@pytest.mark.parametrize(
    "denied",
    ["Item.name", "arn:aws:appsync:us-east-1:111122223333:apis/abc/types/Item/fields/name"],
)
def test_denied_fields_are_null_with_an_error(post: Post, denied: str) -> None:
    sdl = "type Query { item: Item } type Item { id: ID name: String }"
    resolvers = {"Query": {"item": lambda *_: {"id": "1", "name": "tea"}}}
    authorizer = Authorizer(deniedFields=[denied])
    with Emulator.in_thread(sdl, resolvers, lambda_authorizer=authorizer) as emulator:
        body = post(emulator, "{ item { id name } }", "token").body
        by_user = post(emulator, "{ item { name } }", str(emulator.issue_tokens().access_token))
    assert body["data"] == {"item": {"id": "1", "name": None}}
    (error,) = body["errors"]
    assert (error["errorType"], error["path"]) == ("Unauthorized", ["item", "name"])
    assert error["message"] == "Not Authorized to access name on type Item"
    assert by_user.body == {"data": {"item": {"name": "tea"}}}


def test_resolvers_see_the_resolver_context(post: Post) -> None:
    sdl = "type Query { tenant: String @aws_lambda }"
    resolvers = {"Query": {"tenant": lambda _, info: info.context.resolver_context["tenant"]}}
    authorizer = Authorizer(resolverContext={"tenant": "t1"})
    with Emulator.in_thread(sdl, resolvers, lambda_authorizer=authorizer) as emulator:
        assert post(emulator, "{ tenant }", "token").body == {"data": {"tenant": "t1"}}
        authorizer.result = {"isAuthorized": False}
        assert post(emulator, "{ tenant }", "token").status == 401
        token = str(emulator.issue_tokens().access_token)
        assert post(emulator, "{ tenant }", token).body["data"] == {"tenant": None}
    assert len(authorizer.events) == 2, "a JWT is not passed to the function"


async def test_the_function_is_called_for_handshakes_and_for_subscriptions() -> None:
    authorizer = Authorizer()
    async with Emulator(lambda_authorizer=authorizer) as emulator:
        auth = AppSyncJWTAuthentication(host="example.com", jwt="custom-token")
        transport = AppSyncWebsocketsTransport(emulator.realtime_url, auth=auth)
        async with Client(transport=transport) as session:
            events = session.subscribe(gql("subscription S { onCreateItem { name } }"))
            first = asyncio.ensure_future(anext(events))
            while not emulator.realtime.registrations:
                await asyncio.sleep(0.01)
            emulator.realtime.publish("onCreateItem", {"id": "1", "name": "tea"})
            assert await asyncio.wait_for(first, 5) == {"onCreateItem": {"name": "tea"}}
            await events.aclose()
    connect, start = (e["requestContext"] for e in authorizer.events)
    assert (connect["queryString"], connect["operationName"]) == ("", "DeepDish:Connect")
    assert "onCreateItem" in start["queryString"]
    assert {e["authorizationToken"] for e in authorizer.events} == {"custom-token"}
