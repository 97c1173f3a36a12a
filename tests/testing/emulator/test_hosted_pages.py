"""The hosted pages and OAuth endpoints, with plain requests."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from appsync_gql.testing import Emulator

BACK = "http://127.0.0.1:1/"
VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)


@pytest.fixture
async def http(server: Emulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.cognito_url) as session:
        yield session


def query(server: Emulator, **change: str) -> dict[str, str]:
    return {
        "client_id": server.client_id,
        "response_type": "code",
        "redirect_uri": BACK,
        "state": "st4te",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **change,
    }


async def code_for(server: Emulator, http: aiohttp.ClientSession) -> str:
    form = {**query(server), "username": "ada", "password": "correct horse"}
    async with http.post("/login", data=form, allow_redirects=False) as response:
        assert response.status == 302
        found = parse_qs(urlsplit(response.headers["Location"]).query)
    assert found["state"] == ["st4te"]
    return found["code"][0]


async def token(http: aiohttp.ClientSession, form: dict[str, str]) -> tuple[int, Any]:
    async with http.post("/oauth2/token", data=form) as response:
        return response.status, await response.json()


def token_form(server: Emulator, code: str, **change: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": server.client_id,
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **change,
    }


async def test_authorize_leads_to_the_form(server: Emulator, http: aiohttp.ClientSession) -> None:
    async with http.get("/oauth2/authorize", params=query(server)) as response:
        assert response.url.path == "/login"
        assert 'name="state" value="st4te"' in await response.text()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_id": "other"}, 400),
        ({"redirect_uri": ""}, 400),
        ({"response_type": "token"}, 302),
        ({"code_challenge_method": "plain"}, 302),
    ],
)
async def test_a_wrong_request_is_refused(
    server: Emulator, http: aiohttp.ClientSession, change: dict[str, str], status: int
) -> None:
    params = query(server, **change)
    async with http.get("/oauth2/authorize", params=params, allow_redirects=False) as response:
        assert response.status == status
        if status == 302:
            assert "error=invalid_request" in response.headers["Location"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"username": "ada", "password": "wrong"}, "Incorrect username or password."),
        ({"username": "<b>", "password": ""}, "Incorrect username or password."),
        ({"username": "grace", "password": "pw"}, "more than a password"),
    ],
)
async def test_the_form_says_what_is_wrong(
    server: Emulator, http: aiohttp.ClientSession, given: dict[str, str], text: str
) -> None:
    server.add_user("grace", "pw", mfa_code="123456")
    async with http.post("/login", data={**query(server), **given}) as response:
        assert text in await response.text()


async def test_a_code_brings_tokens_once_and_they_can_be_revoked(
    server: Emulator, http: aiohttp.ClientSession
) -> None:
    form = token_form(server, await code_for(server, http))
    status, tokens = await token(http, form)
    assert (status, tokens["token_type"]) == (200, "Bearer")
    assert await token(http, form) == (400, {"error": "invalid_grant"})
    revoked = {"client_id": server.client_id, "token": tokens["refresh_token"]}
    async with http.post("/oauth2/revoke", data=revoked) as response:
        assert response.status == 200
    async with http.post("/oauth2/revoke", data={"client_id": "other"}) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": "wrong"}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:2/"}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_client"),
        ({"client_secret": "any"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_every_part_of_a_token_request_is_checked(
    server: Emulator, http: aiohttp.ClientSession, change: dict[str, str], error: str
) -> None:
    form = token_form(server, await code_for(server, http), **change)
    assert await token(http, form) == (400, {"error": error})


async def test_a_code_expires(server: Emulator, http: aiohttp.ClientSession) -> None:
    form = token_form(server, await code_for(server, http))
    server.shift_clock(300)
    assert await token(http, form) == (400, {"error": "invalid_grant"})


async def test_logout_goes_where_it_is_told(http: aiohttp.ClientSession) -> None:
    params = {"logout_uri": BACK}
    async with http.get("/logout", params=params, allow_redirects=False) as response:
        assert response.headers["Location"] == BACK
    async with http.get("/logout") as response:
        assert await response.text() == "Signed out."
