from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ProfileNotFound

from appsync_gql import ConfigurationError, InsecureEndpoint, RenewalFailed, Tokens
from appsync_gql.providers.cognito_client import CognitoClient
from support.store import jwt_of

ADDRESS = "http://127.0.0.1:1"


def client(**more: Any) -> CognitoClient:
    settings: dict[str, Any] = {
        "region": "eu-west-1",
        "endpoint_url": ADDRESS,
        "allow_insecure": False,
        "session": None,
        "config": None,
    }
    return CognitoClient(**{**settings, **more})


def tokens_of(issuer: str) -> Tokens:
    return Tokens(access_token=jwt_of(exp=9, iss=issuer))


def region_used(cognito: CognitoClient, tokens: Tokens | None) -> str:
    made = cognito.attempts(tokens).client(4.0)
    return str(made.meta.region_name)


def test_the_configured_region_takes_precedence_over_that_of_the_tokens() -> None:
    """A replica of a pool has another region than the one in the pool's issuer."""
    tokens = tokens_of("https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool")
    assert region_used(client(), tokens) == "eu-west-1"
    assert region_used(client(region=None), tokens) == "us-east-1"


@pytest.mark.parametrize(
    "tokens", [None, Tokens(refresh_token="r"), tokens_of("https://issuer.example/pool")]
)
def test_an_unknown_region_is_an_error_that_names_the_arguments(tokens: Tokens | None) -> None:
    with pytest.raises(ConfigurationError, match="region= or user_pool_id=") as caught:
        client(region=None).attempts(tokens)
    assert caught.value.setting == "region"


def test_clients_with_equal_settings_are_shared_and_each_waits_as_long_as_asked() -> None:
    one, other = client(), client()
    assert one.client("eu-west-1", 4.0) is other.client("eu-west-1", 4.0)
    config: Any = one.client("eu-west-1", 10.0).meta.config
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (10.0, 1)


def test_the_users_settings_apply_to_every_attempt() -> None:
    cognito = client(config=Config(read_timeout=30))
    used: Any = cognito.client("eu-west-1", 4.0).meta.config
    assert used.read_timeout == 30


def test_whether_calls_go_to_aws_is_known_from_the_address_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulated = client()
    emulated.client("eu-west-1", 4.0)
    assert not emulated.at_aws
    monkeypatch.delenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    for region in ("eu-west-1", "cn-north-1", "us-gov-west-1"):
        cognito = client(region=region, endpoint_url=None)
        cognito.client(region, 4.0)
        assert cognito.at_aws


def test_an_address_in_the_environment_is_checked_like_an_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://10.1.2.3:9229")
    with pytest.raises(InsecureEndpoint) as caught:
        client(endpoint_url=None).client("ap-south-1", 4.0)
    assert caught.value.setting == "endpoint_url"
    allowed = client(endpoint_url=None, allow_insecure=True)
    assert allowed.client("ap-south-1", 4.0).meta.endpoint_url == "http://10.1.2.3:9229"
    assert not allowed.at_aws


class FailingSession:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def client(self, *_: object, **__: object) -> object:
        raise self.error


def test_an_error_of_boto3s_settings_is_passed_on_and_anything_else_is_transient() -> None:
    with pytest.raises(RenewalFailed, match="OSError") as failed:
        client(session=FailingSession(OSError("no descriptors"))).client("eu-west-1", 4.0)
    assert failed.value.__context__ is None
    no_profile = FailingSession(ProfileNotFound(profile="no-such-profile"))
    with pytest.raises(ConfigurationError, match="no-such-profile"):
        client(session=no_profile).client("eu-west-1", 4.0)


@pytest.mark.parametrize(
    ("name", "value", "setting"),
    [
        ("region", "Ireland", "region"),
        ("session", object(), "boto3_session"),
        ("config", {"read_timeout": 1}, "config"),
    ],
)
def test_an_argument_of_a_wrong_kind_is_refused_at_once(
    name: str, value: object, setting: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client(**{"endpoint_url": None, name: value})
    assert caught.value.setting == setting
