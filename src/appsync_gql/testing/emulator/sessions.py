"""Sessions and their refresh tokens: rotation, grace period, reuse. It opens no sockets.

Rules: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .cognito_error import CognitoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .users import User

__all__ = ["Session", "Sessions"]


@dataclass(slots=True)
class Session:
    """One sign-in, from its first refresh token to its revocation.

    Attributes:
        user: who signed in.
        signed_in_at: seconds since the epoch.
        expires_at: when all of its refresh tokens expire, in seconds since the epoch;
            rotation does not prolong a session.
        origin_jti: the claim of that name in all its JWTs.
        revoked: whether the session has ended.
        retired: the refresh tokens that rotation has replaced, each with the time at which it
            was replaced first.
    """

    user: User
    signed_in_at: float
    expires_at: float
    origin_jti: str = field(default_factory=lambda: str(uuid.uuid4()))
    revoked: bool = False
    retired: dict[str, float] = field(default_factory=dict, repr=False)


class Sessions:
    """The refresh tokens of one app client.

    Args:
        now: the server's clock.
        lifetime: seconds from sign-in to the end of the session.
        rotation: whether a refresh retires the token it was made with.
        grace_period: seconds that a retired token remains valid.
    """

    def __init__(
        self, now: Callable[[], float], *, lifetime: int, rotation: bool, grace_period: float
    ) -> None:
        self.rotation = rotation
        self._now, self._lifetime, self._grace = now, lifetime, grace_period
        self._by_token: dict[str, Session] = {}

    def start(self, user: User) -> tuple[Session, str]:
        """Start a session; return it and its first refresh token."""
        now = self._now()
        session = Session(user, now, now + self._lifetime)
        return session, self._new_token(session)

    def find(self, token: str) -> Session:
        """Return the session of a valid refresh token.

        Raises:
            CognitoError: the token is not valid. Reuse of a retired token also ends the session.
        """
        session = self._by_token.get(token)
        if session is None:
            raise CognitoError("NotAuthorizedException", "Invalid Refresh Token.")
        if session.revoked:
            raise CognitoError("NotAuthorizedException", "Refresh Token has been revoked")
        retired_at = session.retired.get(token)
        if retired_at is not None and self._now() - retired_at >= self._grace:
            session.revoked = True
            raise CognitoError("RefreshTokenReuseException", "Refresh token reuse detected")
        if session.expires_at <= self._now():
            raise CognitoError("NotAuthorizedException", "Refresh Token has expired")
        if session.user.disabled:
            raise CognitoError("NotAuthorizedException", "User is disabled.")
        return session

    def rotate(self, token: str) -> str | None:
        """Retire a token that was used and return its successor; ``None`` without rotation.

        Only the submitted token is retired: if its response is lost and the client tries again
        within the grace period, both successors are valid
        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html).
        """
        if not self.rotation:
            return None
        session = self._by_token[token]
        session.retired.setdefault(token, self._now())
        return self._new_token(session)

    def revoke(self, token: str) -> None:
        """End the session of a refresh token; an unknown token is no error."""
        session = self._by_token.get(token)
        if session is not None:
            session.revoked = True

    def revoke_all(self, username: str) -> None:
        """End all sessions of a user."""
        for session in self._by_token.values():
            if session.user.username == username:
                session.revoked = True

    def is_revoked(self, origin_jti: str) -> bool:
        """Return whether the session with that ``origin_jti`` has ended."""
        return any(s.revoked for s in self._by_token.values() if s.origin_jti == origin_jti)

    def _new_token(self, session: Session) -> str:
        token = secrets.token_urlsafe(96)
        self._by_token[token] = session
        return token
