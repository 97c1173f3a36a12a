from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


class Response(NamedTuple):
    status: int
    body: Any
    headers: http.client.HTTPMessage


def _send(emulator: Emulator, path: str, body: object, headers: dict[str, str]) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    host = urlsplit(emulator.cognito_url).netloc
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request("POST", path, raw, headers)
        got = connection.getresponse()
        text = got.read()
    finally:
        connection.close()
    is_json = "json" in (got.headers["Content-Type"] or "")
    return Response(got.status, json.loads(text) if is_json else text, got.headers)


@pytest.fixture
def post() -> Callable[..., Response]:
    """Send a query or a body to AppSync: ``post(emulator, query, token="…", X-Header="…")``."""

    def post(emulator: Emulator, what: object, token: str | None = None, **more: str) -> Response:
        body = {"query": what} if isinstance(what, str) else what
        headers = more | ({"Authorization": token} if token else {})
        return _send(emulator, "/graphql", body, headers)

    return post


@pytest.fixture
def call() -> Callable[..., Response]:
    """Send a Cognito call without boto3: ``call(emulator, "InitiateAuth", {…})``."""

    def call(emulator: Emulator, operation: str, body: object) -> Response:
        target = f"AWSCognitoIdentityProviderService.{operation}"
        return _send(emulator, "/", body, {"x-amz-target": target})

    return call


@pytest.fixture
def boto() -> Callable[[Emulator], CognitoIdentityProviderClient]:
    """A boto3 client that does not retry."""

    def boto(emulator: Emulator) -> CognitoIdentityProviderClient:
        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
        return boto3.client(
            "cognito-idp",
            region_name=emulator.region,
            endpoint_url=emulator.cognito_url,
            config=config,
        )

    return boto


@pytest.fixture
def server() -> Iterator[Emulator]:
    """An emulator without arguments, on a thread of its own."""
    with Emulator.in_thread() as emulator:
        yield emulator


@pytest.fixture
def python() -> Callable[[str], str]:
    """Run Python code in a process of its own; returns its output."""

    def python(code: str) -> str:
        outcome = subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout.strip()

    return python
