"""Signatures of this package, verified by an emulator that is not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from gql import Client, gql

from appsync_gql import (
    AppSyncTransport,
    BlockingAppSyncTransport,
    IamAuth,
    Refused,
)
from appsync_gql.clock import SystemClock
from appsync_gql.testing import FakeClock

from .ministack import ministack_running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .ministack import Ministack

pytestmark = pytest.mark.peer("ministack")

HELLO = gql("query Hello { __typename }")


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with ministack_running(tmp_path_factory.mktemp("ministack")) as found:
        yield found


def transport(ministack: Ministack, auth: IamAuth, **more: Any) -> AppSyncTransport:
    """Return a transport whose requests have the API's own host, as with a VPC endpoint."""
    return AppSyncTransport(
        f"{ministack.url}/graphql", auth=auth, api_host=ministack.api_host, **more
    )


def iam(ministack: Ministack, **more: Any) -> IamAuth:
    session = botocore.session.Session()
    given = {"key": ministack.access_key, "secret": ministack.secret_key, **more}
    session.set_credentials(given.pop("key"), given.pop("secret"), given.pop("token", None))
    return IamAuth(session=session, **{"patience": 0, **given})


async def test_a_signature_is_verified(ministack: Ministack) -> None:
    async with Client(transport=transport(ministack, iam(ministack))) as session:
        assert await session.execute(HELLO) == {"__typename": "Query"}


def test_a_signature_of_synchronous_code_is_verified(ministack: Ministack) -> None:
    blocking = BlockingAppSyncTransport.over(transport(ministack, iam(ministack)))
    assert Client(transport=blocking).execute(HELLO) == {"__typename": "Query"}


async def test_headers_of_aws_are_part_of_the_signature(ministack: Ministack) -> None:
    made = transport(ministack, iam(ministack), headers={"x-amz-user-agent": "tests"})
    async with Client(transport=made) as session:
        assert await session.execute(HELLO) == {"__typename": "Query"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"secret": "wrong"}, "signature"),
        ({"key": "AKIAIOSFODNN7EXAMPLE"}, "security token"),
        ({"token": "of nobody"}, "security token"),
    ],
)
async def test_wrong_credentials_are_refused_with_advice(
    ministack: Ministack, arguments: dict[str, Any], said: str
) -> None:
    async with Client(transport=transport(ministack, iam(ministack, **arguments))) as session:
        with pytest.raises(Refused, match=f"(?s){said}.*access key"):
            await session.execute(HELLO)


@pytest.mark.parametrize("seconds", [-900, 900])
async def test_a_wrong_clock_is_corrected(ministack: Ministack, seconds: float) -> None:
    clock = FakeClock(wall=SystemClock.wall() + seconds)
    async with Client(transport=transport(ministack, iam(ministack, clock=clock))) as session:
        assert await session.execute(HELLO) == {"__typename": "Query"}


async def test_the_credentials_of_an_assumed_role_are_verified(
    ministack: Ministack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"""
[profile user]
aws_access_key_id = {ministack.access_key}
aws_secret_access_key = {ministack.secret_key}
[profile reader]
role_arn = {ministack.role}
source_profile = user
region = {ministack.region}
""",
        encoding="utf-8",
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", ministack.url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    auth = IamAuth(profile="reader", patience=0)
    async with Client(transport=transport(ministack, auth)) as session:
        assert await session.execute(HELLO) == {"__typename": "Query"}
