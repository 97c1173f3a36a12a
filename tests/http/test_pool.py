"""What a session leaves open, what it waits for, and what it costs."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from typing import Any

import aiohttp
import orjson
import pytest
from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from graphql import GraphQLError
from typing_extensions import Self

import appsync_gql
from appsync_gql import AppSyncTransport, OutcomeUnknown, TokenStore
from appsync_gql.http.timeouts import SharedTimeout
from support.raw_server import RawServer, raw_server

QUERY = gql("query Q($a: Int) { a(b: $a) }")
MUTATION = gql("mutation { a }")


def client(server: RawServer, store: TokenStore, **more: Any) -> Client:
    return Client(transport=AppSyncTransport(server.url, auth=store, **more))


# -- connections that stay open -------------------------------------------------------


async def test_calls_without_a_session_share_a_connection(store: TokenStore) -> None:
    async with raw_server() as server:
        mine = client(server, store)
        for _ in range(5):
            assert await mine.execute_async(QUERY) == {"a": 1}
        assert server.opened == 1


async def test_a_transport_that_is_dropped_leaves_no_connection(store: TokenStore) -> None:
    async with raw_server() as server:
        await client(server, store).execute_async(QUERY)
        gc.collect()
        await server.empty()


async def test_without_keep_open_every_session_closes_its_connections(
    store: TokenStore,
) -> None:
    async with raw_server() as server:
        mine = client(server, store, keep_open=False)
        for number in range(1, 4):
            await mine.execute_async(QUERY)
            await server.empty()
            assert server.opened == number


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used(
    store: TokenStore,
) -> None:
    async with raw_server() as server:
        mine = client(server, store)
        await mine.execute_async(QUERY)
        for writer in list(server.writers):
            writer.close()
        await server.empty()
        assert await mine.execute_async(QUERY) == {"a": 1}
        assert server.opened == 2


async def test_a_connector_of_ones_own_is_left_alone(store: TokenStore) -> None:
    async with raw_server() as server, aiohttp.TCPConnector() as connector:
        args = {"connector": connector, "connector_owner": True}
        mine = client(server, store, client_session_args=args)
        await mine.execute_async(QUERY)
        assert connector.closed  # as gql has it: who owns it closes it


async def test_changed_headers_and_cookies_count_from_the_next_session_on(
    store: TokenStore,
) -> None:
    async with raw_server() as server:
        mine = client(server, store, headers={"x-a": "1"})
        assert isinstance(mine.transport, AppSyncTransport)
        async with mine as session:
            assert session.transport.session.headers["x-a"] == "1"
        mine.transport.headers = {"x-a": "2"}
        async with mine as session:
            assert session.transport.session.headers["x-a"] == "2"


async def test_a_closed_transport_has_no_session(store: TokenStore) -> None:
    async with raw_server() as server:
        mine = client(server, store)
        async with mine as session:
            await session.execute(QUERY)
        with pytest.raises(TransportClosed):
            await session.execute(QUERY)


LOOPS = """
import asyncio, gc, json, socket, sys, threading, warnings
sys.path[:0] = {path!r}
from appsync_gql import AppSyncTransport, TokenStore
from appsync_gql.testing import FakeClock
from gql import Client, gql
from support.store import FakeProvider

gone = []

def serve(listener):
    def one(connection):
        with connection:
            stream = connection.makefile("rb")
            length = 0
            while line := stream.readline().lower():
                if line.startswith(b"content-length"):
                    length = int(line.split(b":")[1])
                if line != b"\\r\\n":
                    continue
                stream.read(length)
                body = b'{{"data":{{"a":1}}}}'
                connection.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\n"
                                   b"content-length: %d\\r\\n\\r\\n%b" % (len(body), body))
        gone.append(1)
    while True:
        connection = listener.accept()[0]
        opened.append(1)
        threading.Thread(target=one, args=(connection,), daemon=True).start()

opened = []
listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
clock = FakeClock()
provider = FakeProvider(clock)
store = TokenStore(provider, tokens=provider.issue(), clock=clock)
url = f"http://127.0.0.1:{{listener.getsockname()[1]}}/graphql"
client, query = Client(transport=AppSyncTransport(url, auth=store)), gql("{{ a }}")

{use}
gc.collect()
print(json.dumps(len(opened)))
"""


@pytest.mark.parametrize(
    ("use", "opened"),
    [
        pytest.param(
            "async def main():\n    for _ in range(3): await client.execute_async(query)\n"
            "for _ in range(3): asyncio.run(main())",
            3,
            id="asyncio.run again and again: one connection a loop",
        ),
        pytest.param(
            "asyncio.set_event_loop(loop := asyncio.new_event_loop())\n"
            "for _ in range(3): client.execute(query)",
            1,
            id="client.execute: one connection, closed at exit",
        ),
        pytest.param(
            "async def main():\n    await client.execute_async(query)\n"
            "def run():\n    asyncio.run(main())\n"
            "threads = [threading.Thread(target=run)]\n"
            "for t in threads: t.start(); t.join()\nasyncio.run(main())",
            2,
            id="loops in two threads",
        ),
    ],
)
def test_loops_come_and_go_and_nothing_is_left_open(use: str, opened: int) -> None:
    code = LOOPS.format(path=[p for p in sys.path if p.endswith("tests")], use=use)
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # -X dev tells of every socket, session and loop that is left; the loop of the second case is.
    complaints = [line for line in done.stderr.splitlines() if "nclosed" in line]
    assert not [line for line in complaints if "event loop" not in line], done.stderr
    assert json.loads(done.stdout) == opened


# -- time limits ----------------------------------------------------------------------


def limit(transport: AppSyncTransport) -> None:
    opened = transport._pool.current()
    assert opened is not None
    opened.timeout = SharedTimeout(0.2)


async def stuck(server: RawServer, transport: AppSyncTransport, request: GraphQLRequest) -> Any:
    server.silent = True
    async with Client(transport=transport, execute_timeout=None) as session:
        limit(transport)
        return await session.execute(request)


async def test_a_query_without_an_answer_ends_in_time(store: TokenStore) -> None:
    async with raw_server() as server:
        transport = client(server, store).transport
        assert isinstance(transport, AppSyncTransport)
        with pytest.raises(TransportConnectionFailed, match=r"no response within 0\.2 s") as caught:
            await stuck(server, transport, QUERY)
        assert isinstance(caught.value.__cause__, asyncio.TimeoutError)


async def test_a_mutation_without_an_answer_may_have_run(store: TokenStore) -> None:
    async with raw_server() as server:
        transport = client(server, store).transport
        assert isinstance(transport, AppSyncTransport)
        with pytest.raises(OutcomeUnknown, match="may have been executed"):
            await stuck(server, transport, MUTATION)
        assert len(server.bodies) == 1


async def test_who_cancels_a_request_gets_a_cancellation(store: TokenStore) -> None:
    async with raw_server() as server:
        server.silent = True
        async with client(server, store) as session:
            task = asyncio.ensure_future(session.execute(QUERY))
            await server.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


@pytest.mark.skipif(sys.version_info < (3, 11), reason="3.10 counts no cancellations")
async def test_a_cancellation_in_the_same_moment_is_not_lost() -> None:
    now = 0.0
    shared = SharedTimeout(1.0, clock=lambda: now)
    late: list[object] = []

    async def request() -> None:
        task = shared.start(now)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            late.append(shared.error_of(task))
            raise
        finally:
            shared.finish(task)

    task = asyncio.ensure_future(request())
    await asyncio.sleep(0)
    now = 2.0
    shared._check()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    shared.stop()
    assert late == [None]


async def test_a_request_that_outlives_its_session_still_has_its_limit(store: TokenStore) -> None:
    async with raw_server() as server:
        server.silent = True
        transport = client(server, store).transport
        assert isinstance(transport, AppSyncTransport)
        await transport.connect()
        limit(transport)
        task = asyncio.ensure_future(transport.execute(QUERY))
        await server.asked.wait()
        await transport.close()
        with pytest.raises(TransportConnectionFailed, match="no response within"):
            await task


async def test_the_timer_stops_when_nothing_is_under_way() -> None:
    shared = SharedTimeout(0.01)
    task = shared.start(0.0)
    shared.finish(task)
    await asyncio.sleep(0.02)
    assert shared._timer is None


# -- what is sent and read ------------------------------------------------------------


async def test_a_request_is_the_same_json_as_gqls_own(store: TokenStore) -> None:
    request = GraphQLRequest(QUERY, variable_values={"a": None, "ü": "ü"}, operation_name="Q")
    async with raw_server() as server, client(server, store) as session:
        await session.execute(request)
        assert server.documents == [request.payload]


@pytest.mark.parametrize(
    ("content_type", "answer"),
    [
        ("application/json; charset=UTF-8", '{"data":{"a":"ü"}}'.encode()),
        ("application/json; charset=latin-1", '{"data":{"a":"ü"}}'.encode("latin-1")),
        ("application/graphql-response+json", '{"data":{"a":"ü"}}'.encode()),
        ("text/plain", '{"data":{"a":"ü"}}'.encode()),
    ],
)
async def test_answers_are_read_in_their_own_character_set(
    store: TokenStore, content_type: str, answer: bytes
) -> None:
    async with raw_server() as server, client(server, store) as session:
        server.content_type, server.answer = content_type, answer
        assert await session.execute(QUERY) == {"a": "ü"}


@pytest.mark.parametrize("bit_by_bit", [False, True])
@pytest.mark.parametrize(
    "answer", [b'{"data":{"a":[1,2]}}', b'{"data":{"a":[%b1]}}' % (b"1," * 99999)]
)
async def test_answers_are_whole_however_they_come(
    store: TokenStore, answer: bytes, *, bit_by_bit: bool
) -> None:
    async with raw_server() as server, client(server, store) as session:
        server.answer, server.bit_by_bit = answer, bit_by_bit
        for _ in range(2):
            assert await session.execute(QUERY) == json.loads(answer)["data"]
        assert server.opened == 1


async def test_who_traces_a_session_hears_of_bodies_too(store: TokenStore) -> None:
    heard: list[bytes] = []

    async def hear(_session: object, _context: object, params: Any) -> None:
        heard.append(params.chunk)

    traces = aiohttp.TraceConfig()
    traces.on_response_chunk_received.append(hear)
    async with raw_server() as server:
        mine = client(server, store, client_session_args={"trace_configs": [traces]})
        assert await mine.execute_async(QUERY) == {"a": 1}
        assert heard == [server.answer]


async def test_a_large_integer_keeps_its_digits(store: TokenStore) -> None:
    async with raw_server() as server, client(server, store) as session:
        server.answer = b'{"data":{"a":123456789012345678901234567890}}'
        assert await session.execute(QUERY) == {"a": 123456789012345678901234567890}


async def test_orjson_reads_large_integers_in_its_own_way_where_that_is_wished(
    store: TokenStore,
) -> None:
    async with (
        raw_server() as server,
        client(server, store, json_deserialize=orjson.loads) as session,
    ):
        server.answer = b'{"data":{"a":123456789012345678901234567890}}'
        assert type((await session.execute(QUERY))["a"]) is float


@pytest.mark.parametrize(
    ("missing", "reader"),
    [(("msgspec",), "_by_orjson"), (("msgspec", "orjson"), "_by_json")],
    ids=["only orjson", "neither"],
)
def test_without_faster_libraries_the_results_are_the_same(
    missing: tuple[str, ...], reader: str
) -> None:
    run(
        f"import sys; sys.modules.update(dict.fromkeys({missing}))\n"
        "from appsync_gql.http import json as codec\n"
        f"assert codec.loads is codec.{reader}\n"
        "assert codec.loads(b'[NaN, 18446744073709551616]')[1] == 2**64\n"
        "assert codec.loads('{}') == {} and codec.reader_of_bytes(len) is None\n"
        "assert codec.dumps({'a': [1, None]}) == b'{\"a\": [1, null]}'\n"
    )


def test_a_msgspec_that_misreads_large_integers_is_not_used() -> None:
    run(
        "import msgspec\n"
        "class Old:\n"
        "    def decode(self, text): return 1482881526185800828\n"
        "msgspec.json.Decoder = Old\n"
        "from appsync_gql.http import json as codec\n"
        "assert codec.loads(b'[19933688932870350000]') == [19933688932870350000]\n"
    )


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # noqa: S603


async def test_what_reads_json_may_be_a_function_of_ones_own(store: TokenStore) -> None:
    seen: list[object] = []

    def own(text: str) -> object:
        seen.append(text)
        return json.loads(text)

    async with (
        raw_server() as server,
        client(server, store, json_deserialize=own) as session,
    ):
        assert await session.execute(QUERY) == {"a": 1}
    assert seen == ['{"data":{"a":1}}']


# -- documents ------------------------------------------------------------------------


def test_a_text_is_parsed_once_and_each_request_is_new() -> None:
    one = appsync_gql.gql("{ a }", variable_values={"a": 1})
    other = appsync_gql.gql("{ a }", operation_name="Q")
    assert one.document is other.document
    assert (one.variable_values, other.variable_values) == ({"a": 1}, None)
    assert (one.operation_name, other.operation_name) == (None, "Q")
    assert one.payload["query"] == gql("{ a }").payload["query"]


def test_a_text_that_is_not_graphql_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(GraphQLError):
            appsync_gql.gql("{ a")


# -- counts: what a request costs, told without a clock ---------------------------------


class Calls:
    """How many functions are called while it is open."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Self:
        gc.disable()
        sys.setprofile(self.see)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        gc.enable()

    def see(self, _frame: object, event: str, _arg: object) -> None:
        self.count += event in {"call", "c_call"}


async def calls_of(transport: Any, times: int = 100) -> float:
    """Calls of Python and C functions a query, in gql's session."""
    async with Client(transport=transport) as session:
        for _ in range(10):
            await session.execute(QUERY)
        with Calls() as calls:
            for _ in range(times):
                await session.execute(QUERY)
    return calls.count / times


async def test_a_query_costs_little_more_than_half_the_calls_of_gqls_own_transport(
    store: TokenStore,
) -> None:
    from gql.transport.aiohttp import AIOHTTPTransport  # noqa: PLC0415

    async with raw_server() as server:
        mine = await calls_of(client(server, store).transport)
        theirs = await calls_of(AIOHTTPTransport(server.url))
    # Most of gql's are for printing the document, which is a small one here.
    assert mine < theirs * 0.6


async def test_a_query_leaves_nothing_for_the_garbage_collector(store: TokenStore) -> None:
    async with raw_server() as server, client(server, store) as session:
        for _ in range(20):
            await session.execute(QUERY)
        gc.collect()
        gc.disable()
        try:
            for _ in range(200):
                await session.execute(QUERY)
            found = gc.collect()
        finally:
            gc.enable()
        # The server's side is in it; a printed document alone would leave hundreds a query.
        assert found < 200 * 20


async def test_a_thousand_queries_leave_no_memory_behind(store: TokenStore) -> None:
    async with raw_server() as server, client(server, store) as session:
        for _ in range(100):
            await session.execute(QUERY)
        server.forget()
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(1000):
            await session.execute(QUERY)
            server.forget()
        gc.collect()
        assert sys.getallocatedblocks() - before < 500
