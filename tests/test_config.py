from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.config import config_of, config_of_environment, config_of_text

URL = "https://example.appsync-api.eu-west-1.amazonaws.com/graphql"
POOL, CLIENT, IDENTITY = "eu-west-1_Example", "client", "eu-west-1:0000-1111"

GEN2: dict[str, Any] = {
    "version": "1.4",
    "auth": {
        "user_pool_id": POOL,
        "user_pool_client_id": CLIENT,
        "identity_pool_id": IDENTITY,
        "aws_region": "eu-west-1",
        "oauth": {"domain": "example.auth.eu-west-1.amazoncognito.com"},
    },
    "data": {
        "url": URL,
        "aws_region": "eu-west-1",
        "api_key": "da2-key",
        "default_authorization_type": "AMAZON_COGNITO_USER_POOLS",
        "authorization_types": ["API_KEY", "AWS_IAM"],
    },
}
EXPORTS = {
    "aws_appsync_graphqlEndpoint": URL,
    "aws_appsync_region": "eu-west-1",
    "aws_appsync_authenticationType": "API_KEY",
    "aws_appsync_apiKey": "da2-key",
    "aws_user_pools_id": POOL,
    "aws_user_pools_web_client_id": CLIENT,
    "aws_cognito_region": "eu-west-1",
    "aws_cognito_identity_pool_id": IDENTITY,
}
MOBILE = {
    "api": {
        "plugins": {
            "awsAPIPlugin": {
                "rest": {"endpointType": "REST", "endpoint": "https://other"},
                "example": {
                    "endpointType": "GraphQL",
                    "endpoint": URL,
                    "region": "eu-west-1",
                    "authorizationType": "AMAZON_COGNITO_USER_POOLS",
                },
            }
        }
    },
    "auth": {
        "plugins": {
            "awsCognitoAuthPlugin": {
                "CognitoUserPool": {
                    "Default": {"PoolId": POOL, "AppClientId": CLIENT, "Region": "eu-west-1"}
                },
                "CredentialsProvider": {"CognitoIdentity": {"Default": {"PoolId": IDENTITY}}},
            }
        }
    },
}


def test_amplify_outputs_of_gen_2() -> None:
    found = config_of_text(json.dumps(GEN2), "amplify_outputs.json")
    assert (found.url, found.region) == (URL, "eu-west-1")
    assert found.default_mode == "userpool"
    assert found.modes == ("userpool", "api_key", "iam")
    assert (found.user_pool_id, found.client_id) == (POOL, CLIENT)
    assert found.identity_pool_id == IDENTITY
    assert found.sign_in_domain == "example.auth.eu-west-1.amazoncognito.com"
    assert found.api_key == "da2-key"
    assert "da2-key" not in repr(found)


@pytest.mark.parametrize("version", ["1", "1.0", "1.5", "2"])
def test_each_version_of_the_format_is_read(version: str) -> None:
    found = config_of_text(json.dumps({**GEN2, "version": version}), "amplify_outputs.json")
    assert found.url == URL


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(EXPORTS),
        f"const awsmobile = {json.dumps(EXPORTS, indent=4)};\n\n\nexport default awsmobile;\n",
    ],
    ids=["amplifyconfiguration.json", "aws-exports.js"],
)
def test_files_of_gen_1_for_the_web(text: str) -> None:
    found = config_of_text(text, "aws-exports.js")
    assert (found.url, found.default_mode, found.api_key) == (URL, "api_key", "da2-key")
    assert (found.user_pool_id, found.client_id) == (POOL, CLIENT)


def test_files_of_gen_1_for_mobile() -> None:
    found = config_of_text(json.dumps(MOBILE), "amplifyconfiguration.json")
    assert (found.url, found.default_mode) == (URL, "userpool")
    assert (found.user_pool_id, found.client_id) == (POOL, CLIENT)
    assert found.identity_pool_id == IDENTITY


@pytest.mark.parametrize("auth", [{}, {"plugins": {}}, {"plugins": {"awsCognitoAuthPlugin": {}}}])
def test_files_of_gen_1_for_mobile_need_no_user_pool(auth: dict[str, Any]) -> None:
    api = {"endpointType": "GraphQL", "endpoint": URL, "authorizationType": "AWS_IAM"}
    text = json.dumps({"api": {"plugins": {"awsAPIPlugin": {"example": api}}}, "auth": auth})
    found = config_of_text(text, "amplifyconfiguration.json")
    assert found.default_mode == "iam"
    assert found.user_pool_id is found.client_id is found.identity_pool_id is None


def test_an_empty_api_key_is_none() -> None:
    found = config_of_text(json.dumps({**EXPORTS, "aws_appsync_apiKey": ""}), "aws-exports.js")
    with pytest.raises(ConfigurationError, match="aws_appsync_apiKey"):
        found.needed("api_key", "api_key")


def without(path: str) -> str:
    """Return GEN2 without one key, as JSON."""
    found = json.loads(json.dumps(GEN2))
    *parents, last = path.split(".")
    inner = found
    for name in parents:
        inner = inner[name]
    del inner[last]
    return json.dumps(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "no JSON object"),
        ("[]", "no JSON object"),
        ("{}", "neither 'data'"),
        (without("data"), "no object 'data'"),
        (json.dumps({**GEN2, "data": 5}), "data is no object"),
        (json.dumps({**GEN2, "auth": []}), "auth is no object"),
        (json.dumps({**GEN2, "data": {**GEN2["data"], "url": 5}}), "data.url is no string"),
        (
            json.dumps({**GEN2, "data": {**GEN2["data"], "authorization_types": "AWS_IAM"}}),
            "data.authorization_types is no list of strings",
        ),
        (without("data.url"), "data.url is missing"),
        (without("data.default_authorization_type"), "data.default_authorization_type is missing"),
        (json.dumps({**GEN2, "version": "9"}), "version '9'"),
        (
            json.dumps({**GEN2, "data": {**GEN2["data"], "default_authorization_type": "MAGIC"}}),
            "authorization type 'MAGIC' is not one of",
        ),
        (json.dumps({"api": {"plugins": {"awsAPIPlugin": {}}}}), "no API of endpointType GraphQL"),
        (json.dumps({"api": {"plugins": {}}}), "no object 'api.plugins.awsAPIPlugin'"),
    ],
)
def test_an_odd_file_is_an_error_that_names_the_key(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match="the-file") as caught:
        config_of_text(text, "the-file")
    assert said in str(caught.value)
    assert "da2-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "name", "key"),
    [
        (json.loads(without("data.api_key")), "api_key", "data.api_key"),
        (json.loads(without("auth.user_pool_client_id")), "client_id", "auth.user_pool_client_id"),
        (json.loads(without("auth")), "identity_pool_id", "auth.identity_pool_id"),
        ({**EXPORTS, "aws_appsync_apiKey": ""}, "api_key", "aws_appsync_apiKey"),
        ({**EXPORTS, "aws_user_pools_id": None}, "user_pool_id", "aws_user_pools_id"),
        (MOBILE, "api_key", "api.plugins.awsAPIPlugin.example.apiKey"),
    ],
)
def test_what_a_mode_needs_is_missing_by_the_name_that_it_has_in_the_file(
    config: dict[str, Any], name: str, key: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        config_of(config, "the-file").needed(name, "the-mode")
    assert str(caught.value) == f"the-file: {key} is missing, which the mode 'the-mode' needs."
    assert caught.value.setting == name


ODD = [None, 5, "", "x", [], {}, [1], {"a": 1}, True]


def paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where each value is."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from paths(value[key], (*path, key))


def replaced(value: Any, path: tuple[str, ...], by: Any) -> Any:
    if not path:
        return by
    return {**value, path[0]: replaced(value[path[0]], path[1:], by)}


@pytest.mark.parametrize("config", [GEN2, EXPORTS, MOBILE], ids=["gen 2", "web", "mobile"])
def test_any_odd_value_anywhere_is_read_or_is_a_configuration_error(config: Any) -> None:
    def outcome(text: str) -> str | None:
        try:
            return config_of_text(text, "the-file").url
        except ConfigurationError as error:
            return "refused" if "the-file" in str(error) else str(error)

    found = {
        outcome(json.dumps(replaced(config, path, odd))) for path in paths(config) for odd in ODD
    }
    assert found == {URL, "x", "refused"}, "x is refused where the URL is used"


def test_a_byte_order_mark_is_no_matter() -> None:
    assert config_of_text("\ufeff" + json.dumps(GEN2), "the-file").url == URL


@pytest.mark.parametrize(
    ("variables", "mode"),
    [
        ({"X_API_KEY": "da2-key"}, "api_key"),
        ({"X_CLIENT_ID": CLIENT, "X_USER_POOL_ID": POOL}, "userpool"),
        ({}, "iam"),
        ({"X_AUTH": "identity_pool", "X_IDENTITY_POOL_ID": IDENTITY}, "identity_pool"),
    ],
)
def test_environment_variables(variables: dict[str, str], mode: str) -> None:
    found = config_of_environment({"X_URL": URL, **variables}, "X_")
    assert found is not None
    assert (found.url, found.default_mode) == (URL, mode)


def test_without_a_url_the_environment_is_no_configuration() -> None:
    assert config_of_environment({"X_API_KEY": "da2-key", "X_URL": ""}, "X_") is None


def test_an_unknown_mode_in_the_environment_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="X_AUTH is 'magic'"):
        config_of_environment({"X_URL": URL, "X_AUTH": "magic"}, "X_")


def test_a_missing_variable_is_an_error_where_it_is_needed() -> None:
    found = config_of_environment({"X_URL": URL, "X_AUTH": "userpool"}, "X_")
    assert found is not None
    with pytest.raises(ConfigurationError, match="X_CLIENT_ID is missing"):
        found.needed("client_id", "userpool")
