"""Users and their sign-in: password, SRP, and the challenges after it. It opens no sockets.

Challenges: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...providers.srp import SrpIdentity
from .cognito_error import CognitoError
from .srp import SrpServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SignIn", "User"]

_CHALLENGE_LIFETIME = 180
"""Seconds: Cognito's default of ``AuthSessionValidity``."""

_TIMESTAMP = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [1-9]\d? \d\d:\d\d:\d\d UTC \d{4}")


@dataclass(slots=True)
class User:
    """One user of the pool.

    Attributes:
        username: the pool's name of the user.
        password: the right one.
        groups: ``cognito:groups``.
        mfa_code: the right response to ``SOFTWARE_TOKEN_MFA``; ``None`` for no such challenge.
        must_change_password: whether sign-in ends in ``NEW_PASSWORD_REQUIRED``.
        attributes: claims of the ID token.
        disabled: whether sign-in and refresh fail.
        sub: the claim of that name.
    """

    username: str
    password: str = field(repr=False)
    groups: tuple[str, ...] = ()
    mfa_code: str | None = field(default=None, repr=False)
    must_change_password: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    disabled: bool = False
    sub: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, slots=True)
class _Challenge:
    """A challenge that waits for its response."""

    name: str
    user: User
    expires_at: float
    srp: SrpServer | None = None


class SignIn:
    """The users of one pool, and their sign-ins in progress.

    Each step returns the user if the sign-in is complete, and otherwise the next challenge in
    Cognito's shape.

    Args:
        pool_id: SRP needs the pool's name.
        now: the server's clock, seconds since the epoch.
    """

    def __init__(self, pool_id: str, now: Callable[[], float]) -> None:
        self.users: dict[str, User] = {}
        self._pool_id, self._now = pool_id, now
        self._challenges: dict[str, _Challenge] = {}

    def begin(self, flow: object, parameters: Mapping[str, str]) -> User | dict[str, Any]:
        """Begin a sign-in.

        Args:
            flow: ``AuthFlow``.
            parameters: ``AuthParameters``.

        Raises:
            CognitoError: the name or the password is wrong, or there is no such flow.
        """
        if flow == "USER_PASSWORD_AUTH":
            user = self._enabled_user(parameters.get("USERNAME", ""))
            if not _equal(user.password, parameters.get("PASSWORD", "")):
                raise _wrong_password()
            return self._after_password(user)
        if flow == "USER_SRP_AUTH":
            user = self._enabled_user(parameters.get("USERNAME", ""))
            return self._begin_srp(user, parameters.get("SRP_A", ""))
        raise CognitoError("InvalidParameterException", f"{flow} is not enabled for the client")

    def respond(
        self, name: object, session: object, responses: Mapping[str, str]
    ) -> User | dict[str, Any]:
        """Continue a sign-in with the response to a challenge.

        Args:
            name: ``ChallengeName``.
            session: ``Session``.
            responses: ``ChallengeResponses``.

        Raises:
            CognitoError: the response is wrong, or there is no such challenge.
        """
        if name == "PASSWORD_VERIFIER":
            return self._verify_password(responses)
        challenge = self._challenges.get(session) if isinstance(session, str) else None
        if challenge is None or challenge.user.username != responses.get("USERNAME"):
            raise CognitoError("NotAuthorizedException", "Invalid session for the user.")
        if challenge.expires_at <= self._now():
            raise CognitoError(
                "NotAuthorizedException", "Invalid session for the user, session is expired."
            )
        if challenge.name != name:
            raise CognitoError("InvalidParameterException", f"The challenge is {challenge.name}")
        step = self._next_step(challenge, responses)
        self._challenges.pop(str(session), None)
        return step

    def _next_step(
        self, challenge: _Challenge, responses: Mapping[str, str]
    ) -> User | dict[str, Any]:
        """Check the response to a code or password challenge; return the next step."""
        user = challenge.user
        if challenge.name == "SOFTWARE_TOKEN_MFA":
            if not _equal(user.mfa_code or "", responses.get("SOFTWARE_TOKEN_MFA_CODE", "")):
                raise CognitoError("CodeMismatchException", "Invalid code received for user")
            return user
        if not responses.get("NEW_PASSWORD"):
            raise CognitoError("InvalidParameterException", "Missing required parameter")
        user.password, user.must_change_password = responses["NEW_PASSWORD"], False
        return self._after_password(user)

    def _begin_srp(self, user: User, big_a: str) -> dict[str, Any]:
        identity = SrpIdentity(self._pool_id.split("_", 1)[1], user.username)
        try:
            server = SrpServer.of_password(identity, user.password, big_a)
        except ValueError as error:
            raise CognitoError("InvalidParameterException", str(error)) from None
        names = {"USERNAME": user.username, "USER_ID_FOR_SRP": user.username}
        return self._challenge("PASSWORD_VERIFIER", user, names | server.parameters(), server)

    def _verify_password(self, responses: Mapping[str, str]) -> User | dict[str, Any]:
        if not _TIMESTAMP.fullmatch(responses.get("TIMESTAMP", "")):
            raise CognitoError(
                "InvalidParameterException",
                "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.",
            )
        block = responses.get("PASSWORD_CLAIM_SECRET_BLOCK", "")
        found = [k for k, c in self._challenges.items() if c.srp and c.srp.secret_block == block]
        challenge = self._challenges.pop(found[0]) if found else None
        if (
            challenge is None
            or challenge.srp is None
            or challenge.expires_at <= self._now()
            or challenge.user.username != responses.get("USERNAME")
            or not challenge.srp.proves_password(responses)
        ):
            raise _wrong_password()
        return self._after_password(challenge.user)

    def _enabled_user(self, username: str) -> User:
        user = self.users.get(username)
        if user is None:
            raise _wrong_password()
        if user.disabled:
            raise CognitoError("NotAuthorizedException", "User is disabled.")
        return user

    def _after_password(self, user: User) -> User | dict[str, Any]:
        parameters = {"USER_ID_FOR_SRP": user.username}
        if user.must_change_password:
            attributes = json.dumps(dict(user.attributes))
            parameters |= {"requiredAttributes": "[]", "userAttributes": attributes}
            return self._challenge("NEW_PASSWORD_REQUIRED", user, parameters)
        if user.mfa_code is not None:
            return self._challenge("SOFTWARE_TOKEN_MFA", user, parameters)
        return user

    def _challenge(
        self, name: str, user: User, parameters: dict[str, str], srp: SrpServer | None = None
    ) -> dict[str, Any]:
        now, session = self._now(), secrets.token_urlsafe(48)
        self._challenges = {k: c for k, c in self._challenges.items() if c.expires_at > now}
        self._challenges[session] = _Challenge(name, user, now + _CHALLENGE_LIFETIME, srp)
        return {"ChallengeName": name, "Session": session, "ChallengeParameters": parameters}


def _equal(expected: str, received: str) -> bool:
    return hmac.compare_digest(expected.encode(), received.encode())


def _wrong_password() -> CognitoError:
    # An unknown user gets the same error: PreventUserExistenceErrors is Cognito's default.
    return CognitoError("NotAuthorizedException", "Incorrect username or password.")
