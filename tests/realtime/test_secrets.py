"""Tokens are shown nowhere."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from gql.transport.exceptions import TransportError

from appsync_gql import (
    BadRequest,
    RealtimeSettings,
    Refused,
)
from appsync_gql.testing import Emulator
from support.realtime import (
    CREATED,
    Server,
    User,
    connected,
    connected_by_key,
    next_result,
    send_error,
)


async def test_no_token_is_logged_or_shown_in_an_error(
    emulator: Emulator, settings: RealtimeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = emulator.issue_tokens()
    secret = str(tokens.access_token)
    hidden = [secret, base64.b64encode(secret.encode()).decode()[:40]]
    emulator.realtime.faults.refuse_starts(100)
    with caplog.at_level(logging.DEBUG):
        async with connected(emulator, settings, store={"tokens": tokens}) as session:
            with pytest.raises(Refused) as caught:
                await next_result(session.subscribe(CREATED))
        nowhere = f"{emulator.realtime_url}/nowhere"
        other = emulator.issue_tokens()
        hidden.append(str(other.access_token))
        async with connected(
            emulator, settings, store={"tokens": other}, realtime_url=nowhere
        ) as session:
            with pytest.raises(BadRequest, match="HTTP 404") as no_upgrade:
                await next_result(session.subscribe(CREATED))
    said = caplog.text + repr(caught.value) + repr(no_upgrade.value)
    said += "".join(traceback.format_exception(no_upgrade.value))
    assert not [text for text in hidden if text in said]


def shown_by(error: BaseException) -> str:
    """All local variables that tools such as Sentry show of our and of others' frames."""
    waiting = [traceback.TracebackException.from_exception(error, capture_locals=True)]
    shown = ""
    while waiting:
        found = waiting.pop()
        waiting += [other for other in (found.__cause__, found.__context__) if other]
        for frame in found.stack:
            if frame.filename != __file__:
                shown += str(frame.locals)
    return shown


class Token(User):
    """A user whose token can be recognised."""

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"secret-{self.renewals}"}


@pytest.mark.parametrize("way", ["subprotocol", "query"])
@pytest.mark.parametrize("fault", ["redirected", "refused", "cut", "refused start", "cut start"])
async def test_no_local_variable_of_an_errors_frames_shows_a_token(
    server: Server, settings: RealtimeSettings, fault: str, way: str
) -> None:
    async def on_frame(socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if fault == "cut" or (fault == "cut start" and frame["type"] == "start"):
            server.cut()
        if fault == "refused start" and frame["type"] == "start":
            await send_error(socket, frame["id"], "UnauthorizedException")
            return True
        return False

    server.on_frame = on_frame
    server.status = {"redirected": 302, "refused": 401}.get(fault, 0)
    server.lasting = True
    options: Any = {"auth": Token(), "realtime_auth": way}
    async with connected_by_key(server, settings, **options) as session:
        with pytest.raises(TransportError) as caught:
            await next_result(session.subscribe(CREATED))
    shown = shown_by(caught.value)
    hidden = ["secret-"]
    hidden += [base64.b64encode(b" " * n + b'"secret-').decode()[4:12] for n in range(3)]
    assert not [text for text in hidden if text in shown]
