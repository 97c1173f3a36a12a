"""What relies on the insides of gql or aiohttp: each test fails when those change."""

from __future__ import annotations

import gc
import weakref

import aiohttp
from gql import Client, gql
from gql.transport import AsyncTransport
from graphql import ExecutionResult, build_schema

from appsync_gql import Gap
from appsync_gql.compat import UnparsedResult, keep_for_ever


class OneResult(AsyncTransport):
    """A transport whose subscriptions bring one result."""

    def __init__(self, result: ExecutionResult) -> None:
        self.result = result

    async def connect(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def execute(self, *_args: object, **_options: object) -> ExecutionResult:
        return self.result

    async def subscribe(self, *_args: object, **_options: object):  # type: ignore[no-untyped-def]  # noqa: ANN201
        yield self.result


async def result_of(result: ExecutionResult) -> object:
    schema = build_schema("type Query { x: ID } type Subscription { x: ID }")
    client = Client(transport=OneResult(result), schema=schema, parse_results=True)
    async with client as session:
        async for data in session.subscribe(gql("subscription { x }")):
            return data
    raise AssertionError


async def test_gql_leaves_the_data_of_an_unparsed_result_as_it_is() -> None:
    gap = Gap("lost")
    assert await result_of(UnparsedResult(gap)) is gap


async def test_gql_still_replaces_the_data_of_other_results() -> None:
    """If this fails, ``UnparsedResult`` is not needed any more."""
    assert not isinstance(await result_of(ExecutionResult(Gap("lost"))), Gap)


def test_what_is_kept_for_ever_is_not_collected() -> None:
    class Thing:
        other: Thing

    thing, other = Thing(), Thing()
    thing.other = other
    kept, collected = weakref.ref(other), weakref.ref(extra := Thing())
    keep_for_ever(thing)
    del thing, other, extra
    gc.collect()
    assert kept() is not None
    assert collected() is None


def test_a_connection_of_aiohttp_still_closes_itself_when_it_is_collected() -> None:
    """If this fails, ``keep_for_ever`` may not be needed any more."""
    assert hasattr(aiohttp.connector.Connection, "__del__")
