"""Several modes on one API, over one transport: one for each request and subscription."""

from __future__ import annotations

import asyncio
import copy
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from gql import Client, gql

from appsync_gql import (
    ApiKeyAuth,
    AppSyncClient,
    AppSyncTransport,
    BlockingAppSyncTransport,
    Denied,
    LambdaAuth,
    OidcAuth,
)
from support.modes import KEY, MODES, Api, Mode, each_of, passing

if TYPE_CHECKING:
    from collections.abc import Callable

ME = gql("{ me { username } }")
CREATED = gql("subscription { onCreateItem { id } }")

SCHEMA = """
type Query {
  public: String
  mine: String @aws_cognito_user_pools
  machines: String @aws_iam
  all: String @aws_api_key @aws_cognito_user_pools @aws_iam @aws_oidc @aws_lambda
}
"""
RESOLVERS = {
    "Query": {
        name: lambda _source, info: info.context.mode
        for name in ("public", "mine", "machines", "all")
    }
}


def carried(api: Api) -> list[set[str]]:
    """Return which authorization headers each request carried."""
    found = []
    for request in api.emulator.requests:
        if request.endpoint == "graphql":
            names = {"x-api-key"} if "x-api-key" in request.headers else set()
            found.append(names | ({"Authorization"} if request.token is not None else set()))
    return found


def users(api: Api, count: int) -> list[OidcAuth]:
    def auth(number: int) -> OidcAuth:
        return OidcAuth(lambda: api.emulator.issue_oidc_token(f"user-{number}"))

    return [auth(number) for number in range(count)]


@pytest.mark.parametrize("default", [None, "api key"])
@each_of(MODES)
async def test_another_mode_for_one_request(api: Api, mode: Mode, default: str | None) -> None:
    auth = ApiKeyAuth(KEY) if default else None
    transport = AppSyncTransport(api.emulator.graphql_url, auth=auth)
    arguments: dict[str, Any] = {"auth": mode.make(api), "headers": {"x-a": "1"}}
    before = copy.copy(arguments)
    async with Client(transport=transport) as session:
        found = await session.execute(ME, extra_args=arguments)
        assert found["me"]["username"].startswith(mode.username)
        if default:
            assert await session.execute(ME) == {"me": {"username": "(API key)"}}
    assert arguments == before, "the caller's arguments are not changed"
    assert carried(api)[0] == {mode.header}


async def test_users_of_a_server_share_a_transport_and_its_connections(api: Api) -> None:
    transport = AppSyncTransport(api.emulator.graphql_url, auth=ApiKeyAuth(KEY))

    async def ask(session: Any, auth: OidcAuth) -> str:
        found = await session.execute(ME, extra_args={"auth": auth})
        return str(found["me"]["username"])

    async with Client(transport=transport) as session:
        everybody = users(api, 20)
        for _ in range(3):
            found = await asyncio.gather(*(ask(session, auth) for auth in everybody))
            assert found == [f"user-{number}" for number in range(20)]
    assert carried(api) == [{"Authorization"}] * 60


def test_the_same_in_synchronous_code(api: Api) -> None:
    auth = ApiKeyAuth(KEY)
    client = Client(transport=BlockingAppSyncTransport(api.emulator.graphql_url, auth=auth))
    for number, user in enumerate(users(api, 3)):
        found = client.execute(ME, extra_args={"auth": user})
        assert found == {"me": {"username": f"user-{number}"}}
    assert client.execute(ME) == {"me": {"username": "(API key)"}}


async def test_each_of_them_renews_and_replays_alone(api: Api) -> None:
    transport = AppSyncTransport(api.emulator.graphql_url, auth=ApiKeyAuth(KEY))
    one, other = (LambdaAuth(api.authorizer.issue) for _ in range(2))
    async with Client(transport=transport) as session:
        for auth in (one, other):
            await session.execute(ME, extra_args={"auth": auth})
        api.emulator.faults.refuse(1)
        await session.execute(ME, extra_args={"auth": one})
        await session.execute(ME, extra_args={"auth": other})
    assert api.authorizer.issued == 3


@each_of(MODES)
async def test_another_mode_for_one_subscription(api: Api, mode: Mode) -> None:
    transport = AppSyncTransport(api.emulator.graphql_url, auth=ApiKeyAuth(KEY))
    async with Client(transport=transport) as session:
        events = session.subscribe(CREATED, auth=mode.make(api))
        first = asyncio.ensure_future(anext(events))
        await passing(lambda: api.emulator.realtime.registrations == 1)
        api.emulator.realtime.publish("onCreateItem", {"id": "tea", "name": "n"})
        assert await asyncio.wait_for(first, 10) == {"onCreateItem": {"id": "tea"}}
        await events.aclose()


def test_another_mode_for_one_subscription_in_synchronous_code(api: Api) -> None:
    transport = AppSyncTransport(api.emulator.graphql_url, auth=ApiKeyAuth(KEY))
    client = AppSyncClient(transport=transport)
    (user,) = users(api, 1)
    seen: list[Any] = []

    def publish() -> None:
        while not seen:
            api.emulator.realtime.publish("onCreateItem", {"id": "tea", "name": "n"})
            threading.Event().wait(0.05)

    thread = threading.Thread(target=publish)
    thread.start()
    for event in client.subscribe(CREATED, auth=user):
        seen.append(event)
        break
    thread.join()
    assert seen == [{"onCreateItem": {"id": "tea"}}]
    found = client.execute(ME, extra_args={"auth": user})
    assert found == {"me": {"username": "user-0"}}


async def test_subscriptions_of_several_modes_live_side_by_side(api: Api) -> None:
    transport = AppSyncTransport(api.emulator.graphql_url, auth=ApiKeyAuth(KEY))
    async with Client(transport=transport) as session:
        streams = [session.subscribe(CREATED, auth=mode.make(api)) for mode in MODES]
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await passing(lambda: api.emulator.realtime.registrations == len(MODES))
        api.emulator.realtime.publish("onCreateItem", {"id": "tea", "name": "n"})
        found = await asyncio.wait_for(asyncio.gather(*waiting), 10)
        assert found == [{"onCreateItem": {"id": "tea"}}] * len(MODES)
        for stream in streams:
            await stream.aclose()


# -- the caller's own headers -----------------------------------------------------------


@pytest.mark.parametrize("name", ["x-api-key", "X-Api-Key"])
@each_of(MODES)
async def test_a_callers_own_header_wins_over_the_mode(api: Api, mode: Mode, name: str) -> None:
    transport = AppSyncTransport(api.emulator.graphql_url, auth=mode.make(api))
    async with Client(transport=transport) as session:
        found = await session.execute(ME, extra_args={"headers": {name: KEY}})
    assert found == {"me": {"username": "(API key)"}}
    assert carried(api) == [{"x-api-key"}]


async def test_a_callers_own_authorization_wins_over_an_api_key(api: Api) -> None:
    transport = AppSyncTransport(api.emulator.graphql_url, auth=ApiKeyAuth(KEY))
    token = str(api.emulator.issue_tokens().access_token)
    async with Client(transport=transport) as session:
        found = await session.execute(ME, extra_args={"headers": {"authorization": token}})
    assert found == {"me": {"username": "ada"}}
    assert carried(api) == [{"Authorization"}]


@pytest.mark.parametrize("place", ["headers", "client_session_args"])
async def test_headers_of_all_requests_authorize_only_where_no_mode_does(
    api: Api, place: str
) -> None:
    given: dict[str, Any] = {"headers": {"x-api-key": KEY, "x-other": "1"}}
    transport = AppSyncTransport(
        api.emulator.graphql_url,
        **(given if place == "headers" else {"client_session_args": given}),
    )
    async with Client(transport=transport) as session:
        assert await session.execute(ME) == {"me": {"username": "(API key)"}}
        (user,) = users(api, 1)
        found = await session.execute(ME, extra_args={"auth": user})
        assert found == {"me": {"username": "user-0"}}
        token = str(api.emulator.issue_tokens().access_token)
        found = await session.execute(ME, extra_args={"headers": {"Authorization": token}})
        assert found == {"me": {"username": "ada"}}
    assert carried(api) == [{"x-api-key"}, {"Authorization"}, {"Authorization"}]
    assert {request.headers.get("x-other") for request in api.emulator.requests} == {"1"}


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name.startswith("appsync_gql")
    ]


@pytest.mark.parametrize("name", ["authorization", "X-Api-Key"])
@pytest.mark.parametrize("place", ["headers", "client_session_args"])
@each_of(MODES)
async def test_a_header_of_all_requests_gives_way_to_the_mode_with_one_warning(
    api: Api, mode: Mode, place: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    given: dict[str, Any] = {"headers": {name: "sesame"}}
    transport = AppSyncTransport(
        api.emulator.graphql_url,
        auth=mode.make(api),
        **(given if place == "headers" else {"client_session_args": given}),
    )
    for _ in range(2):
        async with Client(transport=transport) as session:
            found = await session.execute(ME)
            assert found["me"]["username"].startswith(mode.username)
    assert carried(api) == [{mode.header}] * 2
    (warning,) = warnings_of(caplog)
    assert name.lower() in warning.lower()
    assert "sesame" not in caplog.text


async def test_a_header_of_one_request_or_without_a_mode_is_no_reason_for_a_warning(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    (user,) = users(api, 1)
    with_mode = AppSyncTransport(api.emulator.graphql_url, auth=user, headers={"x-other": "1"})
    without = AppSyncTransport(api.emulator.graphql_url, headers={"x-api-key": KEY})
    for transport in (with_mode, without):
        async with Client(transport=transport) as session:
            await session.execute(ME, extra_args={"headers": {"x-api-key": KEY}})
            await session.execute(ME, extra_args={"auth": user})
    assert warnings_of(caplog) == []


@each_of(MODES)
async def test_headers_of_aws_are_signed_wherever_they_come_from(api: Api, mode: Mode) -> None:
    """The emulator refuses signatures that leave them out."""
    transport = AppSyncTransport(
        api.emulator.graphql_url,
        auth=mode.make(api),
        headers={"x-amz-user-agent": "tests"},
    )
    arguments = {"headers": {"X-AppSync-Domain": "api.example.com", "x-amz-meta": "1"}}
    async with Client(transport=transport) as session:
        await session.execute(ME, extra_args=arguments)
    (request,) = [r for r in api.emulator.requests if r.endpoint == "graphql"]
    assert request.headers["x-amz-user-agent"] == "tests"
    assert request.headers["x-amz-meta"] == "1"


# -- AppSync's default rules ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "allowed"),
    [
        ("api key", {"public", "all"}),
        ("user pool", {"mine", "all"}),
        ("IAM user", {"machines", "all"}),
        ("OIDC", {"all"}),
        ("Lambda", {"all"}),
    ],
)
async def test_fields_without_a_directive_are_for_the_default_mode(
    make_api: Callable[..., Api], mode: str, allowed: set[str]
) -> None:
    api = make_api(schema=SCHEMA, resolvers=RESOLVERS, default_mode="API_KEY")
    auth = next(found for found in MODES if found.name == mode).make(api)
    transport = AppSyncTransport(api.emulator.graphql_url, auth=auth, replay="refused")
    async with Client(transport=transport) as session:
        with pytest.raises(Denied) as caught:
            await session.execute(gql("{ public mine machines all }"))
    data = caught.value.data
    assert data is not None
    assert {name for name, value in data.items() if value is not None} == allowed
