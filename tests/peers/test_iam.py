"""The mode IAM with programs that are not ours: Amplify's simulator, and moto's STS.

The simulator checks that a request is signed, not the signature; ministack does that.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import botocore.session
import pytest
from gql import Client, gql

from appsync_gql import AppSyncTransport, Denied, IamAuth, SignableRequest
from appsync_gql.auth.sigv4 import access_key_of
from appsync_gql.clock import SystemClock
from appsync_gql.testing import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

    from .simulator import Simulator

REQUEST = SignableRequest(
    "https://example.appsync-api.eu-west-1.amazonaws.com/graphql", b"{}", "http"
)


@pytest.fixture
def auth() -> IamAuth:
    session = botocore.session.Session()
    session.set_credentials("ASIAVJKIAM-AuthRole", "secret")
    return IamAuth(session=session, region="us-east-1")


@pytest.mark.peer("amplify-appsync-simulator")
async def test_the_simulator_takes_a_signed_request_for_one_of_the_mode_iam(
    appsync_simulator: Simulator, auth: IamAuth
) -> None:
    transport = AppSyncTransport(appsync_simulator.url, auth=auth)
    async with Client(transport=transport) as session:
        assert await session.execute(gql("{ machine }")) == {"machine": "signed"}
        with pytest.raises(Denied):
            await session.execute(gql("{ me }"))


@pytest.mark.peer("amplify-appsync-simulator")
async def test_the_simulator_takes_a_signed_handshake_and_start(
    appsync_simulator: Simulator, auth: IamAuth
) -> None:
    transport = AppSyncTransport(appsync_simulator.url, auth=auth, realtime_auth="query")
    async with Client(transport=transport) as session:
        events = session.subscribe(gql("subscription { added }"))
        first = asyncio.ensure_future(anext(events))
        add = gql(f'mutation {{ add(key: "{uuid4()}") }}')
        while not first.done():
            # The simulator does not say when a subscription is active.
            await session.execute(add)
            await asyncio.wait({first}, timeout=0.2)
        assert (await first)["added"] >= 1
        await events.aclose()


@pytest.mark.peer("moto")
async def test_a_role_of_motos_sts_is_assumed_again_before_it_expires(
    moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        """
[profile user]
aws_access_key_id = AKIAEXAMPLE
aws_secret_access_key = secret
[profile reader]
role_arn = arn:aws:iam::123456789012:role/Reader
source_profile = user
region = eu-west-1
duration_seconds = 900
""",
        encoding="utf-8",
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    clock = FakeClock(wall=SystemClock.wall())
    auth = IamAuth(profile="reader", clock=clock)
    first = access_key_of(await auth.sign(REQUEST))
    clock.advance(900 - 65)
    assert access_key_of(auth.sign_nowait(REQUEST) or {}) == first
    clock.advance(10)  # a minute before they expire; moto's next ones are used at once
    while (found := access_key_of(auth.sign_nowait(REQUEST) or {})) == first:
        await asyncio.sleep(0.01)
    assert found is not None
