"""The claims of the pool's JWTs. Pure."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .sessions import Session

__all__ = ["client_claims", "token_claims"]


def token_claims(
    session: Session, use: str, *, issuer: str, client_id: str, issued_at: int, lifetime: int
) -> dict[str, Any]:
    """Return the claims of a JWT; times are whole seconds.

    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html

    Args:
        session: whose it is.
        use: ``"access"`` or ``"id"``.
        issuer: the user pool's URL.
        client_id: the app client.
        issued_at: seconds since the epoch.
        lifetime: seconds.
    """
    user = session.user
    claims: dict[str, Any] = {
        "sub": user.sub,
        "iss": issuer,
        "token_use": use,
        "auth_time": min(int(session.signed_in_at), issued_at),
        "iat": issued_at,
        "exp": issued_at + lifetime,
        "jti": str(uuid.uuid4()),
        "origin_jti": session.origin_jti,
        "event_id": str(uuid.uuid4()),
    }
    if user.groups:
        claims["cognito:groups"] = list(user.groups)
    if use == "access":
        claims |= {"client_id": client_id, "username": user.username}
        return claims | {"scope": "aws.cognito.signin.user.admin"}
    return {**user.attributes, **claims, "aud": client_id, "cognito:username": user.username}


def client_claims(
    *, issuer: str, client_id: str, scope: str, issued_at: int, lifetime: int
) -> dict[str, Any]:
    """Return the claims of an access token that an app client got for itself; no user is in it.

    Args:
        issuer: the user pool's URL.
        client_id: the app client, which is also the subject.
        scope: as asked for; empty for the one that the emulator's app client has.
        issued_at: seconds since the epoch.
        lifetime: seconds.
    """
    return {
        "sub": client_id,
        "iss": issuer,
        "token_use": "access",
        "version": 2,
        "auth_time": issued_at,
        "iat": issued_at,
        "exp": issued_at + lifetime,
        "jti": str(uuid.uuid4()),
        "client_id": client_id,
        "scope": scope or "emulator/read",
    }
