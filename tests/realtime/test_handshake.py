"""Where the real-time endpoint is, and what a connection is opened with."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from appsync_gql import ConfigurationError, InsecureEndpoint
from appsync_gql.realtime.handshake import (
    check_realtime,
    handshake_of,
    host_of,
    proxy_of,
    realtime_url_of,
)

HEADERS = {"host": "example.com", "Authorization": "token?>~"}


@pytest.mark.parametrize(
    ("url", "realtime", "host"),
    [
        (
            "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql",
            "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
            "abc.appsync-api.eu-west-1.amazonaws.com",
        ),
        (
            "https://abc.appsync-api.cn-north-1.amazonaws.com.cn/graphql",
            "wss://abc.appsync-realtime-api.cn-north-1.amazonaws.com.cn/graphql",
            "abc.appsync-api.cn-north-1.amazonaws.com.cn",
        ),
        (
            "https://abc.appsync-api.us-iso-east-1.c2s.ic.gov/graphql",
            "wss://abc.appsync-realtime-api.us-iso-east-1.c2s.ic.gov/graphql",
            "abc.appsync-api.us-iso-east-1.c2s.ic.gov",
        ),
        (
            "https://api.example.com/graphql",
            "wss://api.example.com/graphql/realtime",
            "api.example.com",
        ),
        (
            "https://abc.appsync-api/graphql",
            "wss://abc.appsync-api/graphql/realtime",
            "abc.appsync-api",
        ),
        (
            "https://abc.appsync-api.local/graphql",
            "wss://abc.appsync-realtime-api.local/graphql",
            "abc.appsync-api.local",
        ),
        (
            "https://appsync-api.example.com/graphql/",
            "wss://appsync-api.example.com/graphql/realtime",
            "appsync-api.example.com",
        ),
        (
            "HTTPS://ABC.APPSYNC-API.EU-WEST-1.AMAZONAWS.COM/graphql",
            "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
            "abc.appsync-api.eu-west-1.amazonaws.com",
        ),
        (
            "https://abc.appsync-api.eu-west-1.amazonaws.com:8443/graphql/",
            "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com:8443/graphql",
            "abc.appsync-api.eu-west-1.amazonaws.com:8443",
        ),
        (
            "https://abc.appsync-api.eu-west-1.amazonaws.com",
            "wss://abc.appsync-realtime-api.eu-west-1.amazonaws.com/graphql",
            "abc.appsync-api.eu-west-1.amazonaws.com",
        ),
        (
            "https://API.example.com/",
            "wss://api.example.com/graphql/realtime",
            "api.example.com",
        ),
        (
            "http://127.0.0.1:8080/graphql?x=1",
            "ws://127.0.0.1:8080/graphql/realtime",
            "127.0.0.1:8080",
        ),
    ],
)
def test_the_real_time_endpoint_of_an_endpoint(url: str, realtime: str, host: str) -> None:
    assert realtime_url_of(url) == realtime
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "way", "error"),
    [
        ("ws://api.example.com/graphql", "subprotocol", InsecureEndpoint),
        ("https://api.example.com/graphql", "subprotocol", ConfigurationError),
        ("nonsense", "subprotocol", ConfigurationError),
        ("wss://user:pw@api.example.com/", "subprotocol", ConfigurationError),
        ("wss://api.example.com/", "url", ConfigurationError),
    ],
)
def test_settings_that_would_send_a_token_unprotected_are_refused(
    url: str, way: Any, error: type[ConfigurationError]
) -> None:
    with pytest.raises(error) as caught:
        check_realtime(url, way, allow_insecure=False)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("url", ["wss://api.example.com/", "WSS://api.example.com/"])
def test_a_secure_endpoint_is_accepted(url: str) -> None:
    check_realtime(url, "query", allow_insecure=False)


def test_a_handshake_carries_the_authorization_in_the_subprotocol() -> None:
    handshake = handshake_of(HEADERS, "subprotocol")
    name, header = handshake.protocols
    assert name == "graphql-ws"
    assert not set(header) & set("=+/")
    encoded = header.removeprefix("header-")
    assert json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))) == HEADERS
    assert handshake.params == {}


def test_a_handshake_carries_the_authorization_in_the_query_if_asked_to() -> None:
    handshake = handshake_of(HEADERS, "query")
    assert handshake.protocols == ("graphql-ws",)
    assert json.loads(base64.b64decode(handshake.params["header"])) == HEADERS
    assert json.loads(base64.b64decode(handshake.params["payload"])) == {}


@pytest.mark.parametrize("way", ["subprotocol", "query"])
def test_a_handshake_shows_no_token(way: Any) -> None:
    handshake = handshake_of(HEADERS, way)
    assert "header" not in repr(handshake.protocols)
    encoded = base64.b64encode(json.dumps(HEADERS).encode()).decode()[:20]
    assert encoded not in repr(handshake)


@pytest.mark.parametrize(
    ("url", "proxies", "proxy"),
    [
        ("wss://a.example/", {"https": "http://proxy:3128"}, "http://proxy:3128"),
        ("ws://a.example/", {"http": "http://proxy:3128"}, "http://proxy:3128"),
        ("wss://a.example/", {"http": "http://proxy:3128"}, None),
        ("wss://a.example/", {"wss": "http://own:1", "https": "http://proxy:3128"}, None),
        ("wss://a.example/", {}, None),
    ],
)
def test_a_socket_takes_the_proxy_of_https_unless_there_is_one_for_wss(
    url: str, proxies: dict[str, str], proxy: str | None
) -> None:
    assert proxy_of(url, proxies) == proxy
    assert "3128" not in repr([proxy_of(url, proxies)]), "there may be a password in it"
