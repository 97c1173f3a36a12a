"""boto3 clients of the Cognito emulators, and the results of their calls as values."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from appsync_gql.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

REGION = "us-east-1"
USERNAME = "ada"
PASSWORD = "Correct-Horse-9"


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a call.

    Attributes:
        status: the HTTP status.
        code: boto3's name of the error; ``None`` for success.
        message: the error's text; ``None`` for success.
    """

    status: int
    code: str | None = None
    message: str | None = None


def public_client(endpoint_url: str) -> CognitoIdentityProviderClient:
    """Return a client without AWS credentials, as an app uses it."""
    return _client(endpoint_url, signature_version=UNSIGNED)


def admin_client(
    endpoint_url: str, access_key: str = "fake", secret_key: str = "fake"
) -> CognitoIdentityProviderClient:
    """Return a client that signs its calls, as an administrator uses it."""
    return _client(endpoint_url, (access_key, secret_key))


def result_of(call: Callable[..., Mapping[str, Any]], **parameters: Any) -> CallResult:
    """Make a call and return its result."""
    try:
        response: Mapping[str, Any] = call(**parameters)
    except ClientError as error:
        found, meta = error.response["Error"], error.response["ResponseMetadata"]
        return CallResult(meta["HTTPStatusCode"], found["Code"], found["Message"])
    return CallResult(response["ResponseMetadata"]["HTTPStatusCode"])


def tokens_of(response: Mapping[str, Any]) -> Tokens:
    """Return the tokens of a sign-in's response."""
    result = response["AuthenticationResult"]
    return Tokens(
        access_token=result["AccessToken"],
        id_token=result["IdToken"],
        refresh_token=result["RefreshToken"],
    )


def secret_hash(username: str, client_id: str, secret: str) -> str:
    """Return the ``SECRET_HASH``."""
    digest = hmac.digest(secret.encode(), (username + client_id).encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def _client(
    endpoint_url: str, keys: tuple[str, str] = ("fake", "fake"), **config: Any
) -> CognitoIdentityProviderClient:
    return boto3.client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}, **config),
    )
