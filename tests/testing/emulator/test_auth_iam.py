"""Requests signed with AWS credentials: botocore signs, the emulator verifies."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.appsync_auth import AppSyncIAMAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from multidict import CIMultiDict

from appsync_gql.testing import Emulator, FakeClock, IamCredentials
from appsync_gql.testing.emulator.auth_iam import IamMode
from appsync_gql.testing.emulator.authorization import AuthorizationFailed, AuthorizationRequest

KEY, SECRET, REGION = "AKIAEXAMPLE", "the secret access key", "us-east-1"
ME = "{ me { username } }"


@pytest.fixture
def clock() -> FakeClock:
    """The server's clock; botocore signs with the real time."""
    return FakeClock(wall=time.time())


@pytest.fixture
def mode(clock: FakeClock) -> IamMode:
    return IamMode({KEY: SECRET}, region=REGION, now=clock.wall)


def signed(
    credentials: IamCredentials | None = None,
    *,
    key: str = KEY,
    secret: str = SECRET,
    region: str = REGION,
    service: str = "appsync",
    url: str = "http://127.0.0.1/graphql",
    body: bytes = b"{}",
) -> dict[str, str]:
    """Return the headers that botocore signs."""
    used = Credentials(key, secret)
    if credentials is not None:
        used = Credentials(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        )
    request = AWSRequest(method="POST", url=url, data=body, headers={"content-type": "text/plain"})
    SigV4Auth(used, service, region).add_auth(request)
    return dict(request.headers.items())


def received(headers: dict[str, str], **more: Any) -> AuthorizationRequest:
    everything = CIMultiDict({"Host": "127.0.0.1", **headers})
    return AuthorizationRequest(headers=everything, **{"body": b"{}", **more})


async def error_of(mode: IamMode, headers: dict[str, str], **more: Any) -> tuple[str, int, str]:
    with pytest.raises(AuthorizationFailed) as caught:
        await mode.authorize(received(headers, **more))
    return caught.value.error_type, caught.value.status, caught.value.message


async def test_a_right_signature_is_accepted_and_the_caller_is_the_keys_owner(
    mode: IamMode,
) -> None:
    caller = await mode.authorize(received(signed()))
    assert caller.mode == "AWS_IAM"
    assert caller.claims["username"] == KEY
    assert caller.claims["userArn"] == f"arn:aws:iam::123456789012:user/{KEY}"
    assert "Authorization" not in caller.headers


@pytest.mark.parametrize(
    ("arguments", "error_type", "status", "text"),
    [
        ({"secret": "wrong"}, "BadRequestException", 400, "does not match the signature"),
        ({"body": b"{ }"}, "BadRequestException", 400, "does not match the signature"),
        (
            {"url": "http://127.0.0.1/graphql/connect"},
            "BadRequestException",
            400,
            "does not match the signature",
        ),
        ({"url": "http://other/graphql"}, "BadRequestException", 400, "does not match"),
        ({"key": "AKIAOTHER"}, "UnrecognizedClientException", 403, "is invalid."),
        ({"region": "eu-west-1"}, "BadRequestException", 400, "valid region, not 'eu-west-1'"),
        ({"service": "execute-api"}, "BadRequestException", 400, "service: 'appsync'"),
    ],
)
async def test_a_wrong_signature_is_refused(
    mode: IamMode, arguments: dict[str, Any], error_type: str, status: int, text: str
) -> None:
    found = await error_of(mode, signed(**arguments))
    assert found[:2] == (error_type, status)
    assert text in found[2]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "AWS4-HMAC-SHA256 nonsense", "X-Amz-Date": "20261126T000000Z"},
        {**signed(), "X-Amz-Date": "yesterday"},
        {k: v for k, v in signed().items() if k != "X-Amz-Date"},
        {**signed(), "Authorization": signed()["Authorization"].replace("host;", "")},
    ],
    ids=["no parts", "no timestamp", "no date", "host is not signed"],
)
async def test_an_incomplete_signature_is_refused(mode: IamMode, headers: dict[str, str]) -> None:
    found = await error_of(mode, headers)
    assert found[:2] == ("IncompleteSignatureException", 403)


async def test_the_date_of_the_scope_must_be_that_of_the_request(mode: IamMode) -> None:
    headers = signed()
    day = headers["X-Amz-Date"][:8]
    headers["Authorization"] = headers["Authorization"].replace(f"/{day}/", "/20200101/")
    assert "Date in Credential scope" in (await error_of(mode, headers))[2]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-310, "Signature not yet current: "),
        (-290, None),
        (0, None),
        (290, None),
        (310, "Signature expired: "),
    ],
)
async def test_the_clock_may_differ_by_five_minutes(
    mode: IamMode, clock: FakeClock, seconds: float, text: str | None
) -> None:
    headers = signed()
    clock.advance(seconds)
    if text is None:
        assert (await mode.authorize(received(headers))).mode == "AWS_IAM"
    else:
        found = await error_of(mode, headers)
        assert found[:2] == ("BadRequestException", 400)
        assert found[2].startswith(text + headers["X-Amz-Date"])
        assert "5 min.)" in found[2]


async def test_temporary_credentials_need_their_session_token_and_expire(
    mode: IamMode, clock: FakeClock
) -> None:
    issued = mode.issue(100, 0)
    assert (await mode.authorize(received(signed(issued)))).claims["username"].startswith("ASIA")
    for token in (None, "other"):
        changed = dataclasses.replace(issued, session_token=token)
        assert (await error_of(mode, signed(changed)))[0] == "UnrecognizedClientException"
    clock.advance(100)
    assert await error_of(mode, signed(issued)) == (
        "ExpiredTokenException",
        403,
        "The security token included in the request is expired",
    )


async def test_a_session_token_does_not_fit_the_key_of_a_user(mode: IamMode) -> None:
    credentials = IamCredentials(access_key_id=KEY, secret_access_key=SECRET, session_token="t")
    assert (await error_of(mode, signed(credentials)))[0] == "UnrecognizedClientException"


def test_credentials_show_no_secret(mode: IamMode) -> None:
    issued = mode.issue(100, 0)
    for secret in (issued.secret_access_key, issued.session_token):
        assert str(secret) not in repr(issued) + repr(dataclasses.asdict(issued))


@pytest.mark.parametrize("name", ["x-amz-user-agent", "X-AppSync-Domain"])
async def test_headers_of_aws_must_be_signed_where_they_are_sent(mode: IamMode, name: str) -> None:
    found = await error_of(mode, {**signed(), name: "value"})
    assert found[0] == "BadRequestException"
    assert name.lower() in found[2]
    assert (await mode.authorize(received({**signed(), "x-other": "value"}))).mode == "AWS_IAM"


async def test_the_claims_of_issued_credentials_are_those_that_were_asked_for(
    mode: IamMode,
) -> None:
    issued = mode.issue(100, 0, {"username": "AROA:ada"})
    assert (await mode.authorize(received(signed(issued)))).claims == {"username": "AROA:ada"}


def test_another_service_accepts_signatures_for_any_region_and_for_itself_only(
    mode: IamMode,
) -> None:
    headers = signed(service="sts", region="eu-west-1")
    assert mode.verified(received(headers), service="sts").access_key_id == KEY
    with pytest.raises(AuthorizationFailed, match="service: 'sts'"):
        mode.verified(received(signed()), service="sts")
    with pytest.raises(AuthorizationFailed, match="requires Credential"):
        mode.verified(received({}), service="sts")


@pytest.mark.parametrize(
    ("header", "recognized"),
    [("AWS4-HMAC-SHA256 x", True), ("Bearer x", False), ("", False), ("x.y.z", False)],
)
def test_the_mode_is_recognized_by_the_algorithm(
    mode: IamMode, header: str, *, recognized: bool
) -> None:
    assert mode.recognizes(received({"Authorization": header})) is recognized


# -- over sockets -------------------------------------------------------------------------


@pytest.fixture
def iam() -> Iterator[Emulator]:
    with Emulator.in_thread(iam_credentials={KEY: SECRET}) as emulator:
        yield emulator


def gql_auth(emulator: Emulator, credentials: Credentials | None = None) -> Any:
    return AppSyncIAMAuthentication(
        host=emulator.cognito_url.removeprefix("http://"),
        region_name=REGION,
        credentials=credentials or Credentials(KEY, SECRET),
    )


def test_a_signed_request_is_executed(iam: Emulator, post: Callable[..., Any]) -> None:
    body = json.dumps({"query": ME}).encode()
    headers = signed(url=iam.graphql_url, body=body)
    assert post(iam, body, **headers).body == {"data": {"me": {"username": KEY}}}
    status, refused, answered = post(iam, body + b" ", **headers)
    assert (status, answered["x-amzn-errortype"]) == (400, "BadRequestException")
    assert refused["errors"][0]["message"].startswith("The request signature we calculated")
    assert headers["Authorization"] not in repr(iam.requests)


def test_user_pool_tokens_are_accepted_beside_signatures(
    iam: Emulator, post: Callable[..., Any]
) -> None:
    token = str(iam.issue_tokens().access_token)
    assert post(iam, ME, token).body == {"data": {"me": {"username": "ada"}}}


def test_a_field_reserved_for_iam_is_denied_to_a_user_of_the_pool(
    post: Callable[..., Any],
) -> None:
    sdl = "type Query { a: Int @aws_iam b: Int @aws_cognito_user_pools }"
    resolvers = {"Query": {"a": lambda *_: 1, "b": lambda *_: 2}}
    with Emulator.in_thread(sdl, resolvers, iam_credentials={KEY: SECRET}) as emulator:
        body = json.dumps({"query": "{ a b }"}).encode()
        by_key = post(emulator, body, **signed(url=emulator.graphql_url, body=body)).body
        by_user = post(emulator, body, str(emulator.issue_tokens().access_token)).body
    assert by_key["data"] == {"a": 1, "b": None}
    assert by_user["data"] == {"a": None, "b": 2}


async def test_gqls_own_iam_authentication_is_accepted_over_http(iam: Emulator) -> None:
    transport = AIOHTTPTransport(iam.graphql_url, auth=gql_auth(iam), ssl=True)
    async with Client(transport=transport) as session:
        assert await session.execute(gql(ME)) == {"me": {"username": KEY}}


@pytest.mark.parametrize("temporary", [False, True])
async def test_gqls_own_iam_authentication_subscribes_over_real_time(
    iam: Emulator, *, temporary: bool
) -> None:
    credentials = None
    if temporary:
        issued = iam.issue_iam_credentials()
        credentials = Credentials(
            issued.access_key_id, issued.secret_access_key, issued.session_token
        )
    auth = gql_auth(iam, credentials)
    transport = AppSyncWebsocketsTransport(iam.realtime_url, auth=auth)
    async with Client(transport=transport) as session:
        events = session.subscribe(gql("subscription { onCreateItem { name } }"))
        first = asyncio.ensure_future(anext(events))
        while not iam.realtime.registrations:
            await asyncio.sleep(0.01)
        iam.realtime.publish("onCreateItem", {"id": "1", "name": "tea"})
        assert await asyncio.wait_for(first, 5) == {"onCreateItem": {"name": "tea"}}
        await events.aclose()


@pytest.mark.parametrize(
    ("secret", "path", "error"),
    [
        (SECRET, "/graphql/connect", None),
        ("wrong", "/graphql/connect", ("BadRequestException", 400)),
        (SECRET, "/graphql", ("BadRequestException", 400)),
    ],
)
async def test_the_signature_of_a_handshake_covers_the_path_connect_and_an_empty_object(
    iam: Emulator, secret: str, path: str, error: tuple[str, int] | None
) -> None:
    host = "example.appsync-api.us-east-1.amazonaws.com"
    headers = {"host": host, **signed(secret=secret, url=f"https://{host}{path}", body=b"{}")}
    encoded = base64.urlsafe_b64encode(json.dumps(headers).encode()).decode().rstrip("=")
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(
            iam.realtime_url, protocols=["graphql-ws", f"header-{encoded}"]
        ) as socket,
    ):
        await socket.send_json({"type": "connection_init"})
        frame = await socket.receive_json(timeout=5)
    if error is None:
        assert frame["type"] == "connection_ack"
    else:
        (found,) = frame["payload"]["errors"]
        assert (found["errorType"], found["errorCode"]) == error
        assert iam.counters["realtime.refused"] == 1


def test_without_the_mode_no_credentials_are_issued(server: Emulator) -> None:
    with pytest.raises(RuntimeError, match="iam_credentials"):
        server.issue_iam_credentials()
