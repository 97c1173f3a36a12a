from __future__ import annotations

import gc
import json
from typing import Any

import gql
import pytest
from aiohttp.abc import AbstractStreamWriter
from gql import GraphQLRequest
from graphql import GraphQLError, parse, print_ast

import appsync_gql.http.request_body
from appsync_gql.http.request_body import TrackedPayload, body_of, encoded, is_query, text_of

SOURCE = "query Q($a: Int) { a(b: $a) { c } }"


def test_a_document_is_printed_as_graphql_prints_it_and_only_once() -> None:
    document = parse(SOURCE)
    assert text_of(document) == print_ast(document)
    assert text_of(document) is text_of(document)


def test_documents_are_cached_by_identity() -> None:
    one, other = parse(SOURCE), parse("{ other }")
    assert text_of(one) != text_of(other)
    assert text_of(parse(SOURCE)) == text_of(one)


def test_a_collected_document_is_removed_from_the_cache() -> None:
    gc.collect()
    before = len(appsync_gql.http.request_body._printed)
    documents = [parse(f"{{ a{n} }}") for n in range(100)]
    texts = [text_of(d) for d in documents]
    assert len(appsync_gql.http.request_body._printed) == before + 100
    assert len(set(texts)) == 100
    del documents
    gc.collect()
    assert len(appsync_gql.http.request_body._printed) == before


@pytest.mark.parametrize(
    "request_",
    [
        GraphQLRequest(SOURCE),
        GraphQLRequest(SOURCE, operation_name="Q"),
        GraphQLRequest(SOURCE, variable_values={"a": 1}),
        GraphQLRequest(SOURCE, variable_values={}),
    ],
)
def test_the_body_is_the_payload_as_json(request_: GraphQLRequest) -> None:
    sent = encoded(request_)[1]
    assert json.loads(sent.decode()) == request_.payload
    assert sent.decode().encode() == body_of(request_)
    assert sent.size == len(body_of(request_))
    assert sent.content_type == "application/json"


def test_each_request_has_a_payload_of_its_own_with_the_bytes_of_the_document() -> None:
    request = GraphQLRequest(parse(SOURCE))
    one, other = encoded(request)[1], encoded(request)[1]
    assert one is not other
    assert body_of(request) is body_of(request), "the body is encoded once"
    assert one.decode() == other.decode()


class Writer(AbstractStreamWriter):
    """Collects what a payload writes."""

    def __init__(self) -> None:
        self.written = b""

    async def write(self, chunk: Any) -> None:
        self.written += chunk

    async def write_eof(self, chunk: bytes = b"") -> None: ...

    async def drain(self) -> None: ...

    def enable_compression(self, *_: Any, **__: Any) -> None: ...

    def enable_chunking(self) -> None: ...

    async def write_headers(self, *_: Any) -> None: ...


async def test_a_payload_knows_whether_it_was_begun_to_be_sent() -> None:
    payload = TrackedPayload(b"{}")
    assert not payload.started
    writer = Writer()
    await payload.write(writer)
    assert payload.started
    assert writer.written == b"{}"


async def test_a_payload_of_limited_length_counts_as_begun_too() -> None:
    payload, writer = TrackedPayload(b"{}"), Writer()
    await payload.write_with_length(writer, 1)
    assert payload.started
    assert writer.written == b"{"


async def test_a_fresh_payload_is_equal_and_was_not_sent() -> None:
    sent = TrackedPayload(b"{}")
    await sent.write(Writer())
    fresh, writer = sent.fresh(), Writer()
    assert not fresh.started
    assert (fresh.size, fresh.content_type) == (2, "application/json")
    await fresh.write(writer)
    assert writer.written == b"{}"
    assert not TrackedPayload(b"{}").fresh().started


def test_the_body_of_a_subclass_is_its_own_payload() -> None:
    class Signed(GraphQLRequest):
        @property
        def payload(self) -> dict[str, object]:
            return {"query": "{ signed }"}

    assert json.loads(body_of(Signed("{ a }"))) == {"query": "{ signed }"}


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("{ a }", None, True),
        ("query Q { a }", None, True),
        ("mutation { a }", None, False),
        ("subscription { a }", None, False),
        ("query Q { a } mutation M { a }", "Q", True),
        ("query Q { a } mutation M { a }", "M", False),
        ("query Q { a } query R { a }", None, False),
        ("query Q { a }", "Other", False),
        ("fragment F on T { a }", None, False),
    ],
)
def test_an_operation_counts_as_a_query_only_if_it_surely_is_one(
    source: str, name: str | None, *, expected: bool
) -> None:
    request = GraphQLRequest(parse(source), operation_name=name)
    assert is_query(request) is expected


def test_a_text_is_parsed_once_and_each_request_is_new() -> None:
    one = appsync_gql.gql("{ a }", variable_values={"a": 1})
    other = appsync_gql.gql("{ a }", operation_name="Q")
    assert one.document is other.document
    assert (one.variable_values, other.variable_values) == ({"a": 1}, None)
    assert (one.operation_name, other.operation_name) == (None, "Q")
    assert one.payload["query"] == gql.gql("{ a }").payload["query"]


def test_a_text_that_is_not_graphql_raises_each_time() -> None:
    for _ in range(2):
        with pytest.raises(GraphQLError):
            appsync_gql.gql("{ a")


def test_extensions_of_a_request_are_sent() -> None:
    """Gql 4.0 has none; later versions do."""
    request = GraphQLRequest(SOURCE)
    request.extensions = {"trace": 1}
    body, _payload, query = encoded(request)
    assert json.loads(body) == {"query": text_of(request.document), "extensions": {"trace": 1}}
    assert query


@pytest.mark.parametrize(
    ("source", "query"),
    [("{ a }", True), ("mutation { a }", False), ("subscription { a }", False)],
)
def test_a_request_without_variables_is_known_to_be_a_query_or_not(
    source: str, *, query: bool
) -> None:
    assert encoded(GraphQLRequest(source))[2] is query
