"""The authorization mode of OpenID Connect, and the issuer of its tokens."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import jwt

from .authorization import unauthorized_exception, without_scheme
from .recorded_requests import without_token
from .resolvers import OIDC, Caller
from .token_signing import jwks, sign_token, verified_claims

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .authorization import AuthorizationRequest

__all__ = ["OidcMode"]

_OWNER = "oidc"
_CLIENT_ID = "emulator-oidc-client"


class OidcMode:
    """Issues tokens and accepts them.

    Args:
        issuer: ``iss`` of the tokens.
        now: the server's clock, seconds since the epoch.
    """

    name, denies_fields = OIDC, False

    def __init__(self, issuer: str, *, now: Callable[[], float]) -> None:
        self._issuer, self._now = issuer, now

    def issue(
        self, subject: str, lifetime: int, issued_ago: float, claims: Mapping[str, Any]
    ) -> str:
        """Return a signed ID token.

        Args:
            subject: the claim ``sub``.
            lifetime: seconds for which it is valid.
            issued_ago: seconds by which it is older than now.
            claims: added to the others, or replacing them.
        """
        issued_at = int(self._now() - issued_ago)
        return sign_token(
            {
                "iss": self._issuer,
                "sub": subject,
                "aud": _CLIENT_ID,
                "iat": issued_at,
                "auth_time": issued_at,
                "exp": issued_at + lifetime,
                "jti": str(uuid.uuid4()),
                **claims,
            },
            owner=_OWNER,
        )

    def discovery(self, base_url: str) -> dict[str, Any]:
        """Return the document at ``/.well-known/openid-configuration``.

        Args:
            base_url: the emulator's URL of the issuer.
        """
        return {
            "issuer": self._issuer,
            "jwks_uri": f"{base_url}/.well-known/jwks.json",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
        }

    def jwks(self) -> dict[str, Any]:
        """Return the public key of the issuer (RFC 7517)."""
        return jwks(owner=_OWNER)

    def recognizes(self, request: AuthorizationRequest) -> bool:
        """Return whether ``Authorization`` is a JWT that claims to be from the issuer."""
        token = without_scheme(request.headers.get("Authorization") or "")
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return False
        return bool(claims.get("iss") == self._issuer)

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return the user.

        Raises:
            AuthorizationFailed: the token is forged or has expired.
        """
        try:
            claims = verified_claims(without_scheme(request.headers["Authorization"]), owner=_OWNER)
        except ValueError:
            claims = None
        if claims is None:
            raise unauthorized_exception()
        if claims["exp"] <= self._now():
            raise unauthorized_exception("Token has expired.")
        return Caller(claims, mode=OIDC, headers=without_token(request.headers))
