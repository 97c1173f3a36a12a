"""Reads the parameters of Cognito's calls. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from .cognito_error import CognitoError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_secret_hash", "equal", "text", "texts"]


def text(body: Mapping[str, Any], name: str) -> str:
    """Return a parameter that must be a text.

    Raises:
        CognitoError: it is missing, empty or something else.
    """
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise CognitoError("InvalidParameterException", f"Missing required parameter {name}")
    return value


def texts(body: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return a parameter that is a map of texts; empty if it is missing.

    Raises:
        CognitoError: it is something else.
    """
    values = body.get(name) or {}
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise CognitoError("SerializationException", f"{name} is not a map of strings")
    return values


def equal(expected: str, received: str) -> bool:
    """Return whether two secrets are equal."""
    return hmac.compare_digest(expected.encode(), received.encode())


def check_secret_hash(
    client: str, client_secret: str | None, secret_hash: str | None, username: str
) -> None:
    """Check SECRET_HASH, the Base64 of the HMAC-SHA256 of user name and client id.

    https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html#cognito-user-pools-computing-secret-hash

    Raises:
        CognitoError: it is not the right one.
    """
    expected = None
    if client_secret is not None:
        signed = (username + client).encode()
        digest = hmac.new(client_secret.encode(), signed, hashlib.sha256).digest()
        expected = base64.b64encode(digest).decode()
    if secret_hash == expected:
        return
    if secret_hash is None:
        message = f"Client {client} is configured with secret but SECRET_HASH was not received"
    elif expected is None:
        message = f"Unable to verify secret hash for client {client}"
    else:
        message = f"SecretHash does not match for the client: {client}"
    raise CognitoError("NotAuthorizedException", message)


def check_password_policy(password: str) -> None:
    """Check a new password: the emulator's only rule is that there are no blanks around it.

    Raises:
        CognitoError: it is not accepted.
    """
    if password != password.strip():
        message = "Password did not conform with password policy: Password must not have blanks"
        raise CognitoError("InvalidPasswordException", message)
