"""Refresh tokens: which are valid, which are retired, and what reuse does. No sockets.

Rules: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import CognitoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .sign_in import User

__all__ = ["Family", "Sessions"]


@dataclass(slots=True)
class Family:
    """All refresh tokens that came of one sign-in.

    Attributes:
        user: who signed in.
        signed_in_at: when, seconds since the epoch.
        expires_at: when every one of its tokens ends: rotation doesn't prolong a session.
        origin: the claim ``origin_jti`` of all its JWTs.
        revoked: whether it is over.
        retired: when each token that was rotated out was first used.
    """

    user: User
    signed_in_at: float
    expires_at: float
    origin: str = field(default_factory=lambda: str(uuid.uuid4()))
    revoked: bool = False
    retired: dict[str, float] = field(default_factory=dict, repr=False)


class Sessions:
    """The refresh tokens of one app client.

    Args:
        now: the server's clock.
        lifetime: seconds from sign-in to the end of the session.
        rotation: whether a refresh retires the token it was made with.
        grace_period: seconds that a retired token still works.
    """

    def __init__(
        self, now: Callable[[], float], *, lifetime: int, rotation: bool, grace_period: float
    ) -> None:
        self.rotation = rotation
        self._now, self._lifetime, self._grace = now, lifetime, grace_period
        self._families: dict[str, Family] = {}

    def start(self, user: User) -> tuple[Family, str]:
        """Begin a session; return it and its first refresh token."""
        now = self._now()
        family = Family(user, now, now + self._lifetime)
        return family, self._token(family)

    def find(self, token: str) -> Family:
        """Return the session that a refresh token may still renew.

        Raises:
            CognitoError: it may not. Reuse of a retired token also ends the session.
        """
        family = self._families.get(token)
        if family is None:
            raise CognitoError("NotAuthorizedException", "Invalid Refresh Token.")
        if family.revoked:
            raise CognitoError("NotAuthorizedException", "Refresh Token has been revoked")
        retired_at = family.retired.get(token)
        if retired_at is not None and self._now() - retired_at >= self._grace:
            family.revoked = True
            raise CognitoError("RefreshTokenReuseException", "Refresh token reuse detected")
        if family.expires_at <= self._now():
            raise CognitoError("NotAuthorizedException", "Refresh Token has expired")
        if family.user.disabled:
            raise CognitoError("NotAuthorizedException", "User is disabled.")
        return family

    def rotate(self, token: str) -> str | None:
        """Retire a token that was just used, and make its successor; ``None`` without rotation.

        Only the submitted token is retired: a retry within the grace period
        leaves the successor that got lost on its way valid
        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html).
        """
        if not self.rotation:
            return None
        family = self._families[token]
        family.retired.setdefault(token, self._now())
        return self._token(family)

    def revoke(self, token: str) -> None:
        """End the session of a refresh token; one that is not known is no error."""
        family = self._families.get(token)
        if family is not None:
            family.revoked = True

    def revoke_all(self, username: str) -> None:
        """End all sessions of a user."""
        for family in self._families.values():
            if family.user.username == username:
                family.revoked = True

    def is_revoked(self, origin: str) -> bool:
        """Tell whether the session with that ``origin_jti`` is over."""
        return any(f.revoked for f in self._families.values() if f.origin == origin)

    def _token(self, family: Family) -> str:
        token = secrets.token_urlsafe(96)
        self._families[token] = family
        return token
