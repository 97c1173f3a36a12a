from __future__ import annotations

from typing import Any

import pytest
from gql import Client, GraphQLRequest

from appsync_gql import AppSyncTransport, ConfigurationError, Refused
from appsync_gql.auth.api_key import ApiKeyAuth
from appsync_gql.testing import Emulator

QUERY = GraphQLRequest("{ item(id: 1) { id } }")


async def test_a_key_authorizes_requests() -> None:
    async with Emulator(api_keys=["da2-key"]) as api:
        transport = AppSyncTransport(api.graphql_url, auth=ApiKeyAuth("da2-key"))
        assert await Client(transport=transport).execute_async(QUERY) == {"item": {"id": "1"}}
        assert "Authorization" not in api.requests[-1].headers


async def test_a_wrong_key_is_refused_at_once_and_says_that_keys_expire() -> None:
    async with Emulator(api_keys=["da2-key"]) as api:
        transport = AppSyncTransport(api.graphql_url, auth=ApiKeyAuth("da2-other"))
        with pytest.raises(Refused, match="keys expire") as caught:
            await Client(transport=transport).execute_async(QUERY)
        assert api.counters["graphql"] == 1
        assert "da2-other" not in str(caught.value)
        assert "newer tokens" not in str(caught.value)


@pytest.mark.parametrize("key", ["", " ", "da2 key", "da2-key\n", "dä2", None, 7])
def test_a_malformed_key_is_refused_at_construction(key: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ApiKeyAuth(key)
    assert caught.value.setting == "key"


async def test_the_key_is_in_no_repr() -> None:
    auth = ApiKeyAuth("da2-key")
    shown = f"{auth!r} {auth.headers_nowait()!r} {await auth.headers()!r} {await auth.renew()!r}"
    assert "da2-key" not in shown


async def test_the_header_is_the_key_before_and_after_a_renewal() -> None:
    auth = ApiKeyAuth("da2-key")
    for headers in (auth.headers_nowait(), await auth.headers(), await auth.renew()):
        assert dict(headers) == {"x-api-key": "da2-key"}
