"""Tokens of an app client itself."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from gql import Client, gql

from appsync_gql import (
    AppSyncTransport,
    ClientCredentials,
    ConfigurationError,
    InsecureEndpoint,
    OidcAuth,
    RenewalFailed,
)
from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "secret-of-the-app-client"
ITEM = gql("{ item(id: 1) { id } }")


@pytest.fixture(scope="module")
def local() -> Iterator[Emulator]:
    with Emulator.in_thread(client_secret=SECRET, token_lifetime=2) as local:
        yield local


def source_for(local: Emulator, **more: Any) -> ClientCredentials:
    given = {"client_id": local.client_id, "client_secret": SECRET, **more}
    return ClientCredentials(local.cognito_url, **given)


def test_each_call_brings_a_new_token_of_the_app_client(local: Emulator) -> None:
    source = source_for(local, scopes=["emulator/read", "emulator/write"])
    first, second = source(), source()
    assert first != second
    claims = jwt.decode(first, options={"verify_signature": False})
    assert claims["sub"] == claims["client_id"] == local.client_id
    assert claims["scope"] == "emulator/read emulator/write"
    assert "username" not in claims


async def test_requests_go_on_through_expiring_tokens_and_a_refusal(local: Emulator) -> None:
    transport = AppSyncTransport(local.graphql_url, auth=OidcAuth(source_for(local)))
    async with Client(transport=transport) as session:
        assert await session.execute(ITEM) == {"item": {"id": "1"}}
        local.shift_clock(60)  # the token has expired there, and is not known to have here
        assert await session.execute(ITEM) == {"item": {"id": "1"}}
        local.shift_clock(-60)


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"client_secret": ""}, "client_secret"),
        ({"client_secret": None}, "client_secret"),
        ({"client_id": ""}, "client_id"),
        ({"scopes": "emulator/read"}, "scopes"),
    ],
)
def test_a_wrong_argument_is_refused_at_once(
    local: Emulator, arguments: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        source_for(local, **arguments)
    assert raised.value.setting == setting


def test_the_secret_is_not_sent_over_plain_http_to_another_machine() -> None:
    with pytest.raises(InsecureEndpoint):
        ClientCredentials("http://login.example.com", client_id="x", client_secret=SECRET)


def test_a_wrong_secret_is_a_matter_of_configuration(local: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="invalid_client") as raised:
        source_for(local, client_secret="another")()
    assert raised.value.setting == "client_secret"
    assert raised.value.status == 400


def test_an_endpoint_that_can_not_be_reached_is_transient() -> None:
    with pytest.raises(RenewalFailed) as raised:
        ClientCredentials("http://127.0.0.1:9", client_id="x", client_secret=SECRET)()
    assert raised.value.kind == "network"


def test_the_secret_is_neither_shown_nor_pickled(local: Emulator) -> None:
    source = source_for(local)
    assert SECRET not in repr(source) + repr(vars(source))
    assert local.client_id in repr(source)
    with pytest.raises(TypeError, match="neither pickled nor copied"):
        pickle.dumps(source)
