from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from appsync_gql import SignableRequest
from appsync_gql.auth.sigv4 import (
    access_key_of,
    aws_headers,
    host_of,
    is_signed_with,
    region_of,
    sign,
    time_of,
)

if TYPE_CHECKING:
    from appsync_gql import Headers

HOST = "abcdefghijklmnopqrstuvwxyz.appsync-api.eu-west-1.amazonaws.com"
URL = f"https://{HOST}/graphql"
KEYS = ReadOnlyCredentials("AKIAEXAMPLE", "secret", "session-token", None)


def signature_by_botocore(request: SignableRequest, headers: Headers) -> str:
    """Sign the same request by botocore's own method, at this machine's time."""
    unsigned = {k: v for k, v in headers.items() if k.lower() not in {"authorization", "host"}}
    unsigned.pop("X-Amz-Date"), unsigned.pop("X-Amz-Security-Token")
    again = AWSRequest("POST", request.url, headers=unsigned, data=request.body)
    SigV4Auth(KEYS, "appsync", "eu-west-1").add_auth(again)
    return str(again.headers["Authorization"])


@pytest.mark.parametrize(
    "request_",
    [
        SignableRequest(URL, b'{"query":"{ a }"}', "http"),
        SignableRequest(URL + "/connect", b"{}", "connect"),
        SignableRequest(URL, b'{"query":"subscription { a }","variables":{}}', "start"),
        SignableRequest("http://127.0.0.1:4000/graphql", b"{}", "http"),
    ],
    ids=lambda r: r.kind,
)
def test_the_signature_is_botocores_own(request_: SignableRequest) -> None:
    now = int(time.time())
    found = {sign(request_, KEYS, "eu-west-1", now + s)["Authorization"] for s in (0, 1)}
    headers = sign(request_, KEYS, "eu-west-1", now)
    # botocore signs at the present second, which may have changed in between.
    assert signature_by_botocore(request_, headers) in {str(value) for value in found}
    assert headers["X-Amz-Security-Token"] == "session-token"


def test_real_time_headers_have_the_host_and_what_the_documents_ask_for() -> None:
    headers = sign(SignableRequest(URL + "/connect", b"{}", "connect"), KEYS, "eu-west-1", 1.8e9)
    assert headers["host"] == HOST
    assert headers["accept"] == "application/json, text/javascript"
    assert headers["content-encoding"] == "amz-1.0"
    assert headers["content-type"] == "application/json; charset=UTF-8"
    assert headers["X-Amz-Date"] == "20270115T080000Z"
    signed = str(headers["Authorization"])
    assert "SignedHeaders=accept;content-encoding;content-type;host;x-amz-date" in signed


def test_no_value_is_in_the_repr() -> None:
    headers = sign(SignableRequest(URL, b"{}", "http"), KEYS, "eu-west-1", 1.8e9)
    assert "session-token" not in repr(headers)
    assert "Signature" not in repr(headers)
    assert access_key_of(headers) == "AKIAEXAMPLE"
    assert access_key_of({}) is None
    assert time_of(headers) == 1.8e9
    assert time_of({}) is time_of({"X-Amz-Date": "noon"}) is None


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (URL, "eu-west-1"),
        (URL.upper().replace("HTTPS", "https"), "eu-west-1"),
        ("https://x.appsync-api.cn-north-1.amazonaws.com.cn/graphql", "cn-north-1"),
        ("https://x.appsync-api.us-gov-west-1.amazonaws.com/graphql", "us-gov-west-1"),
        ("https://x.appsync-api.eusc-de-east-1.amazonaws.eu/graphql", "eusc-de-east-1"),
        ("wss://x.appsync-realtime-api.eu-west-1.amazonaws.com/graphql", "eu-west-1"),
        ("https://vpce-1-2.appsync-api.eu-west-1.vpce.amazonaws.com/graphql", "eu-west-1"),
        ("https://a.vpce-1-2.appsync-api.eu-west-1.vpce.amazonaws.com/graphql", "eu-west-1"),
        ("https://api.example.com/graphql", None),
        ("http://127.0.0.1:4000/graphql", None),
    ],
)
def test_the_region_is_in_the_host_name(url: str, region: str | None) -> None:
    assert region_of(url) == region
    assert urlsplit(url).path.lower() == "/graphql"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://API.example.com/graphql", "api.example.com"),
        ("https://api.example.com:443/graphql", "api.example.com"),
        ("http://api.example.com:443/graphql", "api.example.com:443"),
        ("http://127.0.0.1:4000/graphql", "127.0.0.1:4000"),
        ("http://[::1]:80/graphql", "[::1]"),
        ("http://[::1]:4000/graphql", "[::1]:4000"),
    ],
)
def test_the_host_is_what_an_http_client_sends(url: str, host: str) -> None:
    assert host_of(url) == host
    headers = sign(SignableRequest(url, b"{}", "connect"), KEYS, "eu-west-1", 1.8e9)
    assert headers["host"] == host


def test_headers_of_aws_are_signed_and_others_are_not() -> None:
    given = {"X-Amz-Meta": "1", "x-appsync-domain": "d", "x-other": "2", "Accept": "3"}
    assert aws_headers(given) == {"X-Amz-Meta": "1", "x-appsync-domain": "d"}
    headers = sign(SignableRequest(URL, b"{}", "http", given), KEYS, "eu-west-1", 1.8e9)
    signed = str(headers["Authorization"]).partition("SignedHeaders=")[2].partition(",")[0]
    assert signed == "content-type;host;x-amz-date;x-amz-meta;x-amz-security-token;x-appsync-domain"
    assert "x-other" not in headers


def test_what_headers_were_signed_with_and_when() -> None:
    headers = sign(SignableRequest(URL, b"{}", "http"), KEYS, "eu-west-1", 1_800_000_000.0)
    assert time_of(headers) == 1_800_000_000.0
    assert is_signed_with(headers, KEYS)
    assert not is_signed_with(headers, KEYS._replace(token="other"))
    assert not is_signed_with(headers, KEYS._replace(access_key="other"))
    assert time_of({}) is None
    assert time_of({"X-Amz-Date": "yesterday"}) is None
