from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql.config import config_of_text
from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.amplify_outputs import amplify_outputs

if TYPE_CHECKING:
    from pathlib import Path

GIVEN: dict[str, Any] = {
    "url": "http://127.0.0.1:1/graphql",
    "region": "eu-west-1",
    "default_mode": None,
    "modes": ("AWS_IAM", "AMAZON_COGNITO_USER_POOLS"),
    "api_key": None,
    "user_pool_id": "eu-west-1_x",
    "client_id": "client",
    "identity_pool_id": None,
    "guests": False,
}


def test_the_default_mode_is_not_among_the_others() -> None:
    data = amplify_outputs(**GIVEN)["data"]
    assert data["default_authorization_type"] == "AMAZON_COGNITO_USER_POOLS"
    assert data["authorization_types"] == ["AWS_IAM"]
    data = amplify_outputs(**{**GIVEN, "default_mode": "AWS_IAM"})["data"]
    assert data["default_authorization_type"] == "AWS_IAM"
    assert data["authorization_types"] == ["AMAZON_COGNITO_USER_POOLS"]


def test_what_the_api_has_not_is_left_out() -> None:
    found = amplify_outputs(**GIVEN)
    assert "api_key" not in found["data"]
    assert "identity_pool_id" not in found["auth"]
    found = amplify_outputs(
        **{**GIVEN, "api_key": "da2-x", "identity_pool_id": "p", "guests": True}
    )
    assert found["data"]["api_key"] == "da2-x"
    assert found["auth"]["identity_pool_id"] == "p"
    assert found["auth"]["unauthenticated_identities_enabled"] is True


@pytest.mark.parametrize("default", ["API_KEY", "AWS_IAM", "AMAZON_COGNITO_USER_POOLS"])
def test_an_emulator_writes_a_file_that_this_package_reads(tmp_path: Path, default: str) -> None:
    emulator = Emulator(
        api_keys={"da2-old": 1.0, "da2-key": None},
        iam_credentials={},
        lambda_authorizer=lambda _: {"isAuthorized": True},
        default_mode=default,
        port=20_002,
    )
    path = tmp_path / "amplify_outputs.json"
    emulator.write_amplify_outputs(path)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == emulator.amplify_outputs()
    config = config_of_text(text, path.name)
    assert config.url == "http://127.0.0.1:20002/graphql"
    assert config.api_key == "da2-key"
    assert config.client_id == emulator.client_id
    assert config.identity_pool_id == emulator.identity_pool_id
    assert set(config.modes) == {"api_key", "iam", "lambda", "userpool"}
    assert config.modes[0] == config.default_mode


def test_the_environment_leads_boto3_to_the_emulator() -> None:
    environment = Emulator(port=20_002).aws_environment
    assert set(environment.values()) == {"http://127.0.0.1:20002"}
    assert "AWS_ENDPOINT_URL_STS" in environment
