"""The behaviour of the AppSync simulator and its proxy, seen with gql's own transport."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError

from . import cognito_local as local

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .cognito_local import CognitoLocal
    from .expiry_proxy import ExpiryProxy
    from .simulator import Simulator

pytestmark = pytest.mark.peer("amplify-appsync-simulator")


@pytest.fixture
def token(cognito_local: CognitoLocal) -> str:
    return str(cognito_local.sign_in().access_token)


async def ask(url: str, document: str, token: str | None = None, **headers: str) -> Any:
    if token is not None:
        headers["Authorization"] = token
    async with Client(transport=AIOHTTPTransport(url, headers=headers, ssl=True)) as session:
        return await session.execute(gql(document))


async def refusal(url: str, document: str, token: str | None = None, **headers: str) -> Any:
    with pytest.raises(TransportQueryError) as caught:
        await ask(url, document, token, **headers)
    return caught.value


async def test_a_query_returns_data_of_the_user(appsync_simulator: Simulator, token: str) -> None:
    data = await ask(appsync_simulator.url, '{ me hello(name: "Ada") }', token)
    assert data == {"me": "ada", "hello": "Hello Ada"}


async def test_a_mutation_runs_as_often_as_it_is_sent_and_that_is_counted(
    appsync_simulator: Simulator, token: str
) -> None:
    key, other = str(uuid4()), str(uuid4())
    for times in (1, 2):
        data = await ask(appsync_simulator.url, f'mutation {{ add(key: "{key}") }}', token)
        assert data == {"add": times}
    assert await appsync_simulator.runs(key, other) == [2, 0]


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Missing authorization"),
        ({"Authorization": "nonsense"}, "Invalid JWT token"),
        ({"x-api-key": "nonsense"}, "Invalid API key"),
    ],
    ids=["a missing token", "a token that is no JWT", "a wrong API key"],
)
async def test_401_is_the_response_to(
    appsync_simulator: Simulator, headers: dict[str, str], message: str
) -> None:
    error = await refusal(appsync_simulator.url, "{ me }", **headers)
    assert error.errors == [
        {"errorType": "UnauthorizedException", "message": f"UnauthorizedException: {message}"}
    ]
    assert error.data is None


async def test_a_field_of_another_group_is_denied_and_the_other_fields_are_returned(
    appsync_simulator: Simulator, token: str
) -> None:
    error = await refusal(appsync_simulator.url, "{ me secret }", token)
    assert error.data == {"me": "ada", "secret": None}
    (denial,) = error.errors
    assert denial["errorType"] == "Unauthorized"
    assert denial["path"] == ["secret"]


async def test_a_field_that_is_not_for_api_keys_is_denied_to_one(
    appsync_simulator: Simulator,
) -> None:
    key = {"x-api-key": appsync_simulator.api_key}
    assert await ask(appsync_simulator.url, '{ runs(key: "none") }', **key) == {"runs": 0}
    error = await refusal(appsync_simulator.url, "{ me }", **key)
    assert error.errors[0]["errorType"] == "Unauthorized"


async def test_the_proxy_forwards_a_valid_token(proxy: ExpiryProxy, token: str) -> None:
    assert await ask(proxy.url, "{ me }", token) == {"me": "ada"}
    assert (proxy.requests, proxy.refused, proxy.tokens) == (1, 0, [token])


async def test_the_proxy_forwards_requests_without_a_jwt(proxy: ExpiryProxy) -> None:
    for sent in (None, "nonsense"):
        error = await refusal(proxy.url, "{ me }", sent)
        assert error.errors[0]["errorType"] == "UnauthorizedException"
    assert (proxy.requests, proxy.refused) == (2, 0)


async def test_the_proxy_refuses_a_token_that_has_expired_and_nothing_runs(
    proxy: ExpiryProxy,
    appsync_simulator: Simulator,
    cognito_local_client: CognitoIdentityProviderClient,
) -> None:
    pool = await asyncio.to_thread(local.new_pool, cognito_local_client, lifetime=1)
    tokens = await asyncio.to_thread(pool.sign_in)
    assert tokens.access is not None
    await asyncio.sleep(tokens.access.expires_at - time.time())
    key = str(uuid4())
    error = await refusal(proxy.url, f'mutation {{ add(key: "{key}") }}', str(tokens.access_token))
    assert error.errors == [{"errorType": "UnauthorizedException", "message": "Token has expired."}]
    assert (proxy.requests, proxy.refused) == (1, 1)
    assert await appsync_simulator.runs(key) == [0]
