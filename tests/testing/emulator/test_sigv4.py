"""Signatures are equal to those of botocore, an independent implementation."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict

from appsync_gql.testing.emulator.authorization import AuthorizationRequest
from appsync_gql.testing.emulator.sigv4 import SignatureHeader, expected_signature, parse_header

HOST = "https://example.appsync-api.eu-west-1.amazonaws.com"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HEADER = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261126/eu-west-1/appsync/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=abc"
)


def signed_by_botocore(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    method: str = "POST",
    token: str | None = None,
) -> AuthorizationRequest:
    request = AWSRequest(method=method, url=url, data=body, headers={**headers})
    SigV4Auth(Credentials("AKIDEXAMPLE", SECRET, token), "appsync", "eu-west-1").add_auth(request)
    parts = urlsplit(url)
    return AuthorizationRequest(
        headers=CIMultiDict({"Host": parts.netloc, **dict(request.headers.items())}),
        path=parts.path,
        query=parts.query,
        method=method,
        body=body,
    )


def recomputed(request: AuthorizationRequest, secret: str = SECRET) -> tuple[str, str]:
    header = parse_header(request.headers["Authorization"])
    assert header is not None
    timestamp = request.headers["X-Amz-Date"]
    return expected_signature(request, header, secret, timestamp), header.signature


@pytest.mark.parametrize(
    ("url", "body", "headers", "more"),
    [
        (f"{HOST}/graphql", b'{"query":"{ me { username } }"}', {}, {}),
        (f"{HOST}/graphql", b"", {"Content-Type": "application/json"}, {}),
        (f"{HOST}/graphql/connect", b"{}", {"accept": "application/json, text/javascript"}, {}),
        (f"{HOST}/graphql", '{"query":"é"}'.encode(), {"X-Note": "  two   spaces "}, {}),
        (f"{HOST}/graphql", b"{}", {"x-amz-user-agent": "aws-amplify/6"}, {"token": "T/+=="}),
        ("http://127.0.0.1:20002/graphql", b"{}", {}, {}),
        (f"{HOST}/graphql?b=2&a=1&a=0&c=", b"", {}, {"method": "GET"}),
        (f"{HOST}/graphql?query=%7B%20me%20%7D", b"", {}, {"method": "GET"}),
    ],
)
def test_the_signature_of_botocore_is_recomputed(
    url: str, body: bytes, headers: dict[str, str], more: dict[str, Any]
) -> None:
    ours, theirs = recomputed(signed_by_botocore(url, body, headers, **more))
    assert ours == theirs


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{ }"},
        {"path": "/graphql/connect"},
        {"query": "a=1"},
        {"method": "GET"},
        {"headers": {"Host": "other.example.com"}},
        {"headers": {"X-Note": "other"}},
        {"headers": {"X-Amz-Security-Token": "other"}},
    ],
)
def test_every_signed_part_of_a_request_changes_the_signature(change: dict[str, Any]) -> None:
    request = signed_by_botocore(f"{HOST}/graphql", b"{}", {"X-Note": "x"}, token="t")
    if "headers" in change:
        changed: CIMultiDict[str] = CIMultiDict(request.headers)
        changed.update(change["headers"])
        change = {"headers": changed}
    parts = {
        name: getattr(request, name) for name in ("headers", "path", "query", "method", "body")
    }
    ours, theirs = recomputed(AuthorizationRequest(**{**parts, **change}))
    assert ours != theirs


def test_another_secret_makes_another_signature() -> None:
    request = signed_by_botocore(f"{HOST}/graphql", b"{}", {})
    assert recomputed(request, "other")[0] != recomputed(request)[1]


def test_a_header_that_is_not_signed_does_not_matter() -> None:
    request = signed_by_botocore(f"{HOST}/graphql", b"{}", {})
    request.headers["X-App"] = "x"  # type: ignore[index]
    ours, theirs = recomputed(request)
    assert ours == theirs


def test_the_example_of_the_documentation() -> None:
    """``get-vanilla`` of AWS's test suite for Signature Version 4."""
    header = SignatureHeader(
        "AKIDEXAMPLE", "20150830", "us-east-1", "service", ("host", "x-amz-date"), ""
    )
    request = AuthorizationRequest(
        headers=CIMultiDict({"Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z"}),
        path="/",
        method="GET",
    )
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    assert expected_signature(request, header, secret, "20150830T123600Z") == (
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


def test_a_header_is_parsed_with_and_without_spaces_between_its_parts() -> None:
    parsed = parse_header(HEADER)
    assert parsed == SignatureHeader(
        "AKIDEXAMPLE", "20261126", "eu-west-1", "appsync", ("host", "x-amz-date"), "abc"
    )
    assert parse_header(HEADER.replace(", ", ",")) == parsed
    assert parsed is not None
    assert parsed.scope == "20261126/eu-west-1/appsync/aws4_request"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer x",
        "AWS4-HMAC-SHA256",
        HEADER.replace("Credential", "Other"),
        HEADER.replace("Signature=abc", "Signature="),
        HEADER.replace("SignedHeaders=host;x-amz-date", "SignedHeaders="),
        HEADER.replace("/appsync", ""),
        HEADER.replace("aws4_request", "aws5_request"),
    ],
)
def test_an_incomplete_header_is_not_parsed(header: str) -> None:
    assert parse_header(header) is None
