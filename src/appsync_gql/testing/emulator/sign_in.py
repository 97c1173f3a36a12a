"""Users, and how they sign in: password, SRP, and the challenges after it. No sockets.

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

from ...exceptions import MissingExtra
from .errors import CognitoError
from .srp import SrpServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SignIn", "User"]

_CHALLENGE_LIFETIME = 180
"""Seconds: Cognito's default of ``AuthSessionValidity``."""

_TIMESTAMP = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [1-9]\d? \d\d:\d\d:\d\d UTC \d{4}")


@dataclass(slots=True)
class User:
    """One user of the pool."""

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
    name: str
    user: User
    expires_at: float
    srp: SrpServer | None = None


class SignIn:
    """The users of one pool, and the sign-ins under way.

    Each step ends in the user, who has then proved enough, or in a challenge in
    Cognito's shape.

    Args:
        pool_id: SRP mixes the pool's name into the password.
        now: the server's clock.
    """

    def __init__(self, pool_id: str, now: Callable[[], float]) -> None:
        self.users: dict[str, User] = {}
        self._pool_id, self._now = pool_id, now
        self._challenges: dict[str, _Challenge] = {}

    def begin(self, flow: object, given: Mapping[str, str]) -> User | dict[str, Any]:
        """Answer the first step.

        Raises:
            CognitoError: wrong name or password, or a flow that there isn't.
        """
        if flow == "USER_PASSWORD_AUTH":
            user = self._known(given.get("USERNAME", ""))
            if not _same(user.password, given.get("PASSWORD", "")):
                raise _wrong_password()
            return self._after_password(user)
        if flow == "USER_SRP_AUTH":
            return self._begin_srp(self._known(given.get("USERNAME", "")), given.get("SRP_A", ""))
        raise CognitoError("InvalidParameterException", f"{flow} is not enabled for the client")

    def respond(
        self, name: object, session: object, given: Mapping[str, str]
    ) -> User | dict[str, Any]:
        """Answer a later step.

        Raises:
            CognitoError: the response is wrong, or not to a challenge under way.
        """
        if name == "PASSWORD_VERIFIER":
            return self._verify(given)
        challenge = self._challenges.get(session) if isinstance(session, str) else None
        if challenge is None or challenge.user.username != given.get("USERNAME"):
            raise CognitoError("NotAuthorizedException", "Invalid session for the user.")
        if challenge.expires_at <= self._now():
            raise CognitoError(
                "NotAuthorizedException", "Invalid session for the user, session is expired."
            )
        if challenge.name != name:
            raise CognitoError("InvalidParameterException", f"The challenge is {challenge.name}")
        user = challenge.user
        if name == "SOFTWARE_TOKEN_MFA":
            if not _same(user.mfa_code or "", given.get("SOFTWARE_TOKEN_MFA_CODE", "")):
                raise CognitoError("CodeMismatchException", "Invalid code received for user")
            del self._challenges[str(session)]
            return user
        if not given.get("NEW_PASSWORD"):
            raise CognitoError("InvalidParameterException", "Missing required parameter")
        user.password, user.must_change_password = given["NEW_PASSWORD"], False
        del self._challenges[str(session)]
        return self._after_password(user)

    def _begin_srp(self, user: User, big_a: str) -> dict[str, Any]:
        try:
            server = SrpServer(self._pool_id, user.username, user.password, big_a)
        except ValueError as error:
            raise CognitoError("InvalidParameterException", str(error)) from None
        except MissingExtra as error:
            raise CognitoError("InternalErrorException", str(error), status=500) from None
        return self._challenge("PASSWORD_VERIFIER", user, server.parameters(), server)

    def _verify(self, given: Mapping[str, str]) -> User | dict[str, Any]:
        if not _TIMESTAMP.fullmatch(given.get("TIMESTAMP", "")):
            raise CognitoError(
                "InvalidParameterException",
                "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.",
            )
        block = given.get("PASSWORD_CLAIM_SECRET_BLOCK", "")
        found = [k for k, c in self._challenges.items() if c.srp and c.srp.secret_block == block]
        challenge = self._challenges.pop(found[0]) if found else None
        if (
            challenge is None
            or challenge.srp is None
            or challenge.expires_at <= self._now()
            or challenge.user.username != given.get("USERNAME")
            or not challenge.srp.proves_password(given)
        ):
            raise _wrong_password()
        return self._after_password(challenge.user)

    def _known(self, username: str) -> User:
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


def _same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode())


def _wrong_password() -> CognitoError:
    # The same for an unknown user: Cognito's PreventUserExistenceErrors is on by default.
    return CognitoError("NotAuthorizedException", "Incorrect username or password.")
