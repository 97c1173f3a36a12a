"""gql's IAM object signs exactly what arrives: botocore computes the same signature again."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gql import Client, GraphQLRequest
from gql.transport.appsync_auth import AppSyncIAMAuthentication

from appsync_gql import AppSyncTransport, Refused, ServerFailed
from support.http import MUTATION, QUERY, numbered
from support.raw_server import RawServer, raw_server

HOST = "example.appsync-api.eu-west-1.amazonaws.com"
CREDENTIALS = Credentials("AKIDEXAMPLE", "the secret key", "the session token")


def signature_of(server: RawServer) -> str:
    """Return the signature that AWS would expect for the last request."""
    at = server.header("x-amz-date")
    authorization = server.header("authorization")
    assert at is not None
    assert authorization is not None
    signed = authorization.split("SignedHeaders=")[1].split(",")[0].split(";")
    headers = {name: str(server.header(name)) for name in signed}
    url = f"https://{server.header('host')}/graphql"
    request = AWSRequest("POST", url, headers=headers, data=server.bodies[-1])
    request.context["timestamp"] = at
    signer = SigV4Auth(CREDENTIALS, "appsync", "eu-west-1")
    canonical = signer.canonical_request(request)
    return str(signer.signature(signer.string_to_sign(request, canonical), request))


def transport(server: RawServer, **more: Any) -> AppSyncTransport:
    auth = AppSyncIAMAuthentication(HOST, credentials=CREDENTIALS)
    return AppSyncTransport(server.url, auth=auth, **more)


@pytest.mark.parametrize(
    "request_",
    [QUERY, numbered(MUTATION, 3), GraphQLRequest("{ a }", variable_values={"ü": "✓", "n": 1.5})],
    ids=["no variables", "a mutation", "other characters"],
)
@pytest.mark.parametrize("extra_args", [{}, {"headers": {"accept": "text/x", "x-trace": "t"}}])
async def test_the_signature_is_that_of_the_request_that_arrives(
    request_: GraphQLRequest, extra_args: dict[str, Any]
) -> None:
    async with raw_server() as server, Client(transport=transport(server)) as session:
        await session.execute(request_, extra_args=extra_args)
        assert server.header("host") == HOST
        assert server.header("x-amz-security-token") == "the session token"
        authorization = server.header("authorization")
        assert authorization is not None
        assert authorization.endswith(f"Signature={signature_of(server)}")
        if extra_args:
            assert server.header("x-trace") == "t"


async def test_with_a_serializer_of_the_callers_own_that_body_is_signed() -> None:
    def own(value: Any) -> str:
        return json.dumps(value, indent=3)

    async with (
        raw_server() as server,
        Client(transport=transport(server, json_serialize=own)) as session,
    ):
        await session.execute(QUERY)
        assert b"\n   " in server.bodies[-1]
        authorization = server.header("authorization")
        assert authorization is not None
        assert authorization.endswith(f"Signature={signature_of(server)}")


async def test_the_signature_is_of_this_moment() -> None:
    async with raw_server() as server, Client(transport=transport(server)) as session:
        await session.execute(QUERY)
        at = dt.datetime.strptime(f"{server.header('x-amz-date')}+0000", "%Y%m%dT%H%M%SZ%z")
        assert abs((dt.datetime.now(dt.timezone.utc) - at).total_seconds()) < 60


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            "403 Forbidden",
            b'{"errors":[{"errorType":"UnrecognizedClientException","message":"no"}]}',
            Refused,
        ),
        ("503 Unavailable", b"<html>", ServerFailed),
    ],
)
async def test_the_errors_are_those_of_every_authorization_mode(
    status: str, body: bytes, kind: type[Exception]
) -> None:
    async with (
        raw_server(status=status, answer=body) as server,
        Client(transport=transport(server)) as session,
    ):
        with pytest.raises(kind):
            await session.execute(QUERY)
        assert len(server.bodies) == 1, "it has no newer credentials"


async def test_the_body_is_signed_once_for_each_request_of_a_batch() -> None:
    async with raw_server() as server:
        mine = transport(server)
        await mine.connect()
        await mine.execute_batch([numbered(QUERY, n) for n in range(3)])
        await mine.close()
        authorization = server.header("authorization")
        assert authorization is not None
        assert authorization.endswith(f"Signature={signature_of(server)}")
