"""The emulator answers as AppSync does, message by message."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import jwt
import pytest

from appsync_gql.testing import Emulator, ResolverError
from appsync_gql.testing.emulator.cognito_error import CognitoError


async def post(emulator: Emulator, body: Any, **headers: str) -> tuple[int, dict[str, Any], Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(emulator.graphql_url, data=raw, headers=headers) as answer,
    ):
        return answer.status, await answer.json(), answer.headers


def query(text: str, **variables: Any) -> dict[str, Any]:
    return {"query": text, "variables": variables}


def token(emulator: Emulator, **more: Any) -> str:
    return str(emulator.issue_tokens(**more).access_token)


@pytest.fixture
async def emulator_with_key() -> Any:
    async with Emulator(api_keys=["da2-key"]) as emulator:
        yield emulator


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("none", "Valid authorization header not provided."),
        ("expired", "Token has expired."),
        ("garbage", "Unable to parse JWT token."),
        ("bearer", "Unable to parse JWT token."),
        ("forged", "Valid authorization header not provided."),
        ("other client", "Valid authorization header not provided."),
        ("wrong key", "You are not authorized to make this call."),
    ],
)
async def test_who_may_not_come_in_is_refused_before_anything_runs(
    emulator_with_key: Emulator, header: str, message: str
) -> None:
    emulator = emulator_with_key
    other = Emulator()
    other._pool.client_id = "other"
    headers = {
        "none": {},
        "expired": {"Authorization": token(emulator, issued_ago=3600)},
        "garbage": {"Authorization": "garbage"},
        "bearer": {"Authorization": f"Bearer {token(emulator)}"},
        "forged": {"Authorization": emulator.forge_token()},
        "other client": {"Authorization": token(other)},
        "wrong key": {"x-api-key": "da2-other"},
    }[header]
    text = 'mutation { createItem(key: "k", name: "n") { id } }'
    status, body, answered = await post(emulator, query(text), **headers)
    assert status == 401
    assert body == {"errors": [{"errorType": "UnauthorizedException", "message": message}]}
    assert answered["x-amzn-errortype"] == "UnauthorizedException"
    assert answered["x-amzn-RequestId"]
    assert not emulator.executions


@pytest.mark.parametrize("use", ["access_token", "id_token"])
async def test_access_and_id_tokens_are_both_accepted(emulator: Emulator, use: str) -> None:
    raw = str(getattr(emulator.issue_tokens(), use))
    status, body, _ = await post(emulator, query("{ me { username } }"), Authorization=raw)
    assert (status, body) == (200, {"data": {"me": {"username": "ada"}}})


async def test_an_api_key_opens_what_is_not_reserved_for_the_user_pool(
    emulator_with_key: Emulator,
) -> None:
    headers = {"x-api-key": "da2-key"}
    _, body, _ = await post(emulator_with_key, query("{ item(id: 1) { name } secret }"), **headers)
    assert body["data"] == {"item": {"name": "item 1"}, "secret": None}
    assert body["errors"][0]["errorType"] == "Unauthorized"


async def test_a_field_for_a_group_is_denied_to_others_at_its_path(emulator: Emulator) -> None:
    text = 'mutation { createItem(key: "k", name: "n") { id } deleteEverything }'
    status, body, _ = await post(emulator, query(text), Authorization=token(emulator))
    assert status == 200
    assert body["data"] == {"createItem": {"id": "k"}, "deleteEverything": None}
    (error,) = body["errors"]
    assert error["errorType"] == "Unauthorized"
    assert error["path"] == ["deleteEverything"]
    assert error["message"] == "Not Authorized to access deleteEverything on type Mutation"
    assert emulator.executions == {"k": 1}
    emulator.set_groups("ada", ["Admins"])
    _, body, _ = await post(emulator, query("{ secret }"), Authorization=token(emulator))
    assert body == {"data": {"secret": "the cake is real"}}


@pytest.mark.parametrize(
    ("raw", "status", "error_type", "message"),
    [
        (b"", 400, "MalformedHttpRequestException", "Request body is empty."),
        (b"meow", 400, "MalformedHttpRequestException", "Unable to parse GraphQL query."),
        (b"{}", 400, "MalformedHttpRequestException", "Unable to parse GraphQL query."),
        (b"[]", 400, "MalformedHttpRequestException", "Unable to parse GraphQL query."),
        (b'[{"query": "{ me { username } }"}]', 400, "MalformedHttpRequestException", None),
        (b'{"query": "{ nope }"}', 200, None, "Validation error of type FieldUndefined"),
        (b'{"query": "{ me"}', 200, None, "Validation error of type InvalidSyntax"),
        (
            b'{"query": "subscription { onCreateItem { id } }"}',
            200,
            "OperationNotSupported",
            None,
        ),
    ],
)
async def test_bodies_that_can_not_be_executed(
    emulator: Emulator, raw: bytes, status: int, error_type: str | None, message: str | None
) -> None:
    got, body, _ = await post(emulator, raw, Authorization=token(emulator))
    error = body["errors"][0]
    assert (got, error.get("errorType")) == (status, error_type)
    assert message is None or error["message"].startswith(message)


async def test_a_schema_of_ones_own_with_async_resolvers_and_typed_errors() -> None:
    schema = """
    type Query { when: AWSDateTime fail: Int crash: Int keep: Int @aws_subscribe(mutations: []) }
    """

    async def when(*_: Any) -> str:
        return "2026-01-01T00:00:00Z"

    def fail(*_: Any) -> None:
        raise ResolverError("no", "Custom:Error", {"code": 7})

    def crash(*_: Any) -> None:
        raise KeyError("x")

    resolvers = {"Query": {"when": when, "fail": fail, "crash": crash}}
    async with Emulator(schema, resolvers) as emulator:
        _, body, _ = await post(
            emulator, query("{ when fail crash }"), Authorization=token(emulator)
        )
    assert body["data"] == {"when": "2026-01-01T00:00:00Z", "fail": None, "crash": None}
    found = {e["path"][0]: (e["errorType"], e["errorInfo"]) for e in body["errors"]}
    assert found == {"fail": ("Custom:Error", {"code": 7}), "crash": ("Lambda:Unhandled", None)}


async def test_the_clock_can_be_shifted_and_shows_in_date_and_expiry(emulator: Emulator) -> None:
    raw = token(emulator)
    emulator.shift_clock(3599)
    status, _, headers = await post(emulator, query("{ me { username } }"), Authorization=raw)
    assert status == 200
    emulator.shift_clock(2)
    status, _, later = await post(emulator, query("{ me { username } }"), Authorization=raw)
    assert status == 401
    assert headers["Date"] != later["Date"]


async def test_get_works_for_queries(emulator: Emulator) -> None:
    async with (
        aiohttp.ClientSession(headers={"Authorization": token(emulator)}) as session,
        session.get(emulator.graphql_url, params={"query": "{ me { username } }"}) as answer,
    ):
        assert await answer.json() == {"data": {"me": {"username": "ada"}}}


async def test_tokens_verify_with_the_published_keys(emulator: Emulator) -> None:
    url = f"{emulator.cognito_url}/{emulator.user_pool_id}/.well-known/jwks.json"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        keys = jwt.PyJWKSet.from_dict(await answer.json())
    raw = token(emulator)
    key = next(k for k in keys.keys if k.key_id == jwt.get_unverified_header(raw)["kid"])
    claims = jwt.decode(raw, key.key, ["RS256"])
    assert claims["iss"] == emulator.issuer
    assert (claims["client_id"], claims["token_use"]) == (emulator.client_id, "access")


async def test_requests_are_recorded_without_their_tokens(emulator: Emulator) -> None:
    raw = token(emulator)
    for _ in range(2):
        await post(
            emulator, query("query Q($id: ID!) { item(id: $id) { id } }", id="1"), Authorization=raw
        )
    first, second = emulator.requests
    assert first.token == second.token
    assert first.operation == "query"
    assert first.variables == {"id": "1"}
    assert raw not in repr(emulator.requests)
    assert raw not in str([r.headers for r in emulator.requests])


def test_it_runs_on_a_thread_of_its_own(appsync_emulator: Emulator) -> None:
    """The pytest plugin's fixture."""
    assert appsync_emulator.graphql_url.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken_is_told_to_the_thread_that_asked() -> None:
    with Emulator.in_thread() as first:
        port = int(first.cognito_url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="address"), Emulator.in_thread(port=port):
            pass


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"grace_period": 61}, "grace_period"),
        ({"token_lifetime": 0}, "second"),
        ({"schema": "type Query { a: Int }", "resolvers": {"Query": {"b": len}}}, "Query.b"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Emulator(**arguments)
    with pytest.raises(KeyError, match="add_user"):
        Emulator().issue_tokens("nobody")
    with pytest.raises(ValueError, match="at least once"):
        Emulator().faults.refuse(0)


def test_reuse_of_a_retired_refresh_token_revokes_all_that_came_of_it() -> None:
    emulator = Emulator(rotation=True)
    first = str(emulator.issue_tokens().refresh_token)

    def refresh(refresh_token: str) -> str:
        body = {"ClientId": emulator.client_id, "RefreshToken": refresh_token}
        answer = emulator._pool.call("GetTokensFromRefreshToken", body)
        return str(answer["AuthenticationResult"]["RefreshToken"])

    second = refresh(first)
    with pytest.raises(CognitoError, match="reuse"):
        refresh(first)
    with pytest.raises(CognitoError, match="revoked"):
        refresh(second)
    assert emulator.counters["reuse"] == 1
