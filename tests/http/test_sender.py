"""One POST over real sockets: what is sent, what is read, and what an error says of it."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp.abc import AbstractResolver
from gql import GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport

from appsync_gql import AppSyncError, BadRequest, ConnectionFailed, OutcomeUnknown
from appsync_gql.http.loop_session import LoopSession
from appsync_gql.http.request import prepare
from appsync_gql.http.sender import PreparedRequest, RawResponse, Sender
from appsync_gql.http.timeouts import SharedTimeout
from appsync_gql.secret import Secret
from appsync_gql.testing import FakeClock
from support.certificate import make_certificate, server_context
from support.forgetful_proxy import ForgetfulProxy
from support.http import MUTATION, QUERY, facts, numbered
from support.raw_server import Fault, RawServer, raw_server

BOTH = pytest.mark.parametrize("document", [QUERY, MUTATION], ids=["query", "mutation"])
HEADERS = {"Authorization": Secret("token")}


@asynccontextmanager
async def opened(**settings: Any) -> AsyncIterator[LoopSession]:
    """Open an aiohttp session with these arguments."""
    found = LoopSession(asyncio.get_running_loop(), 1.0)
    found.prepare_session(settings, None)
    found.uses = 1
    try:
        yield found
    finally:
        await found.close()


def prepared(
    url: str, document: GraphQLRequest, number: int = 1, **extra_args: Any
) -> PreparedRequest:
    transport = AIOHTTPTransport(url)
    return prepare(transport, numbered(document, number), extra_args, upload_files=False)


async def send(
    session: LoopSession, url: str, document: GraphQLRequest, **extra_args: Any
) -> RawResponse:
    request = prepared(url, document, **extra_args)
    return await Sender(json.loads).send(session, request, HEADERS)


async def failure(
    session: LoopSession, url: str, document: GraphQLRequest, **extra_args: Any
) -> AppSyncError:
    """Send a request that fails, and return its error."""
    with pytest.raises(AppSyncError) as caught:
        await asyncio.wait_for(send(session, url, document, **extra_args), 10)
    assert list(facts(caught.value)) == ["status", "error_type", "request_id", "may_have_executed"]
    return caught.value


# -- what is sent ----------------------------------------------------------------------


async def test_the_body_and_the_headers_arrive_unchanged() -> None:
    async with raw_server() as server, opened(headers={"x-app": "demo"}) as session:
        response = await send(session, server.url, QUERY, headers={"x-trace": "t"})
    assert (response.status, response.json) == (200, {"data": {"a": 1}})
    assert server.documents == [numbered(QUERY, 1).payload]
    names = ("authorization", "x-trace", "x-app", "content-type")
    found = [server.header(name) for name in names]
    assert found == ["token", "t", "demo", "application/json"]


async def test_a_redirect_is_not_followed() -> None:
    more = b"location: http://127.0.0.1:1/\r\n"
    async with raw_server(status="307 Away", more=more) as server, opened() as session:
        assert (await send(session, server.url, QUERY)).status == 307
        assert server.opened == 1


async def test_raise_for_status_of_the_session_hides_no_response() -> None:
    async with (
        raw_server(status="401 Unauthorized", answer=b'{"errors":[]}') as server,
        opened(raise_for_status=True) as session,
    ):
        response = await send(session, server.url, MUTATION)
    assert (response.status, response.json) == (401, {"errors": []})


async def test_took_is_the_time_until_the_responses_head() -> None:
    async with raw_server() as server, opened() as session:
        response = await send(session, server.url, QUERY)
    assert 0 < response.took < 5


# -- tracing ---------------------------------------------------------------------------


async def test_what_replaces_the_sessions_request_sees_headers_that_it_may_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tracing libraries wrap this method, and recorders of responses replace it."""
    original = aiohttp.ClientSession._request
    urls: list[str] = []

    async def traced(self: aiohttp.ClientSession, method: str, url: Any, **more: Any) -> Any:
        urls.append(str(url))
        more["headers"]["traceparent"] = "00-1"
        more["headers"]["Authorization"] += "-changed"
        return await original(self, method, url, **more)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", traced)
    headers, trace = dict(HEADERS), {"x-trace": "t"}
    async with raw_server() as server, opened() as session:
        for document in (QUERY, MUTATION):
            request = prepared(server.url, document, headers=trace)
            await Sender(json.loads).send(session, request, headers)
            assert server.header("traceparent") == "00-1"
            assert server.header("authorization") == "token-changed"
    assert urls == [server.url] * 2
    assert (headers, trace) == (HEADERS, {"x-trace": "t"})


async def test_trace_configs_see_every_part_of_a_request() -> None:
    seen: list[str] = []

    def note(signal: str) -> Callable[..., Any]:
        async def called(*_: object) -> None:
            seen.append(signal)

        return called

    trace = aiohttp.TraceConfig()
    signals = ("request_start", "request_chunk_sent", "response_chunk_received", "request_end")
    for signal in signals:
        getattr(trace, f"on_{signal}").append(note(signal))
    async with raw_server() as server, opened(trace_configs=[trace]) as session:
        await send(session, server.url, QUERY)
    assert seen == ["request_start", "request_chunk_sent", "request_end", "response_chunk_received"]


async def test_middlewares_see_every_request_and_may_change_it() -> None:
    async def middleware(request: Any, handler: Any) -> Any:
        request.headers["x-from"] = "middleware"
        return await handler(request)

    async with raw_server() as server, opened(middlewares=[middleware]) as session:
        await send(session, server.url, MUTATION)
        assert server.header("x-from") == "middleware"


# -- requests that are not sent ----------------------------------------------------------


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def assert_not_sent(error: AppSyncError, kind: type[AppSyncError]) -> None:
    assert type(error) is kind
    assert not error.may_have_executed
    assert "nothing was sent" in str(error)


@BOTH
@pytest.mark.parametrize(
    "extra_args",
    [
        {"headers": {"x-trace": "a\nb"}},
        {"headers": {"x-trace": 5}},
        {"proxyy": "http://localhost"},
        {"proxy": "nonsense"},
        {"json": {}, "data": b"{}"},
    ],
    ids=", ".join,
)
async def test_a_request_that_aiohttp_can_not_build_is_a_bad_request(
    document: GraphQLRequest, extra_args: dict[str, Any]
) -> None:
    async with raw_server() as server, opened() as session:
        error = await failure(session, server.url, document, **extra_args)
        if "data" not in extra_args:  # a body of the caller's own is not tracked
            assert_not_sent(error, BadRequest)
        assert not server.bodies


@BOTH
async def test_credentials_from_netrc_beside_a_token_leave_no_doubt(
    document: GraphQLRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ada password x\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with raw_server() as server, opened(trust_env=True) as session:
        try:
            await send(session, server.url, document)
        except BadRequest as error:
            assert_not_sent(error, BadRequest)
        else:  # aiohttp 3.12 sends them in place of the token
            assert server.header("authorization") in {"token", "Basic YWRhOng="}


@BOTH
async def test_a_connection_that_is_refused_sent_nothing(document: GraphQLRequest) -> None:
    async with opened() as session:
        error = await failure(session, f"http://127.0.0.1:{closed_port()}/", document)
    assert_not_sent(error, ConnectionFailed)


class Unresolvable(AbstractResolver):
    """A resolver that knows no host."""

    async def resolve(self, host: str, *_: Any, **__: Any) -> list[Any]:
        raise OSError(None, f"{host} is unknown")

    async def close(self) -> None: ...


@BOTH
async def test_a_host_that_can_not_be_resolved_was_sent_nothing(document: GraphQLRequest) -> None:
    async with opened(connector=aiohttp.TCPConnector(resolver=Unresolvable())) as session:
        error = await failure(session, "https://api.example.com/graphql", document)
    assert_not_sent(error, ConnectionFailed)


@BOTH
async def test_a_server_without_tls_was_sent_nothing(document: GraphQLRequest) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(99))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    received: list[bytes] = []
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    async with opened() as session:
        assert_not_sent(await failure(session, url, document), ConnectionFailed)
    server.close()
    assert b"query" not in b"".join(received)


@BOTH
async def test_a_certificate_that_nobody_trusts_is_a_failed_connection(
    document: GraphQLRequest, tmp_path: Path
) -> None:
    state, tls = RawServer(), server_context(make_certificate(tmp_path / "server.pem"))
    server = await asyncio.start_server(state.serve, "127.0.0.1", 0, ssl=tls)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    async with opened() as session:
        error = await failure(session, url, document)
    server.close()
    assert_not_sent(error, ConnectionFailed)
    assert "certificate" in str(error).lower()
    assert not state.bodies


@BOTH
async def test_a_proxy_that_refuses_to_connect_was_sent_no_body(document: GraphQLRequest) -> None:
    async with raw_server(status="503 Service Unavailable") as proxy, opened() as session:
        proxy_url = proxy.url.replace("//", "//user:password@").removesuffix("graphql")
        url = "https://api.example.com/graphql"
        error = await failure(session, url, document, proxy=proxy_url)
        assert proxy.heads[0].startswith(b"CONNECT ")
    assert_not_sent(error, ConnectionFailed)
    assert "(ClientHttpProxyError: 503" in str(error)
    assert "password" not in "".join(traceback.format_exception(error))


@BOTH
async def test_a_trace_hook_that_raises_before_sending_sent_nothing(
    document: GraphQLRequest,
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a tracer failed")

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(fail)
    async with raw_server() as server, opened(trace_configs=[trace]) as session:
        error = await failure(session, server.url, document)
        assert not server.bodies
    assert_not_sent(error, ConnectionFailed)
    assert "a tracer failed" in str(error)


@BOTH
async def test_a_middleware_that_raises_before_sending_sent_nothing(
    document: GraphQLRequest,
) -> None:
    async def fail(_request: Any, _handler: Any) -> Any:
        raise RuntimeError("a middleware failed")

    async with raw_server() as server, opened(middlewares=[fail]) as session:
        error = await failure(session, server.url, document)
        assert not server.bodies
    assert_not_sent(error, ConnectionFailed)


async def test_a_second_attempt_that_is_not_sent_is_not_called_sent() -> None:
    """The first one was refused before execution, or there would be no second one."""
    async with raw_server() as server, opened() as session:
        request = prepared(server.url, MUTATION)
        await Sender(json.loads).send(session, request, HEADERS)
        assert request.sent
        request.begin()
        with pytest.raises(BadRequest, match="nothing was sent"):
            await Sender(json.loads).send(session, request, {"Authorization": "a\nb"})


# -- responses that are lost ---------------------------------------------------------------


async def lost(
    fault: Fault, document: GraphQLRequest, *, kept: bool, **settings: Any
) -> tuple[AppSyncError | RawResponse, int]:
    """Return what happens to a request at that fault, and how many times it was received.

    Args:
        fault: what the server does.
        document: what to send.
        kept: whether it is sent on a connection that was used before.
        settings: of the server.
    """
    async with raw_server(**settings) as server, opened() as session:
        if kept:
            await send(session, server.url, QUERY)
            server.forget()
        server.faults.append(fault)
        try:
            return await send(session, server.url, document), len(server.bodies)
        except AppSyncError as error:
            return error, len(server.bodies)


@pytest.mark.parametrize("fault", ["close", "reset"])
async def test_a_query_whose_kept_connection_was_closed_is_sent_once_more(fault: Fault) -> None:
    outcome, received = await lost(fault, QUERY, kept=True)
    assert isinstance(outcome, RawResponse)
    assert received == 2


@pytest.mark.parametrize("fault", ["close", "reset"])
async def test_a_query_whose_first_connection_was_closed_is_not_repeated(fault: Fault) -> None:
    outcome, received = await lost(fault, QUERY, kept=False)
    assert type(outcome) is ConnectionFailed
    assert outcome.may_have_executed
    assert received == 1


@pytest.mark.parametrize("fault", ["close", "reset", "cut", "reset in the body", "garbage"])
@pytest.mark.parametrize("kept", [True, False])
async def test_a_mutation_whose_response_was_lost_is_never_repeated(
    fault: Fault, *, kept: bool
) -> None:
    outcome, received = await lost(fault, MUTATION, kept=kept)
    assert type(outcome) is OutcomeUnknown
    assert outcome.may_have_executed
    assert received == 1


@pytest.mark.parametrize("fault", ["cut", "reset in the body", "garbage"])
async def test_a_query_is_not_repeated_once_a_part_of_the_response_arrived(fault: Fault) -> None:
    outcome, received = await lost(fault, QUERY, kept=True)
    assert type(outcome) is ConnectionFailed
    assert outcome.may_have_executed
    assert received == 1


async def test_a_query_is_repeated_once_only() -> None:
    async with raw_server() as server, opened() as session:
        await send(session, server.url, QUERY)
        server.faults += ["close", "close"]
        assert type(await failure(session, server.url, QUERY)) is ConnectionFailed
        assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("document", "kind"), [(QUERY, ConnectionFailed), (MUTATION, OutcomeUnknown)]
)
async def test_a_body_that_was_sent_in_part_may_have_been_executed(
    document: GraphQLRequest, kind: type[AppSyncError]
) -> None:
    large = GraphQLRequest(document.document, variable_values={"a": "x" * 900_000})
    async with raw_server(read_limit=10, faults=["reset"]) as server, opened() as session:
        server.faults.append("reset")
        request = prepare(AIOHTTPTransport(server.url), large, None, upload_files=False)
        with pytest.raises(kind) as caught:
            await Sender(json.loads).send(session, request, HEADERS)
        assert caught.value.may_have_executed


# -- time limits ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "kind"), [(QUERY, ConnectionFailed), (MUTATION, OutcomeUnknown)]
)
@pytest.mark.parametrize("own_limit", [True, False])
async def test_a_request_without_a_response_ends_in_time(
    document: GraphQLRequest, kind: type[AppSyncError], *, own_limit: bool
) -> None:
    async with raw_server(silent=True) as server, opened() as session:
        extra_args: dict[str, Any] = {}
        if own_limit:
            extra_args["timeout"] = aiohttp.ClientTimeout(total=0.05)
        else:
            session.timeout = SharedTimeout(0.05)
        error = await failure(session, server.url, document, **extra_args)
        assert type(error) is kind
        assert error.may_have_executed
        assert isinstance(error.__cause__, asyncio.TimeoutError)
        assert "(TimeoutError" in str(error)
        assert len(server.bodies) == 1


async def test_cancelling_a_request_raises_the_cancellation() -> None:
    async with raw_server(silent=True) as server, opened() as session:
        session.timeout = SharedTimeout(60)
        task = asyncio.ensure_future(send(session, server.url, QUERY))
        await server.requested.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        session.timeout.stop()
        assert session.timeout._timer is None, "the request is timed no more"


# -- what is read ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "answer"),
    [
        ("application/json; charset=UTF-8", '{"data":{"a":"ü"}}'.encode()),
        ('application/json; charset="utf-8"', '{"data":{"a":"ü"}}'.encode()),
        ("application/json; charset=latin-1", '{"data":{"a":"ü"}}'.encode("latin-1")),
        ("application/graphql-response+json", '{"data":{"a":"ü"}}'.encode()),
        ("text/plain", '{"data":{"a":"ü"}}'.encode()),
    ],
)
async def test_a_response_is_read_in_its_own_character_set(
    content_type: str, answer: bytes
) -> None:
    async with raw_server(content_type=content_type, answer=answer) as server, opened() as session:
        assert (await send(session, server.url, QUERY)).json == {"data": {"a": "ü"}}


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize(
    "answer", [b'{"data":{"a":[1,2]}}', b'{"data":{"a":[%b1]}}' % (b"1," * 99999)]
)
async def test_a_response_is_read_whole_however_it_arrives(
    answer: bytes, *, in_pieces: bool
) -> None:
    async with raw_server(answer=answer, in_pieces=in_pieces) as server, opened() as session:
        for _ in range(2):
            assert (await send(session, server.url, QUERY)).json == json.loads(answer)
        assert server.opened == 1


@pytest.mark.parametrize(
    ("content_type", "answer"),
    [
        ("text/html", b"<html>"),
        ("application/json", b"{"),
        ("application/json", b"\xff"),
        ("application/json", b"[" * 100_000),
    ],
)
async def test_a_body_that_is_no_json_is_none(content_type: str, answer: bytes) -> None:
    async with raw_server(content_type=content_type, answer=answer) as server, opened() as session:
        assert (await send(session, server.url, MUTATION)).json is None


LARGE = b'{"a":123456789012345678901234567890}'


@pytest.mark.parametrize(
    ("loads", "value"),
    [
        (json.loads, 123456789012345678901234567890),
        (orjson.loads, 123456789012345678901234567890.0),
    ],
    ids=["json", "orjson"],
)
async def test_the_chosen_reader_decides_about_large_integers(
    loads: Callable[..., Any], value: float
) -> None:
    async with raw_server(answer=LARGE) as server, opened() as session:
        response = await Sender(loads).send(session, prepared(server.url, QUERY), HEADERS)
    assert response.json == {"a": value}
    assert type(response.json["a"]) is type(value)


async def test_a_reader_of_the_callers_own_gets_text() -> None:
    seen: list[object] = []

    def own(text: str) -> object:
        seen.append(text)
        return json.loads(text)

    async with raw_server() as server, opened() as session:
        await Sender(own).send(session, prepared(server.url, QUERY), HEADERS)
    assert seen == ['{"data":{"a":1}}']


async def test_a_reader_of_the_callers_own_that_raises_found_no_json() -> None:
    def own(_text: str) -> object:
        raise ArithmeticError

    async with raw_server() as server, opened() as session:
        response = await Sender(own).send(session, prepared(server.url, MUTATION), HEADERS)
    assert response.json is None


def test_a_prepared_request_shows_neither_headers_nor_body() -> None:
    request = prepared("http://localhost/graphql", QUERY, 4711, headers={"x": "token"})
    assert repr(request) == "<PreparedRequest to http://localhost/graphql>"


@BOTH
async def test_a_connection_that_was_closed_while_the_loop_did_not_run_is_not_used(
    document: GraphQLRequest,
) -> None:
    async with raw_server() as server:
        port = int(server.url.rsplit(":", 1)[1].partition("/")[0])
        with ForgetfulProxy.in_thread(port) as proxy:
            url = f"http://127.0.0.1:{proxy.port}/"
            found = LoopSession(asyncio.get_running_loop(), 1.0)
            found.prepare_session({}, await found.keep_connections())
            found.uses, found.responded = 1, True
            await send(found, url, document)
            found.responded = False  # so that queries are not sent twice either
            proxy.close_all()
            time.sleep(0.4)  # noqa: ASYNC251 - the loop does not run
            assert (await send(found, url, document)).status == 200
            assert (proxy.opened, len(server.bodies)) == (2, 2)
            await found.close()


@BOTH
async def test_a_connection_that_was_forgotten_while_the_process_was_frozen_is_not_used(
    document: GraphQLRequest, clock: FakeClock
) -> None:
    """Only the wall clock went on, as on a machine that is suspended and resumed."""
    async with raw_server() as server:
        port = int(server.url.rsplit(":", 1)[1].partition("/")[0])
        with ForgetfulProxy.in_thread(port) as proxy:
            url = f"http://127.0.0.1:{proxy.port}/"
            found = LoopSession(asyncio.get_running_loop(), 1.0, clock)
            found.prepare_session({}, await found.keep_connections())
            found.uses = 1
            await send(found, url, document)
            proxy.forget()
            clock.jump_wall(16)
            assert (await asyncio.wait_for(send(found, url, document), 10)).status == 200
            assert (proxy.opened, len(server.bodies)) == (2, 2)
            await found.close()
