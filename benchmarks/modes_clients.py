"""The authorization modes that are compared, each with the same query."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import botocore.session
import gql as theirs
from clients import TEXT, ComparedClient
from gql import Client
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication, AppSyncIAMAuthentication

from appsync_gql import (
    ApiKeyAuth,
    AppSyncTransport,
    IamAuth,
    IdentityPoolAuth,
    LambdaAuth,
    OidcAuth,
    SignableRequest,
)
from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from clients import Target

    SendOne = Callable[[], Awaitable[Any]]

__all__ = ["GQL_IAM", "GQL_KEY", "OURS", "REGION", "botocore_session", "signing_microseconds"]

REGION = "eu-west-1"


def botocore_session() -> botocore.session.Session:
    """Return a session with credentials that never expire."""
    session = botocore.session.Session()
    session.set_credentials("AKIAIOSFODNN7EXAMPLE", "secret")
    return session


@asynccontextmanager
async def ours(make: Callable[[Target], Any], target: Target) -> AsyncIterator[SendOne]:
    """Use this package's transport in a session, with an authorization mode."""
    request = theirs.gql(TEXT)
    transport = AppSyncTransport(target.url, auth=make(target), ssl=target.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


@asynccontextmanager
async def ours_identity_pool(target: Target) -> AsyncIterator[SendOne]:
    """Use this package's transport with the credentials of an emulator's identity pool."""
    with Emulator.in_thread(iam_credentials={}, guests=True, region=REGION) as emulator:
        auth = IdentityPoolAuth(
            None, emulator.identity_pool_id, endpoint_url=emulator.cognito_url, region=REGION
        )
        async with ours(lambda _: auth, target) as send_one:
            yield send_one


@asynccontextmanager
async def gql(make: Callable[[str], Any], target: Target) -> AsyncIterator[SendOne]:
    """Use gql's transport in a session, with one of gql's own authorizations."""
    request = theirs.gql(TEXT)
    auth = make(target.url.split("/")[2])
    transport = AIOHTTPTransport(target.url, auth=auth, ssl=target.ssl)
    async with Client(transport=transport) as session:
        yield lambda: session.execute(request)


def _gql_iam(host: str) -> AppSyncIAMAuthentication:
    credentials = botocore_session().get_credentials()
    return AppSyncIAMAuthentication(host=host, region_name=REGION, credentials=credentials)


def _gql_key(host: str) -> AppSyncApiKeyAuthentication:
    return AppSyncApiKeyAuthentication(host, "da2-key")


GQL_KEY = ComparedClient("gql, AppSyncApiKeyAuthentication", partial(gql, _gql_key))
GQL_IAM = ComparedClient("gql, AppSyncIAMAuthentication", partial(gql, _gql_iam))


def _key(_target: Target) -> ApiKeyAuth:
    return ApiKeyAuth("da2-key")


def _user_pool(target: Target) -> Any:
    return target.store()


def _iam(_target: Target) -> IamAuth:
    return IamAuth(session=botocore_session(), region=REGION)


def _oidc(target: Target) -> OidcAuth:
    return OidcAuth(lambda: target.token)


def _lambda(target: Target) -> LambdaAuth:
    return LambdaAuth(lambda: target.token)


OURS = [
    ComparedClient("appsync-gql, API key", partial(ours, _key)),
    ComparedClient("appsync-gql, user pool", partial(ours, _user_pool)),
    ComparedClient("appsync-gql, OIDC", partial(ours, _oidc)),
    ComparedClient("appsync-gql, Lambda", partial(ours, _lambda)),
    ComparedClient("appsync-gql, IAM", partial(ours, _iam)),
    ComparedClient("appsync-gql, identity pool", ours_identity_pool),
]


async def signing_microseconds(size: int = 500, count: int = 2000) -> float:
    """Return the median time of a signature for a body of so many bytes, in microseconds."""
    auth = IamAuth(session=botocore_session())
    url = "https://abc.appsync-api.eu-west-1.amazonaws.com/graphql"
    request = SignableRequest(url, b"q" * size, "http")
    await auth.sign(request)
    took = sorted(_seconds(auth, request, count))
    return took[len(took) // 2] * 1e6


def _seconds(auth: IamAuth, request: SignableRequest, count: int) -> Iterator[float]:
    for _ in range(count):
        began = time.perf_counter()
        auth.sign_nowait(request)
        yield time.perf_counter() - began
