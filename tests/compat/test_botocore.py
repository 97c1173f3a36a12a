"""Fails when an undocumented part of botocore changes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from botocore.credentials import Credentials, ReadOnlyCredentials, RefreshableCredentials

from appsync_gql.compat.botocore import add_sigv4, expiry_of


def test_a_signature_is_of_the_time_that_is_passed() -> None:
    headers = add_sigv4(
        "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql",
        b'{"query": "{ a }"}',
        headers={"content-type": "application/json"},
        credentials=ReadOnlyCredentials("AKID", "secret", "token"),
        region="eu-west-1",
        timestamp="20261126T120000Z",
    )
    assert headers["X-Amz-Date"] == "20261126T120000Z"
    assert headers["X-Amz-Security-Token"] == "token"
    scope = "Credential=AKID/20261126/eu-west-1/appsync/aws4_request"
    assert headers["Authorization"].startswith(f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=")


def test_the_signature_covers_body_and_time() -> None:
    def signature(body: bytes, timestamp: str) -> str:
        return add_sigv4(
            "https://localhost/graphql",
            body,
            headers={},
            credentials=ReadOnlyCredentials("AKID", "secret", None),
            region="eu-west-1",
            timestamp=timestamp,
        )["Authorization"].rpartition("Signature=")[2]

    first = signature(b"1", "20261126T120000Z")
    assert signature(b"1", "20261126T120000Z") == first
    assert signature(b"2", "20261126T120000Z") != first
    assert signature(b"1", "20261126T120001Z") != first


def test_refreshable_credentials_have_an_expiry_in_seconds() -> None:
    expires = datetime.now(timezone.utc) + timedelta(hours=1)
    credentials = RefreshableCredentials("AKID", "secret", "token", expires, dict, "test")
    assert expiry_of(credentials) == expires.timestamp()


def test_static_credentials_never_expire() -> None:
    assert expiry_of(Credentials("AKID", "secret")) is None
