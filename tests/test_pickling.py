"""What belongs to one process says so when it is pickled or copied, and what to do instead."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import (
    ApiKeyAuth,
    AppSyncClient,
    AppSyncTransport,
    BlockingAppSyncTransport,
    CognitoProvider,
    IamAuth,
    IdentityPoolAuth,
    LambdaAuth,
    OidcAuth,
    TokenStore,
)

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "http://127.0.0.1:9/graphql"
POOL = "eu-west-1:00000000-0000-4000-8000-000000000001"


def store() -> TokenStore:
    return TokenStore(CognitoProvider("client", region="eu-west-1"))


MADE: dict[str, Callable[[], Any]] = {
    "AppSyncTransport": lambda: AppSyncTransport(URL, auth=store()),
    "BlockingAppSyncTransport": lambda: BlockingAppSyncTransport(URL, auth=store()),
    "AppSyncClient": lambda: AppSyncClient(transport=AppSyncTransport(URL)),
    "TokenStore": store,
    "BlockingTokenStore": lambda: store().blocking,
    "ApiKeyAuth": lambda: ApiKeyAuth("da2-key"),
    "IamAuth": IamAuth,
    "IdentityPoolAuth": lambda: IdentityPoolAuth(None, POOL),
    "OidcAuth": lambda: OidcAuth(lambda: "token"),
    "LambdaAuth": lambda: LambdaAuth("token"),
}


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("name", MADE)
def test_what_belongs_to_one_process_says_what_to_do_instead(
    name: str, copied: Callable[[Any], Any]
) -> None:
    thing = MADE[name]()
    with pytest.raises(TypeError, match=f"{name} is neither.*make one in each process"):
        copied(thing)
