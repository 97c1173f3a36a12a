"""What does not end a subscription, and what does: in trouble that comes at awkward moments."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed

from appsync_gql import (
    AppSyncTransport,
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
    Heard,
    Server,
    answer,
    by_key,
    connected,
    following,
    name_of,
    ours_under_way,
    publish,
    serving,
    subscribed,
    until,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


# -- errors reach the consumer, and not for ever later -------------------------------------


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
    async with by_key(server, settings, auth=Broken()) as session:
        with pytest.raises(KeyError, match="vault"):
            await following(session.subscribe(CREATED))


@pytest.mark.parametrize(
    ("error_type", "error"),
    [("UnauthorizedException", Refused), ("Unauthorized", Denied)],
)
async def test_an_error_right_behind_the_servers_word_does_not_begin_it_all_anew(
    server: Server, settings: RealtimeSettings, error_type: str, error: type[Exception]
) -> None:
    """Pitfall: a permanent denial that looped for ever."""

    async def denied(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start":
            await answer(socket, frame)
            payload = {"errors": [{"errorType": error_type, "message": "No"}]}
            await socket.send_json({"type": "error", "id": frame["id"], "payload": payload})
        return bool(frame["type"] == "start")

    server.heard = denied
    async with by_key(server, settings) as session:
        results = session.subscribe(CREATED)
        with pytest.raises(error):
            await following(results)
    assert server.count("start") <= 3


async def test_an_error_of_a_resolver_at_the_first_start_is_told_after_some_attempts(
    emulator: Emulator, settings: RealtimeSettings, heard: Heard
) -> None:
    emulator.realtime.faults.refuse_starts(100, FrameError("NotAMember", "Not a member"))
    async with connected(emulator, settings, heard) as session:
        with pytest.raises(ServerFailed, match="Not a member"):
            await following(session.subscribe(CREATED))
    assert emulator.counters["realtime.starts"] == settings.attempts
    await until(lambda: heard.of(events.RealtimeTrouble) == settings.attempts)


async def test_a_start_that_nobody_ever_answers_is_told_after_some_attempts(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(start_timeout=0.1, delays=lambda: itertools.repeat(0.01))
    emulator.realtime.faults.ignore_starts(100)
    async with connected(emulator, settings) as session:
        with pytest.raises(TransportConnectionFailed, match="no start_ack"):
            await following(session.subscribe(CREATED))


async def test_a_completion_in_place_of_the_servers_word_is_the_end(
    server: Server, settings: RealtimeSettings
) -> None:
    async def completes(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start":
            await socket.send_json({"type": "complete", "id": frame["id"]})
        return bool(frame["type"] == "start")

    server.heard = completes
    async with by_key(server, settings) as session:
        with pytest.raises(StopAsyncIteration):
            await anext(session.subscribe(CREATED))
    assert server.count("start") == 1


async def test_an_error_that_names_nobody_is_for_the_only_one_who_waits(
    server: Server, settings: RealtimeSettings
) -> None:
    async def complains(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "start":
            payload = {"errors": [{"errorType": "UnsupportedOperation", "message": "unknown"}]}
            await socket.send_json({"type": "error", "id": "", "payload": payload})
        return bool(frame["type"] == "start")

    server.heard = complains
    async with by_key(server, settings) as session:
        with pytest.raises(BadRequest, match="unknown"):
            await following(session.subscribe(CREATED))


# -- what stood goes on ----------------------------------------------------------------------


async def test_a_provider_that_fails_for_a_while_ends_nothing(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        emulator.realtime.faults.refuse_starts()
        emulator.faults.cognito_error(1, "InternalErrorException", "try later", status=500)
        emulator.realtime.drop_sockets()
        assert isinstance(await following(results), Gap)
        publish(emulator, "after")
        assert name_of(await following(results)) == "after"


async def test_where_an_authorization_can_not_be_renewed_a_first_start_fails(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    other = TokenStore(provider, tokens=emulator.issue_tokens(issued_ago=4000), patience=0)
    async with connected(emulator, settings) as session, subscribed(session, emulator):
        emulator.faults.cognito_error(100, "InternalErrorException", "try later", status=500)
        with pytest.raises(RenewalFailed):
            await following(session.subscribe(CREATED, auth=other))


async def test_refusals_at_two_handshakes_with_losses_between_end_nothing(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True) as (results, first),
    ):
        publish(emulator, "before")
        await first
        faults = emulator.realtime.faults
        faults.refuse_connections()
        faults.drop_connections(3)
        faults.refuse_connections()
        emulator.realtime.drop_sockets()
        assert isinstance(await following(results), Gap)


@pytest.mark.parametrize("status", [302, 403, 404, 408, 500])
async def test_what_something_in_between_answers_at_a_reconnect_ends_nothing(
    server: Server, settings: RealtimeSettings, status: int
) -> None:
    async with by_key(server, settings) as session:
        results = session.subscribe(CREATED, gaps=True)
        first = asyncio.ensure_future(following(results))
        await until(lambda: server.count("start"))
        server.status = status
        await server.sockets[0].close()
        assert isinstance(await first, Gap)
        await results.aclose()


async def test_a_request_without_a_connection_ends_no_subscription_of_a_reconnecting_session(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    store = TokenStore(provider, tokens=emulator.issue_tokens())
    transport = AppSyncTransport(emulator.graphql_url, auth=store, realtime=settings)
    client = Client(transport=transport)
    session = await client.connect_async(reconnecting=True)  # type: ignore[no-untyped-call]
    try:
        async with subscribed(session, emulator, gaps=True) as (results, first):
            publish(emulator, "before")
            await first
            emulator.faults.drop(1)
            assert await session.execute(gql("{ me { username } }"))
            publish(emulator, "after")
            assert name_of(await following(results)) == "after", "and there is no gap"
            assert emulator.counters["realtime.connections"] == 1
    finally:
        await client.close_async()  # type: ignore[no-untyped-call]
        await store.aclose()
    assert not ours_under_way()


async def test_who_subscribes_on_a_socket_that_went_silent_is_given_another_one(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(start_timeout=0.2, delays=lambda: itertools.repeat(0.01))
    async with connected(emulator, settings) as session, subscribed(session, emulator):
        emulator.realtime.silence_sockets()
        results = session.subscribe(CREATED)
        first = asyncio.ensure_future(following(results))
        await until(lambda: emulator.realtime.registrations == 2)
        publish(emulator, "tea")
        assert name_of(await first) == "tea"
        await results.aclose()


# -- rooms and their limits ------------------------------------------------------------------


async def test_a_connection_that_was_full_is_used_again_when_somebody_has_left(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    emulator.realtime.settings.subscriptions = 2
    async with connected(emulator, settings) as session, subscribed(session, emulator):
        async with subscribed(session, emulator), subscribed(session, emulator):
            assert emulator.realtime.connections == 2
        await until(lambda: emulator.realtime.registrations == 1)
        async with subscribed(session, emulator):
            assert emulator.counters["realtime.connections"] == 2


async def test_sockets_do_not_use_up_the_connections_of_requests(
    server: Server, settings: RealtimeSettings
) -> None:
    limited = {"client_session_args": {"timeout": None}}
    async with by_key(server, settings, **limited) as session:
        alone = [session.subscribe(CREATED, on_full="wait") for _ in range(102)]
        waiting = [asyncio.ensure_future(anext(results)) for results in alone]
        await until(lambda: server.count("start") == 102, seconds=30)
        assert len(server.sockets) == 102
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_hand_over_to_a_connection_without_room_takes_another_one(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=1.0, delays=lambda: itertools.repeat(0.01))
    emulator.realtime.settings.subscriptions = 2
    emulator.realtime.settings.connection_lifetime = 2.0
    gaps: list[Gap] = []

    async def consume(session: Any) -> None:
        async for _ in session.subscribe(CREATED, on_gap=gaps.append):
            pass

    async with connected(emulator, settings) as session:
        consumers = []
        for number in range(3):
            consumers.append(asyncio.ensure_future(consume(session)))
            await _registered(emulator, number + 1)
        await until(lambda: emulator.counters["realtime.connections"] >= 6)
        for consumer in consumers:
            consumer.cancel()
        await asyncio.gather(*consumers, return_exceptions=True)
    assert not gaps


async def test_a_consumer_that_the_server_waits_for_misses_nothing_at_a_hand_over(
    emulator: Emulator,
) -> None:
    settings = RealtimeSettings(max_age=0.5, delays=lambda: itertools.repeat(0.01))
    async with (
        connected(emulator, settings) as session,
        subscribed(session, emulator, gaps=True, buffer=2, on_full="wait") as (results, first),
    ):
        publish(emulator, *range(20))
        got = [await first]
        await until(lambda: emulator.counters["realtime.connections"] == 2)
        got += [await following(results) for _ in range(19)]
        publish(emulator, "last")
        got.append(await following(results))
        assert [name_of(result) for result in got] == [*map(str, range(20)), "last"]


async def test_who_leaves_with_a_full_buffer_holds_nobody_up(
    emulator: Emulator, settings: RealtimeSettings
) -> None:
    async with connected(emulator, settings) as session:
        async with subscribed(session, emulator, buffer=2, on_full="wait") as (_, first):
            publish(emulator, *range(20))
            await first
        await until(lambda: not emulator.realtime.connections, seconds=1.5)
        assert not emulator.realtime.registrations


async def _registered(emulator: Emulator, count: int) -> None:
    await until(lambda: emulator.realtime.registrations == count)


# -- closing -----------------------------------------------------------------------------------


async def test_who_leaves_in_the_middle_of_a_hand_over_leaves_nothing_on_either_connection(
    server: Server,
) -> None:
    async def slow(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return frame["type"] == "stop" and socket is server.sockets[0]  # no completion

    server.heard = slow
    settings = RealtimeSettings(max_age=0.3, delays=lambda: itertools.repeat(0.01))
    async with by_key(server, settings) as session:
        results = session.subscribe(CREATED)
        first = asyncio.ensure_future(following(results))
        await until(lambda: server.count("stop", socket=1))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await results.aclose()
        await until(lambda: server.count("stop", socket=2))
        await until(lambda: all(socket.closed for socket in server.sockets))
        assert not ours_under_way()


async def test_nobody_begins_while_the_transport_is_being_closed(
    server: Server, settings: RealtimeSettings
) -> None:
    async def deaf(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return bool(frame["type"] == "stop")  # so that closing takes its time

    server.heard = deaf
    async with by_key(server, settings) as session:
        waiting = asyncio.ensure_future(following(session.subscribe(CREATED)))
        await until(lambda: server.count("start"))
        closing = asyncio.ensure_future(session.transport.close())
        await until(lambda: server.count("stop"))
        with pytest.raises(TransportClosed):
            await following(session.subscribe(CREATED))
        await closing
        with pytest.raises(TransportClosed):
            await waiting
    assert not ours_under_way()


async def test_a_close_that_is_cancelled_leaves_nobody_waiting(
    server: Server, settings: RealtimeSettings
) -> None:
    async def deaf(_socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        return bool(frame["type"] == "stop")

    server.heard = deaf
    async with by_key(server, settings) as session:
        waiting = asyncio.ensure_future(following(session.subscribe(CREATED)))
        await until(lambda: server.count("start"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(session.transport.close(), 0.1)
        with pytest.raises(TransportClosed):
            await waiting
    await until(lambda: not ours_under_way())


# -- redirects -----------------------------------------------------------------------------------


async def test_a_redirect_takes_no_token_along(server: Server, settings: RealtimeSettings) -> None:
    async def elsewhere(_request: web.Request) -> web.Response:
        raise web.HTTPFound(server.url + "/realtime")

    app = web.Application()
    app.router.add_get("/graphql/realtime", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    key = AppSyncApiKeyAuthentication(host="127.0.0.1", api_key="da2-example")
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/graphql"
    try:
        async with Client(transport=AppSyncTransport(url, auth=key, realtime=settings)) as session:
            with pytest.raises(BadRequest, match="redirects"):
                await following(session.subscribe(CREATED))
        assert not server.sockets
    finally:
        await runner.cleanup()
