from __future__ import annotations

import gc
import json

import pytest
from gql import GraphQLRequest
from graphql import parse, print_ast

import appsync_gql.http.request_body
from appsync_gql.compat import printed_request
from appsync_gql.http.request_body import body_of, payload_of, text_of

SOURCE = "query Q($a: Int) { a(b: $a) { c } }"


def test_a_document_is_printed_as_graphql_prints_it_and_only_once() -> None:
    document = parse(SOURCE)
    assert text_of(document) == print_ast(document)
    assert text_of(document) is text_of(document)


def test_equal_documents_are_told_apart_by_identity() -> None:
    one, other = parse(SOURCE), parse("{ other }")
    assert text_of(one) != text_of(other)
    assert text_of(parse(SOURCE)) == text_of(one)


def test_a_document_that_is_gone_is_forgotten() -> None:
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
        GraphQLRequest(SOURCE, variable_values={"a": 1}, operation_name="Q"),
        GraphQLRequest(SOURCE, variable_values={}),
    ],
)
def test_the_payload_is_gqls_own(request_: GraphQLRequest) -> None:
    assert printed_request(request_, text_of).payload == request_.payload


@pytest.mark.parametrize(
    "request_",
    [
        GraphQLRequest(SOURCE),
        GraphQLRequest(SOURCE, operation_name="Q"),
        GraphQLRequest(SOURCE, variable_values={"a": 1}),
        GraphQLRequest(SOURCE, variable_values={}),
    ],
)
def test_what_is_sent_is_the_payload_as_json(request_: GraphQLRequest) -> None:
    sent = payload_of(request_, body_of(request_))
    assert json.loads(sent.decode()) == request_.payload
    assert sent.decode().encode() == body_of(request_)
    assert sent.size == len(body_of(request_))
    assert sent.content_type == "application/json"


def payload(request: GraphQLRequest) -> object:
    return payload_of(request, body_of(request))


def test_requests_that_are_no_more_than_a_document_share_what_is_sent() -> None:
    document = parse(SOURCE)
    one, other = GraphQLRequest(document), GraphQLRequest(document)
    assert payload(one) is payload(other)
    assert payload(one) is not payload(GraphQLRequest(document, operation_name="Q"))
    assert payload(one) is not payload(GraphQLRequest(parse(SOURCE)))


def test_a_request_of_ones_own_class_keeps_its_own_payload() -> None:
    class Signed(GraphQLRequest):
        @property
        def payload(self) -> dict[str, object]:
            return {"query": "{ signed }"}

    assert printed_request(Signed("{ a }"), text_of).payload == {"query": "{ signed }"}
