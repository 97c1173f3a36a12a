"""No token, password or client secret shows up where it can be read afterwards."""

from __future__ import annotations

import base64
import io
import logging
import pickle
import re
import traceback
from collections.abc import Iterator

import pytest
from gql import Client, gql

from appsync_gql import AppSyncTransport, CognitoProvider, Refused, SessionExpired, TokenStore
from appsync_gql.testing import Emulator

HUSH = "hush" * 12
ME = gql("{ me { username } }")
JWT = re.compile(r"eyJ[\w-]{10,}")


@pytest.fixture
def log_output() -> Iterator[io.StringIO]:
    """Everything that anybody logs at DEBUG, aiohttp, gql, asyncio and botocore included."""
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield output
    root.removeHandler(handler)
    root.setLevel(before)


def assert_clean(text: str, secrets: list[str]) -> None:
    assert not JWT.search(text), JWT.findall(text)[:1]
    for secret in secrets:
        assert secret not in text
        assert base64.b64encode(secret.encode()).decode() not in text


async def test_nothing_secret_is_logged_shown_or_pickled(log_output: io.StringIO) -> None:
    async with Emulator(rotation=True, client_secret=HUSH, clock_offset=1.0) as emulator:
        provider = CognitoProvider(
            emulator.client_id,
            user_pool_id=emulator.user_pool_id,
            client_secret=HUSH,
            endpoint_url=emulator.cognito_url,
        )
        store = TokenStore(provider)
        seen = [await store.sign_in("ada", "correct horse")]
        transport = AppSyncTransport(emulator.graphql_url, auth=store)
        async with Client(transport=transport) as session:
            await session.execute(ME)
            emulator.shift_clock(3600)
            await session.execute(ME)
            seen.append(await store.tokens())
            emulator.faults.refuse(5)
            with pytest.raises(Refused) as refused:
                await session.execute(ME)
            emulator.sign_out("ada")
            with pytest.raises(SessionExpired) as ended:
                await store.renew()
    # Not as plain str: the locals of this very function are shown below.
    secrets: list[str] = [t.refresh_token for t in seen if t.refresh_token is not None]
    secrets += ["correct horse", HUSH]
    assert len(set(secrets)) == 4
    assert "botocore" in log_output.getvalue(), "botocore does log at DEBUG"
    assert_clean(log_output.getvalue(), secrets)
    for shown in (store, provider, transport, store.status(), seen, emulator, emulator.requests):
        assert_clean(repr(shown), secrets)
    for caught in (refused, ended):
        trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        assert_clean("".join(trace.format()), secrets[:2])
        assert_clean(str(pickle.dumps(caught.value)), secrets)
    for unpicklable in (store, seen[0]):
        with pytest.raises(TypeError):
            pickle.dumps(unpicklable)
