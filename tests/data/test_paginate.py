"""Pages of a real server, with every client and session of gql's."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from graphql import GraphQLError, parse

from appsync_gql import (
    ApiKeyAuth,
    AppSyncClient,
    AppSyncTransport,
    BlockingAppSyncTransport,
    ConfigurationError,
    PaginationFailed,
    add_aws_scalars,
    gql,
    paginate,
)
from appsync_gql.data.page_state import PageState
from appsync_gql.data.paginate import Items
from appsync_gql.testing import Emulator

SCHEMA = """
type Query {
  todos(limit: Int = 3, nextToken: String): Todos
  user(id: ID!): User
  endless(nextToken: String): Todos
}
type User { id: ID! todos(limit: Int = 3, nextToken: String): Todos }
type Todos { items: [Todo] nextToken: String }
type Todo { id: ID! }
"""
QUERY = """
query Todos($limit: Int, $nextToken: String) {
  todos(limit: $limit, nextToken: $nextToken) { items { id } nextToken }
}
"""
TOTAL = 10
IDS = [str(number) for number in range(TOTAL)]


def todos(
    _source: Any,
    _info: Any,
    *,
    limit: int = 3,
    nextToken: str | None = None,  # noqa: N803
) -> dict[str, Any]:
    """Return a page; after each full one comes an empty one, as filters leave them."""
    first, _, empty = (nextToken or "0").partition(":")
    start = int(first)
    if empty:
        return {"items": [], "nextToken": first}
    end = min(start + limit, TOTAL)
    items = [{"id": identifier} for identifier in IDS[start:end]]
    return {"items": items, "nextToken": f"{end}:empty" if end < TOTAL else None}


def endless(_source: Any, _info: Any, **_arguments: Any) -> dict[str, Any]:
    return {"items": [{"id": "1"}], "nextToken": "same"}


@pytest.fixture(scope="module")
def api() -> Iterator[Emulator]:
    resolvers = {
        "Query": {"todos": todos, "endless": endless, "user": lambda *_, id: {"id": id}},  # noqa: A006
        "User": {"todos": todos},
    }
    with Emulator.in_thread(SCHEMA, resolvers, api_keys=["key"]) as emulator:
        yield emulator


@pytest.fixture
def client(api: Emulator) -> Iterator[AppSyncClient]:
    made = AppSyncClient(transport=transport(api))
    yield made
    made.close()


def transport(api: Emulator) -> AppSyncTransport:
    return AppSyncTransport(api.graphql_url, auth=ApiKeyAuth("key"))


def ids(items: Any) -> list[str]:
    return [item["id"] for item in items]


def test_a_for_loop_follows_the_tokens_through_empty_pages(client: AppSyncClient) -> None:
    items = paginate(client, QUERY, "todos")
    assert not items.finished
    assert ids(items) == IDS
    assert (items.pages, items.finished, items.next_token) == (7, True, None)


@pytest.mark.parametrize(
    "query", [QUERY, gql(QUERY), parse(QUERY), GraphQLRequest(QUERY, operation_name="Todos")]
)
def test_a_query_may_be_a_text_a_request_or_a_document(client: AppSyncClient, query: Any) -> None:
    assert ids(paginate(client, query, "todos", page_size=5)) == IDS


def test_synchronous_sessions_and_clients_of_gql_work(api: Emulator) -> None:
    with AppSyncClient(transport=transport(api)) as session:
        assert ids(paginate(session, QUERY, "todos")) == IDS
    blocking = Client(transport=BlockingAppSyncTransport(api.graphql_url, auth=ApiKeyAuth("key")))
    assert ids(paginate(blocking, QUERY, "todos")) == IDS


async def test_async_for_works_with_a_session_and_with_a_client(api: Emulator) -> None:
    client = AppSyncClient(transport=transport(api))
    assert [item["id"] async for item in paginate(client, QUERY, "todos")] == IDS
    async with client as session:
        assert [item["id"] async for item in paginate(session, QUERY, "todos")] == IDS
    plain = AIOHTTPTransport(api.graphql_url, headers={"x-api-key": "key"})
    async with Client(transport=plain) as session:
        assert [item["id"] async for item in paginate(session, QUERY, "todos")] == IDS


async def test_a_for_loop_works_inside_of_a_running_event_loop(client: AppSyncClient) -> None:
    assert ids(paginate(client, QUERY, "todos", limit=4)) == IDS[:4]


async def test_the_wrong_loop_for_a_session_is_refused_with_the_right_one(api: Emulator) -> None:
    client = AppSyncClient(transport=transport(api))
    async with client as session:
        with pytest.raises(ConfigurationError, match="use 'async for'"):
            next(paginate(session, QUERY, "todos"))
    with client as synchronous, pytest.raises(ConfigurationError, match="use 'for'"):
        await anext(paginate(synchronous, QUERY, "todos"))


def test_a_loop_can_be_left_and_continued(client: AppSyncClient) -> None:
    items = paginate(client, QUERY, "todos")
    first = []
    for item in items:
        first.append(item["id"])
        if len(first) == 4:
            break
    assert first + ids(items) == IDS


def test_another_run_goes_on_at_the_token(client: AppSyncClient) -> None:
    first = paginate(client, QUERY, "todos", limit=6, page_size=3)
    assert ids(first) == IDS[:6]
    assert first.next_token == "6:empty"
    assert ids(paginate(client, QUERY, "todos", next_token=first.next_token)) == IDS[6:]
    variables = {"nextToken": first.next_token}
    assert ids(paginate(client, QUERY, "todos", variables=variables)) == IDS[6:]


def test_variables_of_the_request_and_the_argument_are_joined(client: AppSyncClient) -> None:
    request = gql(
        "query($id: ID!, $limit: Int, $t: String) "
        "{ user(id: $id) { todos(limit: $limit, nextToken: $t) { items { id } nextToken } } }"
    )
    request.variable_values = {"id": "wrong", "limit": 9}
    items = paginate(client, request, "user.todos", variables={"id": "1"})
    assert ids(items) == IDS
    assert items.pages == 3
    assert request.variable_values == {"id": "wrong", "limit": 9}


def test_several_lists_come_with_one_request_each_time(client: AppSyncClient) -> None:
    query = """query($limit: Int, $a: String, $b: String) {
      few: todos(limit: 9, nextToken: $a) { items { id } nextToken }
      user(id: 1) { many: todos(limit: $limit, nextToken: $b) { items { id } nextToken } }
    }"""
    items = paginate(client, query, ["few", "user.many"])
    found = list(items)
    assert [item["id"] for path, item in found if path == "few"] == IDS
    assert [item["id"] for path, item in found if path == "user.many"] == IDS
    assert items.pages == 7
    assert items.next_token == {"few": None, "user.many": None}
    tokens = {"user.many": "9"}
    assert len(list(paginate(client, query, ["few", "user.many"], next_token=tokens))) == 11


def test_items_of_skipped_lists_are_parsed_by_the_schema_too(api: Emulator) -> None:
    sdl = SCHEMA.replace("type Todo { id: ID! }", "type Todo { id: AWSJSON }")
    client = AppSyncClient(
        transport=transport(api),
        schema=add_aws_scalars(sdl),
        parse_results=True,
        serialize_variables=True,
    )
    query = """query($a: String, $b: String) {
      few: todos(limit: 9, nextToken: $a) { items { id } nextToken }
      many: todos(nextToken: $b) { items { id } nextToken }
    }"""
    found = list(paginate(client, query, ["few", "many"]))
    assert sorted(item["id"] for _, item in found) == sorted([*range(TOTAL), *range(TOTAL)])


def test_a_repeated_token_is_an_error_and_not_an_endless_loop(client: AppSyncClient) -> None:
    query = "query($t: String) { endless(nextToken: $t) { items { id } nextToken } }"
    items = paginate(client, query, "endless")
    assert next(items) == {"id": "1"}
    with pytest.raises(PaginationFailed, match="has come before"):
        next(items)


def test_after_an_error_the_same_page_is_requested_again(api: Emulator) -> None:
    client = AppSyncClient(transport=transport(api))
    items = paginate(client, QUERY, "todos")
    first = [next(items)["id"] for _ in range(3)]
    api.faults.answer(1, 200, {"data": None, "errors": [{"message": "no luck"}]})
    with pytest.raises(TransportQueryError, match="no luck"):
        next(items)
    assert first + ids(items) == IDS


def test_nothing_is_sent_before_the_first_item_is_asked_for(
    api: Emulator, client: AppSyncClient
) -> None:
    before = api.counters["graphql"]
    paginate(client, QUERY, "todos")
    assert list(paginate(client, QUERY, "todos", limit=0)) == []
    assert api.counters["graphql"] == before


@pytest.mark.parametrize(
    ("path", "arguments", "setting"),
    [
        ("todo", {}, "query"),
        ([], {}, "path"),
        ("todos", {"limit": -1}, "limit"),
        (["todos"], {"next_token": "a"}, "next_token"),
        ("todos", {"operation_name": "Other"}, "query"),
    ],
)
def test_wrong_arguments_are_refused_at_once(
    client: AppSyncClient, path: Any, arguments: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        paginate(client, QUERY, path, **arguments)
    assert caught.value.setting == setting


def test_what_is_no_client_or_no_query_is_refused_at_once(client: AppSyncClient) -> None:
    with pytest.raises(ConfigurationError, match="client must be an AppSyncClient"):
        paginate("client", QUERY, "todos")  # type: ignore[arg-type]
    with pytest.raises(GraphQLError, match="Syntax Error"):
        paginate(client, "{ todos", "todos")


def test_further_arguments_reach_gqls_execute(client: AppSyncClient) -> None:
    items = paginate(
        client, QUERY, "todos", execute_args={"extra_args": {"headers": {"x-api-key": "wrong"}}}
    )
    with pytest.raises(TransportQueryError):
        next(items)


def test_the_bar_counts_all_items_and_is_closed(
    client: AppSyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(list(paginate(client, QUERY, "todos", limit=8, progress=True))) == 8
    assert "8/8" in capsys.readouterr().err


def test_the_bar_is_closed_when_the_loop_is_left(client: AppSyncClient) -> None:
    closed = []

    class Bar:
        def advance(self) -> None:
            pass

        def close(self) -> None:
            closed.append(True)

    state = PageState(gql(QUERY), ["todos"])
    items = Items(client, state, several=False, execute_args={}, bar=Bar())
    next(items)
    del items
    gc.collect()
    assert closed


def test_the_repr_says_how_far_it_is(client: AppSyncClient) -> None:
    items = paginate(client, QUERY, "todos")
    next(items)
    assert repr(items) == "<Items: 1 so far, 1 pages, unfinished>"
