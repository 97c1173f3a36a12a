"""Every error of this package, in one tree below gql's own.

::

    gql TransportError
    └── AppSyncError                 status, error_type, request_id, may_have_executed
        ├── ConfigurationError  [Q]  the developer: an argument, an app client, an extra
        │   ├── InsecureEndpoint     the developer: http:// to a host that is not loopback
        │   ├── InvalidToken         the developer: not a JWT with an expiry
        │   └── MissingExtra         the developer: a pip install
        ├── SessionExpired      [Q]  the user: sign in again
        │   └── NotSignedIn          the user: sign in first
        │       └── SignedOut        the user: sign in again, after a sign_out()
        ├── SignInFailed        [Q]  the user: wrong name or password
        ├── ChallengeRequired   [Q]  the user: a code, a new password, …
        ├── RenewalFailed            nobody: transient, the tokens are kept
        │   └── StorageFailed        the operator: the persistence can't be read or written
        │       ├── LockTimeout      nobody: somebody else holds the session's lock
        │       └── StorageCorrupt   the operator: something else is kept there
        ├── Refused             [Q]  the API's owner: AppSync does not take these tokens
        ├── Denied              [Q]  the API's owner: a permission is missing
        ├── BadRequest          [Q]  the developer: AppSync could not use the request
        ├── BlockedByWaf        [Q]  the API's owner: a firewall rule
        ├── SubscriptionOverflow [Q] the developer: the consumer is too slow
        ├── Throttled                nobody: slow down
        ├── ServerFailed             nobody: AppSync or a proxy failed
        ├── ConnectionFailed         nobody: no connection, or no response to a query
        └── OutcomeUnknown      [Q]  the caller: look whether the mutation ran

``[Q]`` marks those that are also gql's ``TransportQueryError``: gql's
reconnecting session tries every other error up to five times, and for these
that is useless or, for a mutation that may have run, harmful.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)

from .secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AppSyncError",
    "BadRequest",
    "BlockedByWaf",
    "ChallengeRequired",
    "ConfigurationError",
    "ConnectionFailed",
    "Denied",
    "InsecureEndpoint",
    "InvalidToken",
    "LockTimeout",
    "MissingExtra",
    "NotSignedIn",
    "OutcomeUnknown",
    "Refused",
    "RenewalFailed",
    "ServerFailed",
    "SessionExpired",
    "SignInFailed",
    "SignedOut",
    "StorageCorrupt",
    "StorageFailed",
    "SubscriptionOverflow",
    "Throttled",
]


class AppSyncError(TransportError):
    """Base of all errors that this package raises.

    Attributes:
        status: HTTP status of the answer; ``None`` when there was no answer.
        error_type: AWS's name for the error (``errorType`` of AppSync, the
            exception name of Cognito), without any ``prefix#``; ``None`` when
            the answer had none.
        request_id: AWS's id of the request, for a support case; ``None`` when
            the answer had none.
        may_have_executed: whether the operation, or a part of it, may have
            run. ``False`` is a promise that it did not.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        error_type: str | None = None,
        request_id: str | None = None,
        may_have_executed: bool = False,
    ) -> None:
        # By name, not super(): next in line may be a gql class that wants more.
        TransportError.__init__(self, message)
        self.status = status
        self.error_type = error_type
        self.request_id = request_id
        self.may_have_executed = may_have_executed


class _QueryError(AppSyncError, TransportQueryError):
    """An error that gql's reconnecting session must not try again.

    Attributes:
        errors: the answer's ``errors``, as AppSync sent them; ``None`` without.
        data: the answer's ``data``; what a denied operation did return is here.
        extensions: the answer's ``extensions``.
    """

    query_id = None

    def __init__(
        self,
        message: str,
        *,
        errors: list[Any] | None = None,
        data: Any | None = None,
        extensions: Any | None = None,
        **answer: Any,
    ) -> None:
        super().__init__(message, **answer)
        self.errors = errors
        self.data = data
        self.extensions = extensions


class ConfigurationError(_QueryError):
    """Something given to this package is wrong, and only its giver can mend it.

    Attributes:
        setting: the argument that is wrong, ``"client_secret"`` for example;
            ``None`` when no single one is to blame.
    """

    def __init__(self, message: str, *, setting: str | None = None, **answer: Any) -> None:
        super().__init__(message, **answer)
        self.setting = setting


class InsecureEndpoint(ConfigurationError):
    """Tokens would travel over plain ``http://`` to another machine."""


class InvalidToken(ConfigurationError, ValueError):
    """What was given as a token is not a JWT from which an expiry can be read."""


class MissingExtra(ConfigurationError, ImportError):
    """An optional dependency is needed; the message is the pip line to run."""


class SessionExpired(_QueryError):
    """The refresh token is expired, revoked or used up: the user signs in again."""


class NotSignedIn(SessionExpired):
    """There are no tokens at all yet: the user signs in first."""


class SignedOut(NotSignedIn):
    """``sign_out()`` ended the session, here or in another process."""


class SignInFailed(_QueryError):
    """The identity provider did not accept the user's name or password."""


class ChallengeRequired(_QueryError):
    """The identity provider wants one more step of the user before it gives tokens.

    Cognito's ``RespondToAuthChallenge`` takes these attributes back as
    ``ChallengeName``, ``Session`` and ``ChallengeResponses["USERNAME"]``
    (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html).

    Attributes:
        challenge_name: Cognito's name: ``SOFTWARE_TOKEN_MFA``, ``NEW_PASSWORD_REQUIRED``, …
        parameters: what Cognito says of the challenge, such as where a code was sent.
        session: the opaque string that ties the next step to this one. It lives
            3 to 15 minutes and is as good as half a password: keep it to yourself.
        username: the name to answer with.
    """

    def __init__(
        self,
        message: str,
        *,
        challenge_name: str = "",
        parameters: Mapping[str, str] | None = None,
        session: str = "",
        username: str = "",
        **answer: Any,
    ) -> None:
        super().__init__(message, **answer)
        self.challenge_name = challenge_name
        self.parameters = dict(parameters or {})
        self.session = Secret(session)
        self.username = username


class RenewalFailed(AppSyncError):
    """No newer tokens could be had this time; the ones at hand are kept.

    Attributes:
        kind: ``"network"``, ``"throttled"``, ``"server"``, ``"trigger"`` (a Lambda
            of the user pool), ``"firewall"``, ``"storage"``, ``"clock"`` or ``"provider"``.
        retry_after: seconds until the next attempt will be made; 0.0 when the
            next call makes one.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "provider",
        retry_after: float = 0.0,
        **answer: Any,
    ) -> None:
        super().__init__(message, **answer)
        self.kind = kind
        self.retry_after = retry_after


class StorageFailed(RenewalFailed):
    """The place where sessions are kept could not be read or written."""

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message, **{"kind": "storage", **more})


class LockTimeout(StorageFailed):
    """The session's lock is held by somebody else, for longer than one waits."""


class StorageCorrupt(StorageFailed):
    """What is kept there is not a saved session. Nothing of it is ever deleted.

    The message says where it is, and where it is put when sessions are saved there again.
    """


class Refused(_QueryError):
    """AppSync refused the request before executing it, and newer tokens did not help."""


class Denied(_QueryError):
    """The user may not do this. ``data`` holds what the rest of the operation returned."""


class BadRequest(_QueryError):
    """AppSync could not read or would not take the request (another 4xx)."""


class BlockedByWaf(_QueryError):
    """A firewall rule in front of the API blocked the request (403)."""


class SubscriptionOverflow(_QueryError):
    """More events wait for their consumer than there is room for, and ``on_full`` is ``"fail"``."""


class Throttled(AppSyncError, TransportServerError):
    """AppSync had too many requests; this one was not executed.

    Attributes:
        retry_after: seconds that the server asked to wait; ``None`` if it did not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **answer: Any) -> None:
        super().__init__(message, **answer)
        self.code = self.status
        self.retry_after = retry_after


class ServerFailed(AppSyncError, TransportServerError, TransportProtocolError):
    """AppSync, or something before it, failed while answering a query.

    Plain gql raises ``TransportServerError`` or ``TransportProtocolError`` here.
    """

    def __init__(self, message: str, **answer: Any) -> None:
        super().__init__(message, **answer)
        self.code = self.status


class ConnectionFailed(AppSyncError, TransportConnectionFailed):
    """AppSync could not be reached, or the connection was lost before a query's response.

    Plain gql raises ``TransportConnectionFailed`` here.
    """


class OutcomeUnknown(
    _QueryError, TransportServerError, TransportProtocolError, TransportConnectionFailed
):
    """A mutation was sent and no readable answer came: it may or may not have run.

    It is also each of the errors that plain gql raises here, so that existing
    handlers go on working; being a
    ``TransportQueryError`` keeps gql's reconnecting session from sending it again.
    """

    def __init__(self, message: str, *, may_have_executed: bool = True, **answer: Any) -> None:
        super().__init__(message, may_have_executed=may_have_executed, **answer)
        self.code = self.status
