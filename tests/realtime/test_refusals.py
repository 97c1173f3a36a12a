"""Refused tokens, missing permissions and wrong subscriptions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from gql import gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication

from appsync_gql import (
    BadRequest,
    CognitoProvider,
    Denied,
    Gap,
    RealtimeSettings,
    Refused,
    RenewalFailed,
    ServerFailed,
    TokenStore,
    events,
)
from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.realtime_faults import FrameError
from support.realtime import (
    CREATED,
    Reported,
    Server,
    connected,
    connected_by_key,
    name_of,
    next_result,
    publish,
    subscribed,
    wait_until,
)


async def test_a_token_refused_at_the_handshake_is_renewed_and_tried_once_more(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.faults.refuse_connections()
    async with connected(emulator, settings) as session, subscribed(session, emulator) as (_, f):
        publish(emulator, "tea")
        assert name_of(await f) == "tea"
    assert emulator.counters["refreshes"] == 1


async def test_a_token_refused_at_the_start_is_renewed_and_tried_once_more(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.faults.refuse_starts()
    async with connected(emulator, settings) as session, subscribed(session, emulator) as (_, f):
        publish(emulator, "tea")
        assert name_of(await f) == "tea"
    assert emulator.counters["refreshes"] == 1


@pytest.mark.parametrize("where", ["handshake", "start"])
async def test_a_lasting_refusal_is_raised_after_two_attempts(
    emulator: Emulator, settings: RealtimeSettings, where: str
) -> None:
    faults = emulator.realtime.faults
    (faults.refuse_connections if where == "handshake" else faults.refuse_starts)(100)
    async with connected(emulator, settings) as session:
        with pytest.raises(Refused, match="Token has expired"):
            await next_result(session.subscribe(CREATED))
    assert emulator.counters["refreshes"] == 1
    assert emulator.counters["realtime.connections"] + emulator.counters["realtime.starts"] <= 4


async def test_a_permanent_denial_ends_that_subscription_and_no_other(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    """Pitfall: it tore down its siblings and looped for ever."""
    async with connected(emulator, settings) as session, subscribed(session, emulator) as (_, one):
        no = FrameError("Unauthorized", "Not Authorized to access onCreateItem")
        emulator.realtime.faults.refuse_starts(100, no)
        with pytest.raises(Denied, match="Not Authorized"):
            await next_result(session.subscribe(CREATED))
        assert emulator.counters["realtime.starts"] <= 3
        assert emulator.realtime.connections == 1
        publish(emulator, "tea")
        assert name_of(await one) == "tea"


async def test_an_invalid_subscription_is_not_tried_again(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        with pytest.raises(BadRequest, match="FieldUndefined"):
            await next_result(session.subscribe(gql("subscription { nonsense }")))
    assert emulator.counters["realtime.starts"] == 1


async def test_a_refused_authorization_is_not_used_for_other_subscriptions(
    settings: RealtimeSettings,
) -> None:
    async with (
        Emulator(api_keys=["da2-example"]) as emulator,
        connected(emulator, settings) as session,
    ):
        wrong = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-wrong")
        refused = asyncio.ensure_future(next_result(session.subscribe(CREATED, auth=wrong)))
        # This one finds a connection being made, by the other one's authorization.
        async with subscribed(session, emulator) as (_, first):
            with pytest.raises(Refused):
                await refused
            publish(emulator, "tea")
            assert name_of(await first) == "tea"


class Broken:
    """An authorization of a user's own whose vault is empty."""

    def headers_nowait(self) -> Mapping[str, str] | None:
        raise KeyError("vault")

    async def headers(self) -> Mapping[str, str]:
        raise KeyError("vault")

    async def renew(
        self, rejected: Mapping[str, str] | None = None, *, denied: bool = False
    ) -> Mapping[str, str]:
        raise NotImplementedError

    def answered(self, date: str | None, took: float) -> None:
        pass

    def replayed(self, reason: str) -> None:
        pass


async def test_whatever_an_authorization_raises_reaches_the_consumer(
    server: Server, settings: RealtimeSettings
) -> None:
    async with connected_by_key(server, settings, auth=Broken()) as session:
        with pytest.raises(KeyError, match="vault"):
            await next_result(session.subscribe(CREATED))


@pytest.mark.parametrize(
    ("error_type", "error"),
    [("UnauthorizedException", Refused), ("Unauthorized", Denied)],
)
async def test_an_error_right_behind_the_start_ack_does_not_loop(
    server: Server, settings: RealtimeSettings, error_type: str, error: type[Exception]
) -> None:
    """Pitfall: a permanent denial that looped for ever."""

    async def denied(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start":
            await server.answer(socket, frame)
            payload = {"errors": [{"errorType": error_type, "message": "No"}]}
            await socket.send_json({"type": "error", "id": frame["id"], "payload": payload})
        return bool(frame["type"] == "start")

    server.on_frame = denied
    async with connected_by_key(server, settings) as session:
        results = session.subscribe(CREATED)
        with pytest.raises(error):
            await next_result(results)
    assert server.count("start") <= 3


async def test_a_resolver_error_at_the_first_start_is_raised_after_some_attempts(
    emulator: Emulator, settings: RealtimeSettings, reported: Reported
) -> None:
    emulator.realtime.faults.refuse_starts(100, FrameError("NotAMember", "Not a member"))
    async with connected(emulator, settings, reported) as session:
        with pytest.raises(ServerFailed, match="Not a member"):
            await next_result(session.subscribe(CREATED))
    assert emulator.counters["realtime.starts"] == settings.attempts
    await wait_until(lambda: reported.count(events.RealtimeErrorReceived) == settings.attempts)


async def test_a_completion_in_place_of_the_start_ack_ends_the_subscription(
    server: Server, settings: RealtimeSettings
) -> None:
    async def completes(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start":
            await socket.send_json({"type": "complete", "id": frame["id"]})
        return bool(frame["type"] == "start")

    server.on_frame = completes
    async with connected_by_key(server, settings) as session:
        with pytest.raises(StopAsyncIteration):
            await anext(session.subscribe(CREATED))
    assert server.count("start") == 1


async def test_an_error_without_id_is_for_the_only_start_that_waits(
    server: Server, settings: RealtimeSettings
) -> None:
    async def complains(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start":
            payload = {"errors": [{"errorType": "UnsupportedOperation", "message": "unknown"}]}
            await socket.send_json({"type": "error", "id": "", "payload": payload})
        return bool(frame["type"] == "start")

    server.on_frame = complains
    async with connected_by_key(server, settings) as session:
        with pytest.raises(BadRequest, match="unknown"):
            await next_result(session.subscribe(CREATED))


@pytest.mark.slow
async def test_a_first_start_without_a_token_fails(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    tokens = emulator.issue_tokens(issued_ago=4000)
    other = TokenStore(provider, tokens=tokens, patience=0.0)
    async with connected(emulator, settings) as session, subscribed(session, emulator):
        emulator.faults.cognito_error(100, "InternalErrorException", "try later", status=500)
        with pytest.raises(RenewalFailed):
            await next_result(session.subscribe(CREATED, auth=other))


async def test_each_attempt_carries_a_fresh_token_and_a_new_id(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    """Pitfall: reconnecting with the token, and the id, of the first time."""
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.shift_clock(3700)  # the token is dead by now, for the server
        emulator.realtime.faults.drop_connections(3)
        emulator.realtime.drop_sockets()
        assert isinstance(await next_result(results), Gap)
        publish(emulator, "after")
        assert name_of(await next_result(results)) == "after"
    assert emulator.counters["refreshes"] >= 1
