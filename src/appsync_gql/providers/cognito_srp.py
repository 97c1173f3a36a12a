"""What proves a secret to Cognito without sending it: the secret hash, and the SRP exchange."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError, RenewalFailed
from ..secret import Secret, SecretBytes
from .srp import (
    SrpChallenge,
    SrpIdentity,
    claim,
    new_private_key,
    padded,
    public_key,
    session_key,
    timestamp,
    verifier,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["SrpExchange", "device_verifier", "new_device_password", "secret_hash"]


def secret_hash(client_id: str, client_secret: Secret, username: str | None) -> Secret:
    """Return the ``SECRET_HASH`` of an app client and a user.

    https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html#cognito-user-pools-computing-secret-hash

    Args:
        client_id: the app client.
        client_secret: its secret.
        username: the name that the user pool itself uses.

    Raises:
        ConfigurationError: the name is not known.
    """
    if not username:
        raise ConfigurationError(
            "The app client has a secret, and its hash needs the name that the user pool uses for "
            "the user: pass username= to CognitoProvider, or Tokens with an access or ID token.",
            setting="username",
        )
    text = (username + client_id).encode()
    code = hmac.new(client_secret.encode(), text, hashlib.sha256).digest()
    return Secret(base64.b64encode(code).decode())


class SrpExchange:
    """One proof of a password: the public value that begins it, and the responses to Cognito.

    Args:
        password: the user's or the device's.
        private: the client's private value; ``None`` for a random one.

    Attributes:
        public: ``SRP_A``.
    """

    def __init__(self, password: Secret, private: int | None = None) -> None:
        self._password = password
        self._private = new_private_key() if private is None else private
        self.public = Secret(f"{public_key(self._private):x}")

    def responses(
        self, group: str, name: str, challenge: Mapping[str, str], now: datetime
    ) -> dict[str, str]:
        """Return the ``ChallengeResponses`` that prove the password.

        Args:
            group: the part of the user pool's id after ``_``, or the device's group key.
            name: the pool's own name of the user, or the device's key.
            challenge: ``ChallengeParameters``.
            now: the present time in UTC.

        Raises:
            RenewalFailed: the challenge is not of the documented form.
        """
        try:
            read = SrpChallenge.read(challenge)
        except (KeyError, ValueError) as error:
            reason = type(error).__name__
        else:
            identity, at = SrpIdentity(group, name), timestamp(now)
            key = SecretBytes(session_key(identity, self._password, self._private, read))
            return {
                "TIMESTAMP": at,
                "PASSWORD_CLAIM_SECRET_BLOCK": Secret(challenge["SECRET_BLOCK"]),
                "PASSWORD_CLAIM_SIGNATURE": claim(identity, key, read.secret_block, at),
            }
        raise RenewalFailed(
            f"Cognito's SRP challenge is not of the documented form ({reason}).", kind="server"
        )


def new_device_password() -> Secret:
    """Return a random password for a device."""
    return Secret(secrets.token_urlsafe(40))


def device_verifier(
    group: str, key: str, password: Secret, salt: int | None = None
) -> dict[str, str]:
    """Return ``DeviceSecretVerifierConfig`` of ``ConfirmDevice``.

    Args:
        group: the device's group key.
        key: the device's key.
        password: the device's password.
        salt: ``None`` for a random one.
    """
    salt = secrets.randbits(128) if salt is None else salt
    number = verifier(SrpIdentity(group, key), password, salt)
    return {
        "PasswordVerifier": Secret(base64.b64encode(padded(number)).decode()),
        "Salt": Secret(base64.b64encode(padded(salt)).decode()),
    }
