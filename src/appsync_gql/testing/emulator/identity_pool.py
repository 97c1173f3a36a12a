"""A Cognito identity pool: AWS credentials for users of the user pool, and for guests.

Names and shapes of the calls: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

from .auth_iam import ACCOUNT_ID
from .cognito_error import CognitoError
from .token_signing import verified_claims

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .auth_iam import IamMode

__all__ = ["IdentityPool"]

_SECONDS = 3600.0
"""Seconds that the credentials of an identity pool live."""


class IdentityPool:
    """An identity pool with one user pool as its login provider. May be used from any thread.

    Args:
        region: of the pool.
        issuer: ``iss`` of the user pool's tokens.
        client_id: of the user pool's app client.
        guests: whether the pool admits users without a login.
        iam: issues the credentials; ``None`` if the API has no mode IAM: then there is no pool.
        lifetime: seconds that the credentials live; ``None`` for an hour.
        now: the server's clock, seconds since the epoch.

    Attributes:
        pool_id: of the pool.
    """

    def __init__(
        self,
        *,
        region: str,
        issuer: str,
        client_id: str,
        guests: bool,
        iam: IamMode | None,
        lifetime: float | None,
        now: Callable[[], float],
    ) -> None:
        self.pool_id = f"{region}:00000000-0000-4000-8000-000000000001"
        self._region, self._issuer, self._client_id = region, issuer, client_id
        self._provider = issuer.removeprefix("https://")
        self._guests, self._iam, self._now = guests, iam, now
        self._lifetime = _SECONDS if lifetime is None else lifetime
        self._lock = threading.Lock()
        self._users: dict[str, str | None] = {}  # by identity; None for a guest

    def call(self, operation: str, body: object) -> dict[str, Any]:
        """Execute one call and return the body of its response.

        Args:
            operation: the call's name.
            body: the request's JSON; anything but a ``dict`` is an error.

        Raises:
            CognitoError: the error that Cognito would respond with.
        """
        calls = {"GetId": self._get_id, "GetCredentialsForIdentity": self._get_credentials}
        if operation not in calls:
            raise CognitoError("UnknownOperationException", f"Unknown operation {operation}")
        if not isinstance(body, dict):
            raise CognitoError("SerializationException", "The body is not a JSON object")
        return calls[operation](body)

    def delete_identities(self) -> None:
        """Delete all identities, as their owner can."""
        with self._lock:
            self._users.clear()

    def _get_id(self, body: Mapping[str, Any]) -> dict[str, Any]:
        pool_id = body.get("IdentityPoolId")
        if self._iam is None or pool_id != self.pool_id:
            raise CognitoError("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")
        user = self._user(body)
        with self._lock:
            found = [name for name, known in self._users.items() if user and known == user]
            identity = found[0] if found else f"{self._region}:{uuid.uuid4()}"
            self._users[identity] = user
        return {"IdentityId": identity}

    def _get_credentials(self, body: Mapping[str, Any]) -> dict[str, Any]:
        identity = str(body.get("IdentityId"))
        with self._lock:
            known, owner = identity in self._users, self._users.get(identity)
        if self._iam is None or not known:
            raise CognitoError("ResourceNotFoundException", f"Identity '{identity}' not found.")
        if self._user(body) != owner:
            raise CognitoError(
                "NotAuthorizedException",
                "Logins don't match. Please include at least one valid login for this identity or "
                "identity pool.",
            )
        issued = self._iam.issue(self._lifetime, 0.0, self._claims(identity, owner))
        return {
            "IdentityId": identity,
            "Credentials": {
                "AccessKeyId": issued.access_key_id,
                "SecretKey": issued.secret_access_key,
                "SessionToken": issued.session_token,
                "Expiration": issued.expires_at,
            },
        }

    def _user(self, body: Mapping[str, Any]) -> str | None:
        """Return ``sub`` of the user who logs in; ``None`` for a guest."""
        logins = body.get("Logins") or {}
        if not logins:
            if not self._guests:
                raise _not_authorized(
                    "Unauthenticated access is not supported for this identity pool."
                )
            return None
        if not isinstance(logins, dict) or set(logins) != {self._provider}:
            raise _not_authorized("Token is not from a supported provider of this identity pool.")
        try:
            claims = verified_claims(str(logins[self._provider]))
        except ValueError:
            raise _not_authorized(
                "Invalid login token. Not a valid OpenId Connect identity token."
            ) from None
        if claims is None or claims.get("iss") != self._issuer:
            raise _not_authorized("Invalid login token. Issuer doesn't match providerName")
        if claims.get("aud") != self._client_id:
            raise _not_authorized("Invalid login token. Incorrect token audience.")
        now = int(self._now())
        if now >= claims["exp"]:
            raise _not_authorized(f"Invalid login token. Token expired: {now} >= {claims['exp']}")
        return str(claims["sub"])

    def _claims(self, identity: str, user: str | None) -> dict[str, Any]:
        """Return what AppSync knows of the owner of an identity's credentials."""
        kind = "unauthenticated" if user is None else "authenticated"
        role = "Guest" if user is None else "User"
        provider = f'"{self._provider}","{self._provider}:CognitoSignIn:{user}"'
        return {
            "accountId": ACCOUNT_ID,
            "userArn": (
                f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/Emulator{role}/CognitoIdentityCredentials"
            ),
            "username": f"AROAEMULATOR{role.upper()}:CognitoIdentityCredentials",
            "cognitoIdentityPoolId": self.pool_id,
            "cognitoIdentityId": identity,
            "cognitoIdentityAuthType": kind,
            "cognitoIdentityAuthProvider": None if user is None else provider,
        }


def _not_authorized(message: str) -> CognitoError:
    return CognitoError("NotAuthorizedException", message)
