"""The transport inside gql's client, against the emulator's sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from gql import Client, GraphQLRequest, gql
from gql.client import AsyncClientSession, ReconnectingAsyncClientSession
from gql.transport.exceptions import (
    TransportClosed,
    TransportConnectionFailed,
    TransportQueryError,
)

from appsync_gql import (
    AppSyncTransport,
    BadRequest,
    BlockedByWaf,
    CognitoProvider,
    ConfigurationError,
    Denied,
    InsecureEndpoint,
    Outcome,
    OutcomeUnknown,
    Refused,
    RenewalFailed,
    Replay,
    Response,
    ServerFailed,
    SessionExpired,
    Throttled,
    Tokens,
    TokenStore,
    events,
)
from appsync_gql.testing import Emulator, ResolverError, unauthorized
from support.store import EventRecorder, fixed_delay

ME = gql("{ me { username groups } }")
SECRET = gql("{ secret me { username } }")
CREATE = gql('mutation Create($key: ID!) { createItem(key: $key, name: "n") { id } }')


def create(key: str) -> GraphQLRequest:
    return GraphQLRequest(CREATE, variable_values={"key": key})


def store_for(emulator: Emulator, tokens: Tokens | None = None, **more: Any) -> TokenStore:
    provider = CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
    tokens = emulator.issue_tokens() if tokens is None else tokens
    return TokenStore(provider, tokens=tokens, **{"delays": fixed_delay(0), "patience": 0, **more})


def posts(emulator: Emulator) -> int:
    return emulator.counters["graphql"]


@pytest.fixture
def store(emulator: Emulator, recorder: EventRecorder) -> TokenStore:
    return store_for(emulator, on_event=recorder)


@pytest.fixture
async def session(emulator: Emulator, store: TokenStore) -> AsyncIterator[AsyncClientSession]:
    async with Client(transport=AppSyncTransport(emulator.graphql_url, auth=store)) as session:
        yield session


# -- requests that succeed -----------------------------------------------------------


async def test_queries_and_mutations_are_sent_with_the_bare_token(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    assert (await session.execute(ME))["me"]["username"] == "ada"
    assert (await session.execute(create("a")))["createItem"]["id"] == "a"
    assert emulator.executions["a"] == 1
    assert emulator.counters["refreshes"] == 0


async def test_an_expired_token_is_renewed_before_anything_is_sent(emulator: Emulator) -> None:
    store = store_for(emulator, emulator.issue_tokens(issued_ago=4000))
    async with Client(transport=AppSyncTransport(emulator.graphql_url, auth=store)) as session:
        got = await asyncio.gather(*(session.execute(ME) for _ in range(20)))
    assert len(got) == 20
    assert emulator.counters["refreshes"] == 1
    assert emulator.counters["graphql.401"] == 0


async def test_a_request_whose_token_expired_before_it_arrived_is_replayed_with_a_newer_one(
    session: AsyncClientSession, emulator: Emulator, recorder: EventRecorder
) -> None:
    """The race that this package exists for: valid when it was sent, expired when it arrived."""
    emulator.shift_clock(3600)
    assert (await session.execute(ME))["me"]["username"] == "ada"
    assert (posts(emulator), emulator.counters["refreshes"]) == (2, 1)
    (replayed,) = await asyncio.to_thread(recorder.wait_for, events.Replayed)
    assert replayed == events.Replayed(reason="refused")


async def test_a_refused_mutation_is_replayed_and_executed_once(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.faults.refuse(1)
    await session.execute(create("once"))
    assert emulator.executions["once"] == 1


async def test_the_headers_of_one_request_are_sent_on_the_replay_too(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    """Pitfall: gql's own AppSync auth puts its headers in their place."""
    emulator.faults.refuse(1)
    await session.execute(ME, extra_args={"headers": {"X-Trace": "t-1", "accept": "text/x"}})
    assert [r.headers["X-Trace"] for r in emulator.requests if r.endpoint == "graphql"] == [
        "t-1",
        "t-1",
    ]
    assert [r.headers["Content-Type"] for r in list(emulator.requests)[:1]] == ["application/json"]
    tokens = [r.token for r in emulator.requests if r.endpoint == "graphql"]
    assert len(set(tokens)) == 2


async def test_arguments_of_gqls_transport_work_here_too(
    emulator: Emulator, store: TokenStore
) -> None:
    transport = AppSyncTransport(
        emulator.graphql_url,
        auth=store,
        headers={"X-App": "demo"},
        cookies={"c": "1"},
        timeout=5,
        client_session_args={"trust_env": False},
    )
    async with Client(transport=transport) as session:
        await session.execute(ME)
    assert emulator.requests[-1].headers["X-App"] == "demo"
    assert emulator.requests[-1].headers["Cookie"] == "c=1"
    assert transport.response_headers is not None


async def test_an_authorization_header_of_one_request_replaces_the_stores_token(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.add_user("grace")
    theirs = str(emulator.issue_tokens("grace").access_token)
    headers = {"authorization": theirs}
    got = await session.execute(ME, extra_args={"headers": headers})
    assert got["me"]["username"] == "grace"
    emulator.faults.refuse(1)
    with pytest.raises(Refused):
        await session.execute(ME, extra_args={"headers": headers})
    assert emulator.counters["refreshes"] == 0


# -- refused ---------------------------------------------------------------------


async def test_a_server_that_always_refuses_receives_two_posts_and_one_refresh(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    """Pitfall: 401 retried for ever."""
    emulator.faults.refuse(100)
    with pytest.raises(Refused, match="Token has expired") as caught:
        await session.execute(create("never"))
    assert (posts(emulator), emulator.counters["refreshes"]) == (2, 1)
    assert caught.value.status == 401
    assert caught.value.error_type == "UnauthorizedException"
    assert not caught.value.may_have_executed
    assert emulator.executions["never"] == 0


async def test_refusals_in_a_row_cause_few_refreshes(emulator: Emulator) -> None:
    store = store_for(emulator, delays=fixed_delay(60))
    emulator.faults.refuse(1000)
    async with Client(transport=AppSyncTransport(emulator.graphql_url, auth=store)) as other:
        for _ in range(30):
            with pytest.raises(Refused):
                await other.execute(ME)
    assert emulator.counters["refreshes"] <= 5
    assert posts(emulator) <= 35


async def test_fifty_tasks_refused_together_share_one_refresh(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    """Pitfall: a lock without a comparison; 20 and more refreshes a second."""
    emulator.shift_clock(3600)
    await asyncio.gather(*(session.execute(create(f"k{n}")) for n in range(50)))
    assert emulator.counters["refreshes"] == 1
    assert max(emulator.executions.values()) == 1
    assert posts(emulator) <= 100


async def test_without_replay_the_refusal_is_raised(emulator: Emulator, store: TokenStore) -> None:
    transport = AppSyncTransport(emulator.graphql_url, auth=store, replay="never")
    emulator.faults.refuse(1)
    async with Client(transport=transport) as session:
        with pytest.raises(Refused):
            await session.execute(ME)
    assert (posts(emulator), emulator.counters["refreshes"]) == (1, 0)


async def test_if_no_newer_token_can_be_obtained_nothing_more_is_sent(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    """Pitfall: a queue that fires with the stale token when the refresh fails."""
    emulator.faults.refuse(1)
    emulator.faults.server_error(3, on="cognito")
    with pytest.raises(RenewalFailed) as caught:
        await session.execute(ME)
    assert isinstance(caught.value.__cause__, Refused)
    assert posts(emulator) == 1


async def test_a_session_that_ended_raises_session_expired(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.sign_out("ada")
    await session.execute(ME)
    emulator.shift_clock(3600)
    with pytest.raises(SessionExpired, match="sign in again") as caught:
        await session.execute(ME)
    assert caught.value.error_type == "NotAuthorizedException"


# -- denied ------------------------------------------------------------------------


async def test_a_denied_query_is_replayed_once_since_new_tokens_may_carry_new_groups(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.set_groups("ada", ["Admins"])
    assert (await session.execute(SECRET))["secret"] == "the cake is real"
    assert emulator.counters["refreshes"] == 1


async def test_a_permanent_denial_causes_one_refresh_and_keeps_its_data(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    for _ in range(10):
        with pytest.raises(Denied) as caught:
            await session.execute(SECRET)
        assert caught.value.data == {"secret": None, "me": {"username": "ada"}}
        assert caught.value.errors is not None
        assert caught.value.errors[0]["path"] == ["secret"]
    assert emulator.counters["refreshes"] == 1
    assert posts(emulator) == 11


async def test_a_denied_mutation_is_sent_once_and_its_data_is_in_the_error() -> None:
    """Pitfall: replaying on 200 and Unauthorized executes a part twice."""
    schema = "type Query { a: Int } type Mutation { createA: Int createB: Int }"
    runs: list[str] = []

    def create_b(*_: Any) -> int:
        raise unauthorized()

    def create_a(*_: Any) -> int:
        runs.append("a")
        return 1

    mutations = {"createA": create_a, "createB": create_b}
    async with Emulator(schema, {"Mutation": mutations}) as emulator:
        transport = AppSyncTransport(emulator.graphql_url, auth=store_for(emulator))
        async with Client(transport=transport) as session:
            with pytest.raises(Denied) as caught:
                await session.execute(gql("mutation { createA createB }"))
        assert caught.value.data == {"createA": 1, "createB": None}
        assert caught.value.may_have_executed
        assert runs == ["a"]
        assert (posts(emulator), emulator.counters["refreshes"]) == (1, 0)


async def test_a_denial_whose_renewal_fails_stays_a_denial(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.faults.server_error(3, on="cognito")
    with pytest.raises(Denied) as caught:
        await session.execute(SECRET)
    assert isinstance(caught.value.__cause__, RenewalFailed)


async def test_messages_about_tokens_in_other_errors_have_no_effect() -> None:
    """Pitfall: looking for 401 in a message finds item-4013."""

    def fail(*_: Any) -> None:
        raise ResolverError("401 Unauthorized: Token has expired for item-4013", "Custom")

    async with Emulator("type Query { a: Int }", {"Query": {"a": fail}}) as emulator:
        transport = AppSyncTransport(emulator.graphql_url, auth=store_for(emulator))
        async with Client(transport=transport) as session:
            with pytest.raises(TransportQueryError) as caught:
                await session.execute(gql("{ a }"))
        assert type(caught.value) is TransportQueryError
        assert (posts(emulator), emulator.counters["refreshes"]) == (1, 0)


async def test_the_policy_refused_replays_no_denied_query(
    emulator: Emulator, store: TokenStore
) -> None:
    transport = AppSyncTransport(emulator.graphql_url, auth=store, replay=Replay.REFUSED)
    async with Client(transport=transport) as session:
        with pytest.raises(Denied):
            await session.execute(SECRET)
        emulator.faults.refuse(1)
        await session.execute(ME)
    assert posts(emulator) == 3


async def test_a_classifier_of_the_users_is_called_first(
    emulator: Emulator, store: TokenStore
) -> None:
    def classify(response: Response) -> Outcome | None:
        return Outcome.REFUSED if response.status == 418 else None

    transport = AppSyncTransport(emulator.graphql_url, auth=store, classify=classify)
    emulator.faults.answer(1, 418, {"errors": [{"message": "short and stout"}]})
    async with Client(transport=transport) as session:
        await session.execute(ME)
    assert (posts(emulator), emulator.counters["refreshes"]) == (2, 1)


# -- other responses ---------------------------------------------------------------------


async def test_throttling_is_an_error_with_the_seconds_to_wait(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.faults.throttle(1, retry_after=3)
    with pytest.raises(Throttled) as caught:
        await session.execute(create("t"))
    assert (caught.value.retry_after, caught.value.code) == (3.0, 429)
    assert emulator.executions["t"] == 0


async def test_a_firewalls_block_is_an_error_of_its_own(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.faults.waf(1)
    with pytest.raises(BlockedByWaf):
        await session.execute(ME)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_failing_server_is_server_failed_for_a_query_and_outcome_unknown_for_a_mutation(
    session: AsyncClientSession, emulator: Emulator, status: int
) -> None:
    emulator.faults.server_error(2, status=status)
    with pytest.raises(ServerFailed):
        await session.execute(ME)
    with pytest.raises(OutcomeUnknown) as caught:
        await session.execute(create("x"))
    assert caught.value.status == status
    assert posts(emulator) == 2


@pytest.mark.parametrize("after_execution", [True, False])
async def test_a_mutation_whose_response_was_lost_is_outcome_unknown_and_never_repeated(
    session: AsyncClientSession, emulator: Emulator, *, after_execution: bool
) -> None:
    emulator.faults.drop(1, after_execution=after_execution)
    with pytest.raises(OutcomeUnknown, match="may have been executed") as caught:
        await session.execute(create("lost"))
    assert caught.value.may_have_executed
    assert emulator.executions["lost"] == (1 if after_execution else 0)


async def test_a_lost_response_to_a_query_is_gqls_own_error(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.faults.drop(1)
    with pytest.raises(TransportConnectionFailed) as caught:
        await session.execute(ME)
    assert not isinstance(caught.value, TransportQueryError)


async def test_gqls_reconnecting_session_does_not_run_a_mutation_twice(
    emulator: Emulator, store: TokenStore
) -> None:
    client = Client(transport=AppSyncTransport(emulator.graphql_url, auth=store))
    session = await client.connect_async(  # type: ignore[no-untyped-call]
        reconnecting=True, retry_connect=False
    )
    assert isinstance(session, ReconnectingAsyncClientSession)
    try:
        emulator.faults.drop(1, after_execution=True)
        with pytest.raises(OutcomeUnknown):
            await session.execute(create("reconnecting"))
        assert emulator.executions["reconnecting"] == 1
    finally:
        await client.close_async()  # type: ignore[no-untyped-call]


async def test_a_mutation_to_an_unreachable_host_was_surely_not_executed(
    emulator: Emulator, store: TokenStore, unused_tcp_port: int
) -> None:
    del emulator
    transport = AppSyncTransport(f"http://127.0.0.1:{unused_tcp_port}/graphql", auth=store)
    async with Client(transport=transport) as session:
        with pytest.raises(TransportConnectionFailed) as caught:
            await session.execute(create("x"))
    assert not isinstance(caught.value, OutcomeUnknown)


async def test_a_redirect_is_not_followed_since_the_token_would_be_sent_along(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    elsewhere = {"Location": "http://127.0.0.1:1/elsewhere"}
    emulator.faults.answer(1, 307, b"", elsewhere)
    with pytest.raises(BadRequest, match="redirects"):
        await session.execute(ME)
    assert posts(emulator) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"3", b"[]", b'"x"', b'{"a": 1}'])
async def test_a_response_that_is_no_graphql_is_an_error_of_ours(
    session: AsyncClientSession, emulator: Emulator, body: bytes
) -> None:
    emulator.faults.answer(2, 200, body)
    with pytest.raises(ServerFailed):
        await session.execute(ME)
    with pytest.raises(OutcomeUnknown):
        await session.execute(create("x"))


async def test_variables_that_are_no_json_raise_before_anything_is_sent(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    with pytest.raises(BadRequest, match="JSON"):
        await session.execute(GraphQLRequest(CREATE, variable_values={"key": object()}))
    assert posts(emulator) == 0


# -- batches -------------------------------------------------------------------------------


async def test_the_requests_of_a_batch_are_sent_each_on_its_own(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.faults.delay(3, 0.05)
    got = await session.execute_batch([create(f"b{n}") for n in range(30)])
    assert [r["createItem"]["id"] for r in got] == [f"b{n}" for n in range(30)]
    assert posts(emulator) == 30


async def test_an_error_in_a_batch_takes_the_place_of_its_result(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.faults.delay(1, 0.05)
    emulator.faults.throttle(1)
    transport = session.transport
    assert isinstance(transport, AppSyncTransport)
    requests = [create("one"), GraphQLRequest(SECRET), create("three")]
    results = await transport.execute_batch(requests)
    types = [r.errors[0]["errorType"] if r.errors else None for r in results]  # type: ignore[index]
    assert types == [None, "Throttled", None]
    assert emulator.executions == {"one": 1, "three": 1}


async def test_a_batch_of_which_every_request_fails_raises(
    session: AsyncClientSession, emulator: Emulator
) -> None:
    emulator.faults.drop(2)
    with pytest.raises(TransportConnectionFailed):
        await session.execute_batch([GraphQLRequest(ME), GraphQLRequest(ME)])


async def test_gqls_automatic_batching_works(emulator: Emulator, store: TokenStore) -> None:
    transport = AppSyncTransport(emulator.graphql_url, auth=store)
    async with Client(transport=transport, batch_interval=0.01, batch_max=5) as session:
        got = await asyncio.gather(*(session.execute(create(f"a{n}")) for n in range(12)))
    assert [r["createItem"]["id"] for r in got] == [f"a{n}" for n in range(12)]


# -- time limits, loops --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "error"), [("gql", RenewalFailed), ("asyncio", asyncio.TimeoutError)]
)
async def test_a_callers_time_limit_during_a_renewal_does_not_lose_the_session(
    emulator: Emulator, recorder: EventRecorder, limit: str, error: type[Exception]
) -> None:
    """Pitfall: the rotated token is lost when the caller is cancelled."""
    store = store_for(emulator, emulator.issue_tokens(issued_ago=4000), on_event=recorder)
    hold = emulator.faults.hold(on="cognito")
    client = Client(
        transport=AppSyncTransport(emulator.graphql_url, auth=store),
        execute_timeout=1.0 if limit == "gql" else None,
    )
    async with client as session:
        with pytest.raises(error, match="has not responded" if limit == "gql" else None):
            await asyncio.wait_for(session.execute(ME), 0.2 if limit == "asyncio" else 10)
        hold.release()
        await asyncio.to_thread(recorder.wait_for, events.Renewed)
        await session.execute(ME)
    assert emulator.counters["refreshes"] == 1
    assert emulator.counters["reuse"] == 0


def test_one_transport_serves_gqls_synchronous_calls_one_after_the_other() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # gql takes the current one, and never closes its own
    with Emulator.in_thread(rotation=True) as emulator, contextlib.closing(loop):
        client = Client(transport=AppSyncTransport(emulator.graphql_url, auth=store_for(emulator)))
        for _ in range(2):
            assert client.execute(ME)["me"]["username"] == "ada"
            emulator.shift_clock(3600)
        # As asyncio.run does; connections that were kept open are closed by it.
        loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)


async def test_a_transport_that_is_not_connected_raises_transport_closed(
    emulator: Emulator, store: TokenStore
) -> None:
    transport = AppSyncTransport(emulator.graphql_url, auth=store)
    with pytest.raises(TransportClosed):
        await transport.execute(GraphQLRequest(ME))


# -- arguments -------------------------------------------------------------------------------------


def test_plain_http_to_another_machine_raises_at_construction() -> None:
    with pytest.raises(InsecureEndpoint):
        AppSyncTransport("http://api.example.com/graphql")
    AppSyncTransport("http://api.example.com/graphql", allow_insecure=True)


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"auth": "eyJ…"}, "auth"),
        ({"auth": Tokens(refresh_token="x")}, "auth"),
        ({"replay": "always"}, "replay"),
        ({"replay": None}, "replay"),
        ({"auth": TokenStore}, "auth"),
        ({"timeout": "5"}, "timeout"),
        ({"headers": {"x": "a\nb"}}, "headers"),
        ({"ssl": None}, "ssl"),
        ({"client_session_args": {"proxyy": "p"}}, "client_session_args"),
    ],
)
def test_arguments_that_can_not_be_used_raise_at_construction(
    arguments: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AppSyncTransport("https://api.example.com/graphql", **arguments)
    assert caught.value.setting == setting
    assert "eyJ" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated")
async def test_gqls_own_auth_objects_and_basic_auth_are_accepted(
    emulator: Emulator,
) -> None:
    from gql.transport.appsync_auth import AppSyncApiKeyAuthentication  # noqa: PLC0415

    async with Emulator(api_keys=["da2-key"]) as open_to_keys:
        auth = AppSyncApiKeyAuthentication(host="localhost", api_key="da2-key")
        transport = AppSyncTransport(open_to_keys.graphql_url, auth=auth)
        async with Client(transport=transport) as session:
            got = await session.execute(
                gql("{ item(id: 1) { id } }"), extra_args={"headers": {"X-Trace": "t"}}
            )
        assert got == {"item": {"id": "1"}}
        assert open_to_keys.requests[-1].headers["X-Trace"] == "t"
    basic = AppSyncTransport(emulator.graphql_url, auth=aiohttp.BasicAuth("u", "p"))
    async with Client(transport=basic) as session:
        with pytest.raises(TransportQueryError, match="Unable to parse JWT"):
            await session.execute(ME)
