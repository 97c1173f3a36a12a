"""What proves a secret to Cognito without sending it: the secret hash, and the SRP exchange.

Secure Remote Password (RFC 2945, in Cognito's variant) is computed by pycognito.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError, MissingExtra, RenewalFailed
from ..forks import importing
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SrpExchange", "secret_hash"]


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
    """One sign-in by SRP: the parameters that begin it, and the responses to the challenge.

    All values that are returned and could help to guess the password are ``Secret``.

    Args:
        username: the user.
        password: the user's password.
        pool_id: the user pool's id, with the region and ``_`` before its name.
        client_id: the app client.
        client_secret: of an app client that has one.

    Raises:
        MissingExtra: pycognito is not installed.
    """

    def __init__(
        self,
        *,
        username: str,
        password: Secret,
        pool_id: str,
        client_id: str,
        client_secret: Secret | None,
    ) -> None:
        try:
            with importing():
                from pycognito.aws_srp import AWSSRP  # noqa: PLC0415
        except ImportError as error:
            raise MissingExtra(
                'Signing in with SRP needs pycognito: pip install "appsync-gql[srp]"'
            ) from error
        self._srp = AWSSRP(
            username=username,
            password=password,
            pool_id=pool_id,
            client_id=client_id,
            client_secret=client_secret,
            # Without one, it makes a boto3 client, which these computations do not use.
            client=object(),
        )
        self.parameters = _secret_values(self._srp.get_auth_params())
        """``AuthParameters`` of ``InitiateAuth``."""

    def responses(self, challenge: Mapping[str, str]) -> dict[str, str]:
        """Return the ``ChallengeResponses`` for a challenge.

        Args:
            challenge: ``ChallengeParameters`` of the challenge ``PASSWORD_VERIFIER``.

        Raises:
            RenewalFailed: the challenge is not of the documented form.
        """
        try:
            found = self._srp.process_challenge(challenge, self.parameters)
        except Exception as error:  # noqa: BLE001 - whatever pycognito raises for a wrong form
            reason = type(error).__name__
        else:
            return _secret_values(found)
        # Raised outside the handler: pycognito's frames contain the password.
        raise RenewalFailed(
            f"Cognito's SRP challenge is not of the documented form ({reason}).", kind="server"
        )


def _secret_values(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value if name == "USERNAME" else Secret(value) for name, value in values.items()}
