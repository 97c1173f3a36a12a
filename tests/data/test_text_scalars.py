from __future__ import annotations

import math
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql.data.text_scalars import (
    IpAddress,
    email,
    ip_address_of,
    json_of,
    phone,
    text_of_ip_address,
    text_of_json,
    url,
)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (email, "ada@example.com"),
        (email, "ada+tag@sub.example.co.uk"),
        (email, '"ada lovelace"@example.com'),
        (email, "ada@localhost"),
        (url, "https://www.amazon.com/dp/B000NZW3KC/"),
        (url, "mailto:example@example.com"),
        (url, "s3://bucket/key?x=1#y"),
        (phone, "+49 30 123456"),
        (phone, "555-123-4567"),
        (phone, "(555) 123.4567"),
        (phone, "5551234567"),
    ],
)
def test_texts_of_the_documented_form_are_left_as_they_are(function: Any, text: str) -> None:
    assert function(text) == text


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (email, "ada"),
        (email, "@example.com"),
        (email, "ada@"),
        (email, "a b@example.com"),
        (email, 7),
        (url, "www.example.com"),
        (url, "https://exa mple.com"),
        (url, "https:"),
        (url, None),
        (phone, "call me"),
        (phone, "+"),
        (phone, "555 1234x5"),
        (phone, 5551234567),
        (ip_address_of, "300.0.0.1"),
        (ip_address_of, "10.0.0.1/99"),
        (ip_address_of, "[::1]"),
        (ip_address_of, 167772161),
        (text_of_ip_address, "localhost"),
        (text_of_ip_address, 167772161),
        (json_of, "{a: 1}"),
        (json_of, "NaN"),
        (json_of, {"a": 1}),
        (json_of, "[" * 100_000),
        (text_of_json, math.inf),
        (text_of_json, {1, 2}),
        (text_of_json, object()),
    ],
)
def test_a_value_of_another_form_is_an_error(function: Any, value: Any) -> None:
    with pytest.raises(GraphQLError, match="is not a valid AWS"):
        function(value)


def test_a_value_that_contains_itself_is_an_error() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(GraphQLError, match="AWSJSON"):
        text_of_json(endless)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.1", IPv4Address("10.0.0.1")),
        ("123.45.67.89/16", IPv4Interface("123.45.67.89/16")),
        ("1a2b:3c4b::1234:4567", IPv6Address("1a2b:3c4b::1234:4567")),
        ("1a2b::1/64", IPv6Interface("1a2b::1/64")),
    ],
)
def test_addresses_are_objects_of_ipaddress_both_ways(text: str, expected: IpAddress) -> None:
    assert ip_address_of(text) == expected
    assert text_of_ip_address(expected) == text
    assert text_of_ip_address(text) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, True]}, '{"a": [1, null, true]}'),
        ("text", '"text"'),
        ('{"a": 1}', r'"{\"a\": 1}"'),
        ("ü", '"ü"'),
        (7, "7"),
    ],
)
def test_any_object_is_sent_as_json_also_a_str(value: Any, text: str) -> None:
    assert text_of_json(value) == text
    assert json_of(text) == value


def json_values() -> st.SearchStrategy[Any]:
    numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    leaves: st.SearchStrategy[Any] = st.none() | st.booleans() | st.text() | numbers
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
    )


@given(json_values())
def test_every_json_value_comes_back_as_it_was_sent(value: Any) -> None:
    assert json_of(text_of_json(value)) == value


@given(
    st.ip_addresses()
    | st.tuples(st.ip_addresses(v=4), st.integers(0, 32)).map(IPv4Interface)
    | st.tuples(st.ip_addresses(v=6), st.integers(0, 128)).map(IPv6Interface)
)
def test_every_address_comes_back_as_it_was_sent(value: IpAddress) -> None:
    assert ip_address_of(text_of_ip_address(value)) == value


@pytest.mark.parametrize("function", [email, url, phone, ip_address_of, json_of])
@given(st.text(max_size=40))
def test_any_text_is_read_or_is_an_error_of_graphql(function: Any, text: str) -> None:
    try:
        value = function(text)
    except GraphQLError:
        return
    assert value is not None or text.strip() == "null"
