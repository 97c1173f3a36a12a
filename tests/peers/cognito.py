"""What both stand-ins for Cognito need: boto3 clients, and their answers as values."""

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
class Said:
    """How a call was answered.

    Attributes:
        status: the HTTP status.
        code: the error's name as boto3 tells it; ``None`` for success.
        message: the error's text, likewise.
    """

    status: int
    code: str | None = None
    message: str | None = None


def public_client(endpoint_url: str) -> CognitoIdentityProviderClient:
    """Make a client as an app has it: no AWS credentials."""
    return _client(endpoint_url, signature_version=UNSIGNED)


def admin_client(endpoint_url: str) -> CognitoIdentityProviderClient:
    """Make a client as an administrator has it: signed, with made-up credentials."""
    return _client(endpoint_url)


def said(call: Callable[..., Mapping[str, Any]], **parameters: Any) -> Said:
    """Make a call and tell how it was answered."""
    try:
        answer: Mapping[str, Any] = call(**parameters)
    except ClientError as error:
        about, meta = error.response["Error"], error.response["ResponseMetadata"]
        return Said(meta["HTTPStatusCode"], about["Code"], about["Message"])
    return Said(answer["ResponseMetadata"]["HTTPStatusCode"])


def tokens_of(answer: Mapping[str, Any]) -> Tokens:
    """Read the tokens of a sign-in."""
    result = answer["AuthenticationResult"]
    return Tokens(
        access_token=result["AccessToken"],
        id_token=result["IdToken"],
        refresh_token=result["RefreshToken"],
    )


def secret_hash(username: str, client_id: str, secret: str) -> str:
    """Compute ``SECRET_HASH``."""
    digest = hmac.digest(secret.encode(), (username + client_id).encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def _client(endpoint_url: str, **config: Any) -> CognitoIdentityProviderClient:
    return boto3.client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}, **config),
    )
