from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from gql import gql
from graphql import GraphQLError

from appsync_gql import (
    ApiKeyAuth,
    AppSyncClient,
    ConfigurationError,
    IamAuth,
    IdentityPoolAuth,
    LambdaAuth,
    MemoryPersistence,
    TokenStore,
    add_aws_scalars,
    connect,
)
from appsync_gql.testing import Emulator
from test_config import EXPORTS, GEN2, URL

if TYPE_CHECKING:
    from pathlib import Path

POOL = {**GEN2["auth"], "identity_pool_id": "eu-west-1:01234567-0123-0123-0123-0123456789ab"}
CONFIG: dict[str, Any] = {**GEN2, "auth": POOL}


def test_a_file_is_enough(tmp_path: Path) -> None:
    with Emulator.in_thread(api_keys=["da2-key"]) as api:
        data = {"url": api.graphql_url, "api_key": "da2-key", "aws_region": "eu-west-1"}
        data["default_authorization_type"] = "API_KEY"
        path = tmp_path / "amplify_outputs.json"
        path.write_text(json.dumps({"version": "1.4", "data": data}))
        for given in (path, str(path), json.loads(path.read_text())):
            client = connect(given)
            assert isinstance(client, AppSyncClient)
            assert client.execute(gql("{ item(id: 1) { id } }")) == {"item": {"id": "1"}}


@pytest.mark.parametrize(
    ("config", "mode", "kind"),
    [
        (CONFIG, None, TokenStore),
        (CONFIG, "userpool", TokenStore),
        (CONFIG, "api_key", ApiKeyAuth),
        (CONFIG, "iam", IamAuth),
        (CONFIG, "identity_pool", IdentityPoolAuth),
        (EXPORTS, None, ApiKeyAuth),
    ],
)
def test_a_mode_by_its_name_or_the_apis_default(
    config: dict[str, Any], mode: str | None, kind: type
) -> None:
    client = connect(config, auth=mode, persistence=MemoryPersistence())
    assert type(client.auth) is kind


def test_an_object_needs_no_file() -> None:
    auth = LambdaAuth("token")
    assert connect(url=URL, auth=auth).auth is auth


def test_the_environment_is_read_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPSYNC_URL", URL)
    monkeypatch.setenv("APPSYNC_API_KEY", "da2-key")
    assert type(connect().auth) is ApiKeyAuth


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "needs an API"),
        ({"config": "missing.json"}, "missing.json can't be read"),
        ({"config": CONFIG, "auth": "lambda"}, "LambdaAuth"),
        ({"config": CONFIG, "auth": "oidc"}, "OidcAuth"),
        ({"config": CONFIG, "auth": "magic"}, "no authorization mode 'magic'"),
        ({"config": {**CONFIG, "auth": None}, "auth": "identity_pool"}, "identity_pool_id"),
        ({"url": URL, "auth": "iam"}, "needs a configuration"),
    ],
)
def test_what_is_missing_is_named(
    arguments: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APPSYNC_URL", raising=False)
    with pytest.raises(ConfigurationError) as caught:
        connect(**arguments)
    assert said in str(caught.value)


def test_a_session_signed_in_once_serves_the_next_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with Emulator.in_thread() as api:
        api.add_user("ada", "password")
        monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", api.cognito_url)
        auth = {
            "user_pool_id": api.user_pool_id,
            "user_pool_client_id": api.client_id,
            "aws_region": api.region,
        }
        data = {
            "url": api.graphql_url,
            "default_authorization_type": "AMAZON_COGNITO_USER_POOLS",
        }
        config = {"version": "1", "auth": auth, "data": data}
        first = connect(config)
        assert isinstance(first.auth, TokenStore)
        first.auth.blocking.sign_in("ada", "password", flow="USER_PASSWORD_AUTH")
        assert connect(config).execute(gql("{ me { username } }"))["me"]["username"] == "ada"


@pytest.mark.parametrize("config", [5, b"x", object, True])
def test_what_is_no_configuration_is_refused(config: Any) -> None:
    with pytest.raises(ConfigurationError, match="path of a configuration file"):
        connect(config)


def test_the_secret_of_an_app_client_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("APPSYNC_CLIENT_SECRET", "secret-of-the-app-client")
    with Emulator.in_thread(client_secret="secret-of-the-app-client") as local:
        monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", local.cognito_url)
        client = connect(local.amplify_outputs())
        auth: Any = client.auth
        auth.blocking.sign_in("ada", "correct horse")
        assert client.execute(gql("{ me { username } }")) == {"me": {"username": "ada"}}
        assert "secret-of-the-app-client" not in repr(vars(auth))


def test_a_schema_checks_queries_before_they_are_sent() -> None:
    sdl = "type Query { item(id: ID!): Item } type Item { id: ID! at: AWSDate }"
    with Emulator.in_thread(api_keys=["da2-key"]) as local:
        client = connect(
            url=local.graphql_url, auth=ApiKeyAuth("da2-key"), schema=add_aws_scalars(sdl)
        )
        assert client.execute(gql("{ item(id: 1) { id } }")) == {"item": {"id": "1"}}
        before = len(local.requests)
        with pytest.raises(GraphQLError, match="nothing"):
            client.execute(gql("{ nothing }"))
        assert len(local.requests) == before
