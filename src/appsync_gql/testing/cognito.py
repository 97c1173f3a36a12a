"""A Cognito user pool: users, sign-in, refresh with and without rotation. No sockets.

Answers follow Cognito's API reference and the developer guide's page on refresh tokens
(https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..tokens import Tokens
from .keys import mint, verified
from .srp import SrpServer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Collection

__all__ = ["CognitoError", "Pool", "User"]


class CognitoError(Exception):
    """An error in Cognito's shape."""

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.name, self.message, self.status = name, message, status


@dataclass(slots=True)
class User:
    """One user of the pool."""

    username: str
    password: str = field(repr=False)
    groups: tuple[str, ...] = ()
    mfa_code: str | None = field(default=None, repr=False)
    must_change_password: bool = False
    disabled: bool = False
    sub: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(slots=True)
class _Family:
    """All refresh tokens that came of one sign-in; under rotation only the newest is valid."""

    user: User
    expires_at: float
    origin: str = field(default_factory=lambda: str(uuid.uuid4()))
    current: str = field(default="", repr=False)
    retired: dict[str, float] = field(default_factory=dict, repr=False)
    revoked: bool = False


@dataclass(slots=True, kw_only=True)
class Pool:
    """The user pool and its one app client."""

    pool_id: str
    client_id: str
    client_secret: str | None = field(repr=False)
    issuer: str
    token_lifetime: int
    refresh_token_lifetime: int
    rotation: bool
    grace_period: float
    device_remembering: bool
    has_new_call: bool
    now: Callable[[], float]
    counters: Counter[str]
    users: dict[str, User] = field(default_factory=dict)
    _families: dict[str, _Family] = field(default_factory=dict, repr=False)
    _challenges: dict[str, tuple[User, SrpServer | None]] = field(default_factory=dict, repr=False)

    # -- tokens ---------------------------------------------------------------

    def issue(
        self, user: User, *, lifetime: int | None = None, issued_ago: float = 0.0
    ) -> tuple[dict[str, Any], _Family]:
        """Start a session; return Cognito's ``AuthenticationResult`` and the family."""
        family = _Family(user, self.now() + self.refresh_token_lifetime)
        result = self._result(family, lifetime=lifetime, issued_ago=issued_ago)
        result["RefreshToken"] = self._next_refresh_token(family)
        return result, family

    def tokens(self, user: User, lifetime: int | None, issued_ago: float) -> Tokens:
        """Start a session without a socket."""
        result, _ = self.issue(user, lifetime=lifetime, issued_ago=issued_ago)
        return Tokens(
            access_token=result["AccessToken"],
            id_token=result["IdToken"],
            refresh_token=result["RefreshToken"],
        )

    def claims(
        self, user: User, use: str, family_id: str, lifetime: int, issued_ago: float
    ) -> dict[str, Any]:
        """Make the claims of an access or ID token of this moment; whole seconds."""
        issued_at = int(self.now() - issued_ago)
        claims: dict[str, Any] = {
            "sub": user.sub,
            "iss": self.issuer,
            "token_use": use,
            "auth_time": issued_at,
            "iat": issued_at,
            "exp": issued_at + lifetime,
            "jti": str(uuid.uuid4()),
            "origin_jti": family_id,
            "event_id": str(uuid.uuid4()),
        }
        if user.groups:
            claims["cognito:groups"] = list(user.groups)
        if use == "access":
            claims |= {"client_id": self.client_id, "username": user.username}
            return claims | {"scope": "aws.cognito.signin.user.admin"}
        return claims | {"aud": self.client_id, "cognito:username": user.username}

    def revoke_all(self, username: str) -> None:
        """Sign a user out everywhere: refresh tokens die, JWTs live on until they expire."""
        for family in self._families.values():
            if family.user.username == username:
                family.revoked = True

    def _result(
        self, family: _Family, *, lifetime: int | None = None, issued_ago: float = 0.0
    ) -> dict[str, Any]:
        seconds = self.token_lifetime if lifetime is None else lifetime
        access, id_ = (
            mint(self.claims(family.user, use, family.origin, seconds, issued_ago))
            for use in ("access", "id")
        )
        self.counters["issued"] += 1
        return {
            "AccessToken": access,
            "IdToken": id_,
            "ExpiresIn": seconds,
            "TokenType": "Bearer",
        }

    def _next_refresh_token(self, family: _Family) -> str:
        if family.current:
            family.retired[family.current] = self.now()
        family.current = secrets.token_urlsafe(96)
        self._families[family.current] = family
        return family.current

    # -- the calls --------------------------------------------------------------

    def call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer one call.

        Raises:
            CognitoError: as Cognito would.
        """
        calls: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "InitiateAuth": self._initiate_auth,
            "RespondToAuthChallenge": self._respond,
            "RevokeToken": self._revoke,
            "GlobalSignOut": self._global_sign_out,
        }
        if self.has_new_call:
            calls["GetTokensFromRefreshToken"] = self._get_tokens
        if operation not in calls:
            raise CognitoError(
                "CognitoLocal#Unsupported", f"Unsupported feature: {operation}", status=500
            )
        if operation != "GlobalSignOut" and body.get("ClientId") != self.client_id:
            raise CognitoError(
                "ResourceNotFoundException",
                f"User pool client {body.get('ClientId')} does not exist.",
            )
        return calls[operation](body)

    def _initiate_auth(self, body: dict[str, Any]) -> dict[str, Any]:
        flow, given = body.get("AuthFlow"), body.get("AuthParameters") or {}
        if flow in {"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"}:
            if self.rotation:
                # Which error AWS gives here is not documented; the flow is off.
                raise CognitoError(
                    "InvalidParameterException", "Refresh flow is not allowed with rotation"
                )
            family = self._family(given.get("REFRESH_TOKEN", ""), given.get("DEVICE_KEY"))
            self._check_hash(given.get("SECRET_HASH"), family.user.username)
            return self._refreshed(family)
        username = given.get("USERNAME", "")
        self._check_hash(given.get("SECRET_HASH"), username)
        if flow == "USER_PASSWORD_AUTH":
            return self._after_password(self._checked(username, given.get("PASSWORD", "")))
        if flow == "USER_SRP_AUTH":
            user = self._known(username)
            server = SrpServer(self.pool_id, user.username, user.password, given.get("SRP_A", ""))
            session = self._challenge(user, server)
            return {
                "ChallengeName": "PASSWORD_VERIFIER",
                "Session": session,
                "ChallengeParameters": server.parameters(),
            }
        raise CognitoError("InvalidParameterException", f"{flow} is not enabled for the client")

    def _respond(self, body: dict[str, Any]) -> dict[str, Any]:
        name, given = body.get("ChallengeName"), body.get("ChallengeResponses") or {}
        self._check_hash(given.get("SECRET_HASH"), given.get("USERNAME", ""))
        if name == "PASSWORD_VERIFIER":
            block = given.get("PASSWORD_CLAIM_SECRET_BLOCK", "")
            user, server = self._challenges.pop(block, (None, None))
            if user is None or server is None or not server.proves_password(given):
                raise CognitoError("NotAuthorizedException", "Incorrect username or password.")
            return self._after_password(user)
        user, _ = self._challenges.pop(str(body.get("Session")), (None, None))
        if user is None:
            raise CognitoError("NotAuthorizedException", "Invalid session for the user.")
        if name == "SOFTWARE_TOKEN_MFA":
            if given.get("SOFTWARE_TOKEN_MFA_CODE") != user.mfa_code:
                raise CognitoError("CodeMismatchException", "Invalid code received for user")
        elif name == "NEW_PASSWORD_REQUIRED":
            user.password, user.must_change_password = given.get("NEW_PASSWORD", ""), False
        else:
            raise CognitoError("InvalidParameterException", f"No such challenge: {name}")
        return {"AuthenticationResult": self.issue(user)[0]}

    def _get_tokens(self, body: dict[str, Any]) -> dict[str, Any]:
        if self.client_secret is not None and body.get("ClientSecret") != self.client_secret:
            raise CognitoError(
                "NotAuthorizedException", f"Unable to verify client secret for {self.client_id}"
            )
        return self._refreshed(self._family(body.get("RefreshToken", ""), body.get("DeviceKey")))

    def _revoke(self, body: dict[str, Any]) -> dict[str, Any]:
        family = self._families.get(body.get("Token", ""))
        if family is not None:
            family.revoked = True
        return {}

    def _global_sign_out(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            claims = verified(body.get("AccessToken", ""))
        except ValueError:
            claims = None
        if claims is None or claims["exp"] <= self.now():
            raise CognitoError("NotAuthorizedException", "Invalid Access Token")
        self.revoke_all(claims["username"])
        return {}

    # -- rules --------------------------------------------------------------------

    def _family(self, refresh_token: str, device_key: str | None) -> _Family:
        family = self._families.get(refresh_token)
        if family is None:
            raise CognitoError("NotAuthorizedException", "Invalid Refresh Token.")
        retired_at = family.retired.get(refresh_token)
        if retired_at is not None and self.now() - retired_at >= self.grace_period:
            family.revoked = True
            self.counters["reuse"] += 1
            raise CognitoError("RefreshTokenReuseException", "Refresh token reuse detected")
        if family.revoked:
            raise CognitoError("NotAuthorizedException", "Refresh Token has been revoked")
        if family.expires_at <= self.now():
            raise CognitoError("NotAuthorizedException", "Refresh Token has expired")
        if family.user.disabled:
            raise CognitoError("NotAuthorizedException", "User is disabled.")
        if self.device_remembering and not device_key:
            raise CognitoError("InvalidParameterException", "Missing required parameter DEVICE_KEY")
        return family

    def _refreshed(self, family: _Family) -> dict[str, Any]:
        result = self._result(family)
        if self.rotation:
            result["RefreshToken"] = self._next_refresh_token(family)
        self.counters["refreshes"] += 1
        return {"AuthenticationResult": result}

    def _known(self, username: str) -> User:
        user = self.users.get(username)
        if user is None:
            raise CognitoError("NotAuthorizedException", "Incorrect username or password.")
        if user.disabled:
            raise CognitoError("NotAuthorizedException", "User is disabled.")
        return user

    def _checked(self, username: str, password: str) -> User:
        user = self._known(username)
        if not hmac.compare_digest(user.password.encode(), password.encode()):
            raise CognitoError("NotAuthorizedException", "Incorrect username or password.")
        return user

    def _after_password(self, user: User) -> dict[str, Any]:
        name = None
        if user.must_change_password:
            name = "NEW_PASSWORD_REQUIRED"
        elif user.mfa_code is not None:
            name = "SOFTWARE_TOKEN_MFA"
        if name is None:
            return {"AuthenticationResult": self.issue(user)[0]}
        return {
            "ChallengeName": name,
            "Session": self._challenge(user, None),
            "ChallengeParameters": {"USER_ID_FOR_SRP": user.username},
        }

    def _challenge(self, user: User, server: SrpServer | None) -> str:
        session = secrets.token_urlsafe(48)
        self._challenges[session] = (user, server)
        if server is not None:
            self._challenges[server.secret_block] = (user, server)
        return session

    def _check_hash(self, given: str | None, username: str) -> None:
        if self.client_secret is None:
            return
        client = self.client_id
        if not given:
            raise CognitoError(
                "NotAuthorizedException",
                f"Client {client} is configured with secret but SECRET_HASH was not received",
            )
        text = (username + client).encode()
        right = hmac.new(self.client_secret.encode(), text, hashlib.sha256).digest()
        if given != base64.b64encode(right).decode():
            raise CognitoError(
                "NotAuthorizedException", f"SecretHash does not match for the client: {client}"
            )


def user_of(pool: Pool, username: str) -> User:
    """Return a user.

    Raises:
        KeyError: there is none of that name; the message lists those there are.
    """
    if username not in pool.users:
        msg = f"no user {username!r}; there are {sorted(pool.users)}: add_user() makes one"
        raise KeyError(msg)
    return pool.users[username]


def with_groups(user: User, groups: Collection[str]) -> None:
    """Change a user's groups; tokens issued from now on show them."""
    user.groups = tuple(groups)
