"""Tokens of an OpenID Connect issuer."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from gql import Client, gql
from gql.transport.appsync_auth import AppSyncJWTAuthentication
from gql.transport.appsync_websockets import AppSyncWebsocketsTransport
from multidict import CIMultiDict

from appsync_gql.testing import Emulator, FakeClock
from appsync_gql.testing.emulator.auth_oidc import OidcMode
from appsync_gql.testing.emulator.authorization import AuthorizationFailed, AuthorizationRequest
from appsync_gql.testing.emulator.token_signing import sign_token

ISSUER = "https://login.example.com"
ME = "{ me { username } }"


@pytest.fixture
def mode(clock: FakeClock) -> OidcMode:
    return OidcMode(ISSUER, now=clock.wall)


@pytest.fixture
def oidc() -> Iterator[Emulator]:
    with Emulator.in_thread(oidc_issuer=ISSUER) as emulator:
        yield emulator


def request(token: str) -> AuthorizationRequest:
    return AuthorizationRequest(headers=CIMultiDict({"authorization": token}))


async def test_a_token_of_the_issuer_is_accepted(mode: OidcMode) -> None:
    caller = await mode.authorize(request(mode.issue("ada", 60, 0, {"tenant": "t1"})))
    assert caller.mode == "OPENID_CONNECT"
    assert (caller.claims["sub"], caller.claims["tenant"]) == ("ada", "t1")


@pytest.mark.parametrize(("seconds", "accepted"), [(0, True), (59, True), (60, False)])
async def test_a_token_is_accepted_until_it_expires(
    mode: OidcMode, clock: FakeClock, seconds: float, *, accepted: bool
) -> None:
    token = mode.issue("ada", 60, 0, {})
    clock.advance(seconds)
    if accepted:
        assert (await mode.authorize(request(token))).claims["sub"] == "ada"
    else:
        with pytest.raises(AuthorizationFailed, match=r"Token has expired\."):
            await mode.authorize(request(token))


async def test_a_token_that_another_key_signed_is_refused(mode: OidcMode, clock: FakeClock) -> None:
    forged = sign_token({"iss": ISSUER, "exp": clock.wall() + 60}, owner="forger")
    assert mode.recognizes(request(forged))
    with pytest.raises(AuthorizationFailed, match="Valid authorization header not provided"):
        await mode.authorize(request(forged))


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", sign_token({"iss": "https://other"})])
def test_a_token_of_another_issuer_is_not_of_this_mode(mode: OidcMode, token: str) -> None:
    assert not mode.recognizes(request(token))


def test_both_kinds_of_tokens_are_accepted_over_http(
    oidc: Emulator, post: Callable[..., Any]
) -> None:
    assert post(oidc, ME, oidc.issue_oidc_token("grace")).body["data"]["me"]["username"] == "grace"
    token = str(oidc.issue_tokens().access_token)
    assert post(oidc, ME, token).body["data"]["me"]["username"] == "ada"
    expired = post(oidc, ME, oidc.issue_oidc_token(issued_ago=3600))
    assert (expired.status, expired.body["errors"][0]["message"]) == (401, "Token has expired.")


async def test_a_token_is_accepted_on_real_time(oidc: Emulator) -> None:
    auth = AppSyncJWTAuthentication(host="example.com", jwt=oidc.issue_oidc_token())
    async with Client(
        transport=AppSyncWebsocketsTransport(oidc.realtime_url, auth=auth)
    ) as session:
        events = session.subscribe(gql("subscription { onCreateItem { name } }"))
        first = asyncio.ensure_future(anext(events))
        while not oidc.realtime.registrations:
            await asyncio.sleep(0.01)
        oidc.realtime.publish("onCreateItem", {"id": "1", "name": "tea"})
        assert await asyncio.wait_for(first, 5) == {"onCreateItem": {"name": "tea"}}
        await events.aclose()


def get(emulator: Emulator, url: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(emulator.cognito_url).netloc, timeout=20)
    connection.request("GET", urlsplit(url).path)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if response.status == 200 else None


def test_tokens_verify_with_the_published_keys(oidc: Emulator) -> None:
    _, document = get(oidc, f"{oidc.oidc_url}/.well-known/openid-configuration")
    assert document["issuer"] == ISSUER
    _, keys = get(oidc, document["jwks_uri"])
    key = jwt.PyJWKSet.from_dict(keys).keys[0].key
    claims = jwt.decode(oidc.issue_oidc_token(), key, ["RS256"], audience="emulator-oidc-client")
    assert claims["iss"] == ISSUER
    assert get(oidc, f"{oidc.oidc_url}/.well-known/other")[0] == 404


def test_without_the_mode_there_is_no_issuer(server: Emulator) -> None:
    assert get(server, f"{server.oidc_url}/.well-known/openid-configuration")[0] == 404
    with pytest.raises(RuntimeError, match="oidc_issuer"):
        server.issue_oidc_token()
