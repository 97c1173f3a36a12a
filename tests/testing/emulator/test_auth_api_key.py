"""API keys that expire, on HTTP and real-time."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict

from appsync_gql.testing import Emulator, FakeClock
from appsync_gql.testing.emulator.auth_api_key import ApiKeyMode
from appsync_gql.testing.emulator.authorization import AuthorizationFailed, AuthorizationRequest

WRONG = ("UnauthorizedException", "You are not authorized to make this call.", 401)


def request(**headers: str) -> AuthorizationRequest:
    return AuthorizationRequest(headers=CIMultiDict(headers))


@pytest.mark.parametrize(
    ("key", "seconds", "accepted"),
    [
        ("da2-hour", 0, True),
        ("da2-hour", 3599, True),
        ("da2-hour", 3600, False),
        ("da2-ever", 10**9, True),
        ("da2-other", 0, False),
        ("", 0, False),
    ],
)
async def test_a_key_is_accepted_until_it_expires(
    clock: FakeClock, key: str, seconds: float, *, accepted: bool
) -> None:
    keys = {"da2-hour": clock.wall() + 3600, "da2-ever": None}
    mode = ApiKeyMode(keys, now=clock.wall)
    clock.advance(seconds)
    wanted = request(**{"X-API-Key": key})
    if accepted:
        assert (await mode.authorize(wanted)).mode == "API_KEY"
        return
    with pytest.raises(AuthorizationFailed) as caught:
        await mode.authorize(wanted)
    assert (caught.value.error_type, caught.value.message, caught.value.status) == WRONG


@pytest.mark.parametrize(
    ("headers", "recognized"),
    [
        ({"x-api-key": "k"}, True),
        ({"x-api-key": "k", "Authorization": ""}, True),
        ({"x-api-key": "k", "Authorization": "t"}, False),
        ({"Authorization": "t"}, False),
        ({}, False),
    ],
)
def test_the_mode_is_recognized_by_a_key_without_authorization(
    clock: FakeClock, headers: dict[str, str], *, recognized: bool
) -> None:
    assert ApiKeyMode(["k"], now=clock.wall).recognizes(request(**headers)) is recognized


def test_one_string_is_not_taken_for_a_collection_of_keys(clock: FakeClock) -> None:
    with pytest.raises(TypeError, match="in a list"):
        ApiKeyMode("da2-key", now=clock.wall)


def test_an_expired_key_is_refused_over_http(post: Callable[..., Any]) -> None:
    with Emulator.in_thread(api_keys={"da2-key": time.time() + 60}) as emulator:
        query, key = "{ item(id: 1) { name } }", {"x-api-key": "da2-key"}
        assert post(emulator, query, **key).status == 200
        emulator.shift_clock(60)
        status, body, headers = post(emulator, query, **key)
    assert (status, headers["x-amzn-errortype"]) == (401, "UnauthorizedException")
    assert body == {"errors": [{"errorType": WRONG[0], "message": WRONG[1]}]}


async def test_an_expired_key_is_refused_on_real_time() -> None:
    async with Emulator(api_keys={"da2-key": 1.0, "da2-ever": None}) as emulator:
        for key in ("da2-key", "da2-ever"):
            text = json.dumps({"host": "example.com", "x-api-key": key}).encode()
            encoded = base64.urlsafe_b64encode(text).decode().rstrip("=")
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(
                    emulator.realtime_url, protocols=["graphql-ws", f"header-{encoded}"]
                ) as socket,
            ):
                await socket.send_json({"type": "connection_init"})
                message = await socket.receive_json(timeout=5)
                if key == "da2-ever":
                    assert message["type"] == "connection_ack"
                    continue
                assert message["payload"]["errors"] == [
                    {"errorType": WRONG[0], "message": WRONG[1], "errorCode": WRONG[2]}
                ]
