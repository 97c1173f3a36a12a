"""Challenges that wait for their responses, each found by its session string."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .cognito_error import CognitoError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from .srp import SrpServer
    from .users import User

    Step: TypeAlias = "SignedIn | dict[str, Any]"
    """A completed sign-in, or the next challenge in Cognito's shape."""

__all__ = ["Challenge", "PendingChallenges", "SignedIn", "challenge_shape"]

_LIFETIME = 180
"""Seconds: Cognito's default of ``AuthSessionValidity``."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that is complete.

    Attributes:
        user: who signed in.
        device_key: the device that proved itself, or was named; ``None`` for a new one.
    """

    user: User
    device_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A challenge that waits for its response."""

    name: str
    user: User
    expires_at: float = 0.0
    device_key: str | None = None
    srp: SrpServer | None = None
    first_factor: bool = False
    new_secret: str | None = None
    verified: bool = False
    attempt: int = 0
    answered: int = 0


class PendingChallenges:
    """The challenges of all sign-ins in progress.

    Args:
        now: the server's clock, seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._challenges: dict[str, Challenge] = {}

    def put(self, challenge: Challenge) -> str:
        """Add a challenge and return its session string."""
        now, session = self._now(), secrets.token_urlsafe(48)
        self._challenges = {k: c for k, c in self._challenges.items() if c.expires_at > now}
        self._challenges[session] = replace(challenge, expires_at=now + _LIFETIME)
        return session

    def get(self, session: object, username: str | None) -> Challenge:
        """Return the challenge of a session.

        Args:
            session: the session string.
            username: as sent; ``None`` for a call without a name.

        Raises:
            CognitoError: there is none, or it has expired, or it is another user's.
        """
        challenge = self._challenges.get(session) if isinstance(session, str) else None
        if challenge is None or username not in {None, challenge.user.username}:
            raise CognitoError("NotAuthorizedException", "Invalid session for the user.")
        if challenge.expires_at <= self._now():
            raise CognitoError(
                "NotAuthorizedException", "Invalid session for the user, session is expired."
            )
        return challenge

    def remove(self, session: object) -> None:
        """Remove a challenge that was answered."""
        self._challenges.pop(str(session), None)

    def take_proof(self, secret_block: str) -> Challenge | None:
        """Remove and return the SRP challenge with this block; ``None`` if it is not alive."""
        for session, challenge in self._challenges.items():
            if challenge.srp is not None and challenge.srp.secret_block == secret_block:
                del self._challenges[session]
                return challenge if challenge.expires_at > self._now() else None
        return None


def challenge_shape(name: str, session: str, parameters: dict[str, str]) -> dict[str, Any]:
    """Return a challenge as the calls return it."""
    return {"ChallengeName": name, "Session": session, "ChallengeParameters": parameters}
