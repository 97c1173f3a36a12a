"""The authorization mode of Cognito user pools: a JWT of the pool in ``Authorization``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .authorization import unauthorized_exception, without_scheme
from .recorded_requests import without_token
from .resolvers import USER_POOLS, Caller
from .token_signing import verified_claims

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .authorization import AuthorizationRequest

__all__ = ["UserPoolMode"]


class UserPoolMode:
    """Accepts the access and ID tokens of one user pool and app client.

    Args:
        issuer: ``iss`` of the pool's tokens.
        client_id: of the app client.
        now: the server's clock, seconds since the epoch.
    """

    name, denies_fields = USER_POOLS, False

    def __init__(self, *, issuer: str, client_id: str, now: Callable[[], float]) -> None:
        self._issuer, self._client_id, self._now = issuer, client_id, now

    def recognizes(self, request: AuthorizationRequest) -> bool:
        """Return whether there is an ``Authorization`` header."""
        return bool(request.headers.get("Authorization"))

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return the user.

        Raises:
            AuthorizationFailed: the token is no JWT, is not from this pool, or has expired.
        """
        try:
            claims = verified_claims(without_scheme(request.headers["Authorization"]))
        except ValueError:
            raise unauthorized_exception("Unable to parse JWT token.") from None
        if claims is None or not self._is_for_this_api(claims):
            raise unauthorized_exception()
        if claims["exp"] <= self._now():
            raise unauthorized_exception("Token has expired.")
        return Caller(claims, headers=without_token(request.headers))

    def _is_for_this_api(self, claims: Mapping[str, Any]) -> bool:
        clients = {claims.get("client_id"), claims.get("aud")}
        return claims.get("iss") == self._issuer and self._client_id in clients
