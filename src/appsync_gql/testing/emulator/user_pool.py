"""A Cognito user pool and its calls: sign-in, refresh, revocation. It opens no sockets.

Names and shapes of the calls: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...tokens import Tokens
from .accounts import Accounts
from .cognito_error import CognitoError
from .parameters import check_secret_hash, text, texts
from .pending_challenges import SignedIn
from .sessions import Session, Sessions
from .token_claims import token_claims
from .token_signing import sign_token, verified_claims
from .users import RememberedDevice, User

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

    from .sign_in import SignIn

__all__ = ["UserPool"]

_Body = dict[str, Any]
_WITHOUT_CLIENT_ID = {
    "AssociateSoftwareToken",
    "ChangePassword",
    "ConfirmDevice",
    "GlobalSignOut",
    "UpdateDeviceStatus",
    "VerifySoftwareToken",
}
_WITH_USERNAME = {"ConfirmForgotPassword", "ConfirmSignUp", "ForgotPassword", "SignUp"}
_REFRESH_FLOWS = {"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"}


@dataclass(slots=True, kw_only=True)
class UserPool:
    """A user pool with one app client. Every method may be called from any thread.

    Attributes:
        pool_id: of the pool.
        client_id: of the app client.
        client_secret: of the app client; ``None`` for a public one.
        issuer: ``iss`` of all tokens.
        token_lifetime: seconds that access and ID tokens live.
        device_remembering: whether a refresh needs a device key.
        gets_tokens_from_refresh_token: whether that call exists.
        now: the server's clock, seconds since the epoch.
        counters: see :class:`Emulator`.
        sessions: the refresh tokens.
        sign_in: the users.
    """

    pool_id: str
    client_id: str
    client_secret: str | None = field(repr=False)
    issuer: str
    token_lifetime: int
    device_remembering: bool
    gets_tokens_from_refresh_token: bool
    now: Callable[[], float]
    counters: Counter[str]
    sessions: Sessions = field(repr=False)
    sign_in: SignIn = field(repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    # -- for tests, without a socket ----------------------------------------------

    def add_user(self, user: User) -> None:
        """Add a user, or replace one."""
        with self._lock:
            self.sign_in.users[user.username] = user

    def user(self, username: str) -> User:
        """Return a user.

        Raises:
            KeyError: there is no user of that name; the message lists those that exist.
        """
        with self._lock:
            users = self.sign_in.users
            if username not in users:
                msg = f"no user {username!r}; there are {sorted(users)}: add_user() adds one"
                raise KeyError(msg)
            return users[username]

    def sign_out(self, username: str) -> None:
        """Revoke all refresh tokens of a user; JWTs stay valid until they expire."""
        with self._lock:
            self.sessions.revoke_all(self.user(username).username)

    def tokens(self, username: str, lifetime: int | None, issued_ago: float) -> Tokens:
        """Start a session and return its tokens.

        Args:
            username: the user.
            lifetime: seconds that the JWTs live; ``None`` for ``token_lifetime``.
            issued_ago: seconds by which they are older than now.
        """
        with self._lock:
            session, refresh_token = self.sessions.start(self.user(username))
            seconds = self.token_lifetime if lifetime is None else lifetime
            result = self._result(session, seconds, issued_ago)
        return Tokens(
            access_token=result["AccessToken"],
            id_token=result["IdToken"],
            refresh_token=refresh_token,
        )

    def check_password(self, given: Mapping[str, str]) -> str | None:
        """Return the user's name; ``None`` if more than ``USERNAME`` and ``PASSWORD`` is needed.

        Raises:
            CognitoError: the name or the password is wrong.
        """
        with self._lock:
            step = self.sign_in.begin("USER_PASSWORD_AUTH", given)
        return step.user.username if isinstance(step, SignedIn) else None

    def forged_token(self, username: str) -> str:
        """Return an access token whose claims are right, signed with another key."""
        session = Session(self.user(username), self.now(), self.now())
        return sign_token(self._claims(session, "access", 3600, 0.0), owner="forger")

    # -- the calls ----------------------------------------------------------------

    def call(self, operation: str, body: object) -> _Body:
        """Execute one call and return the body of its response.

        Args:
            operation: the call's name.
            body: the request's JSON; anything but a ``dict`` is an error.

        Raises:
            CognitoError: the error that Cognito would respond with.
        """
        calls = self._calls()
        if operation == "GetTokensFromRefreshToken" and not self.gets_tokens_from_refresh_token:
            # The exact response of cognito-local 5.3.0.
            message = (
                f'Cognito Local unsupported feature: Unsupported x-amz-target header "{operation}"'
            )
            raise CognitoError("CognitoLocal#Unsupported", message, status=500)
        if operation not in calls:
            raise CognitoError("UnknownOperationException", f"Unknown operation {operation}")
        if not isinstance(body, dict):
            raise CognitoError("SerializationException", "The body is not a JSON object")
        with self._lock:
            if operation not in _WITHOUT_CLIENT_ID and text(body, "ClientId") != self.client_id:
                message = f"User pool client {body['ClientId']} does not exist."
                raise CognitoError("ResourceNotFoundException", message)
            if operation in _WITH_USERNAME:
                self._check_hash(body, text(body, "Username"), "SecretHash")
            try:
                return calls[operation](body)
            except CognitoError as error:
                self.counters["reuse"] += error.name == "RefreshTokenReuseException"
                raise

    def _calls(self) -> dict[str, Callable[[_Body], _Body]]:
        accounts = Accounts(self.sign_in.users, self._user_of)
        return {
            "InitiateAuth": self._initiate_auth,
            "RespondToAuthChallenge": self._respond,
            "AssociateSoftwareToken": lambda body: self.sign_in.associate(body.get("Session")),
            "VerifySoftwareToken": lambda body: self.sign_in.verify(
                body.get("Session"), text(body, "UserCode")
            ),
            "ConfirmDevice": accounts.confirm_device,
            "UpdateDeviceStatus": accounts.update_device_status,
            "SignUp": accounts.sign_up,
            "ConfirmSignUp": accounts.confirm_sign_up,
            "ForgotPassword": accounts.forgot_password,
            "ConfirmForgotPassword": accounts.confirm_forgot_password,
            "ChangePassword": accounts.change_password,
            "RevokeToken": self._revoke,
            "GlobalSignOut": self._global_sign_out,
            "GetTokensFromRefreshToken": self._get_tokens,
        }

    def _initiate_auth(self, body: _Body) -> _Body:
        flow, parameters = body.get("AuthFlow"), texts(body, "AuthParameters")
        if flow not in _REFRESH_FLOWS:
            self._check_hash(parameters, parameters.get("USERNAME", ""))
            return self._step_result(self.sign_in.begin(flow, parameters))
        if self.sessions.rotation:
            # The flow can't be enabled together with rotation. Which error Cognito responds
            # with in that case is not documented.
            raise CognitoError("InvalidParameterException", f"{flow} is not enabled for the client")
        token = text(parameters, "REFRESH_TOKEN")
        session = self.sessions.find(token)
        self._check_hash(parameters, session.user.username)
        return self._refreshed(session, token, parameters.get("DEVICE_KEY"))

    def _respond(self, body: _Body) -> _Body:
        responses = texts(body, "ChallengeResponses")
        self._check_hash(responses, responses.get("USERNAME", ""))
        step = self.sign_in.respond(body.get("ChallengeName"), body.get("Session"), responses)
        return self._step_result(step)

    def _get_tokens(self, body: _Body) -> _Body:
        if self.client_secret is not None and body.get("ClientSecret") != self.client_secret:
            message = f"Unable to verify client secret for {self.client_id}"
            raise CognitoError("NotAuthorizedException", message)
        token = text(body, "RefreshToken")
        return self._refreshed(self.sessions.find(token), token, body.get("DeviceKey"))

    def _revoke(self, body: _Body) -> _Body:
        token = text(body, "Token")
        if self.client_secret is not None and body.get("ClientSecret") != self.client_secret:
            raise CognitoError("UnauthorizedException", "Unable to verify client secret")
        if token.count(".") == 2:  # noqa: PLR2004 - a JWT has three parts
            raise CognitoError("UnsupportedTokenTypeException", "Unsupported token type")
        self.sessions.revoke(token)
        return {}

    def _global_sign_out(self, body: _Body) -> _Body:
        self.sessions.revoke_all(self._user_of(text(body, "AccessToken")).username)
        return {}

    # -- parts of the calls ---------------------------------------------------------

    def _user_of(self, access_token: str) -> User:
        """Return the user of a valid access token."""
        try:
            claims = verified_claims(access_token) or {}
        except ValueError:
            claims = {}
        if claims.get("token_use") != "access" or claims["iss"] != self.issuer:
            raise CognitoError("NotAuthorizedException", "Invalid Access Token")
        if claims["exp"] <= self.now():
            raise CognitoError("NotAuthorizedException", "Access Token has expired")
        if self.sessions.is_revoked(claims["origin_jti"]):
            raise CognitoError("NotAuthorizedException", "Access Token has been revoked")
        return self.user(claims["username"])

    def _step_result(self, step: SignedIn | _Body) -> _Body:
        """Return a challenge as it is; start a session for a user who has signed in."""
        if not isinstance(step, SignedIn):
            return step
        session, refresh_token = self.sessions.start(step.user)
        result = self._result(session, self.token_lifetime, 0.0)
        if self.device_remembering and step.device_key is None:
            key, group_key = f"{self.pool_id.split('_', 1)[0]}_{uuid.uuid4()}", "-emulator"
            step.user.devices[key] = RememberedDevice(group_key=group_key)
            result["NewDeviceMetadata"] = {"DeviceKey": key, "DeviceGroupKey": group_key}
        return {"AuthenticationResult": {**result, "RefreshToken": refresh_token}}

    def _refreshed(self, session: Session, token: str, device_key: object) -> _Body:
        if self.device_remembering and not device_key:
            raise CognitoError("InvalidParameterException", "Missing required parameter DEVICE_KEY")
        result = self._result(session, self.token_lifetime, 0.0)
        successor = self.sessions.rotate(token)
        if successor is not None:
            result["RefreshToken"] = successor
        self.counters["refreshes"] += 1
        return {"AuthenticationResult": result}

    def _result(self, session: Session, lifetime: int, issued_ago: float) -> _Body:
        access, id_ = (
            sign_token(self._claims(session, use, lifetime, issued_ago)) for use in ("access", "id")
        )
        self.counters["issued"] += 1
        return {
            "AccessToken": access,
            "IdToken": id_,
            "ExpiresIn": lifetime,
            "TokenType": "Bearer",
        }

    def _claims(self, session: Session, use: str, lifetime: int, issued_ago: float) -> _Body:
        issued_at = int(self.now() - issued_ago)
        return token_claims(
            session,
            use,
            issuer=self.issuer,
            client_id=self.client_id,
            issued_at=issued_at,
            lifetime=lifetime,
        )

    def _check_hash(
        self, given: Mapping[str, Any], username: str, name: str = "SECRET_HASH"
    ) -> None:
        check_secret_hash(self.client_id, self.client_secret, given.get(name), username)
