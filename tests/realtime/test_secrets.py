"""Tokens are shown nowhere."""

from __future__ import annotations

import base64
import logging
import traceback

import pytest

from appsync_gql import (
    BadRequest,
    RealtimeSettings,
    Refused,
)
from appsync_gql.testing import Emulator
from support.realtime import (
    CREATED,
    connected,
    next_result,
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
