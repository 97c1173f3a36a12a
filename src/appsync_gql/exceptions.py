"""Every error of this package, in one tree below gql's own. Each class says who must act.

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
        │   ├── WrongAnswer          the user: answer the challenge again
        │   └── ChallengeExpired     the user: start to sign in again
        ├── ChallengeRequired   [Q]  the user: a code, a new password, … (in challenges.py)
        ├── AccountFailed       [Q]  the user: a wrong code, a name that is taken, …
        ├── RenewalFailed            nobody: transient, the tokens are kept
        │   └── StorageFailed        the operator: the persistence can't be read or written
        │       ├── LockTimeout      nobody: another process or thread holds the session's lock
        │       └── StorageCorrupt   the operator: what is saved there is not a session
        ├── Refused             [Q]  the API's owner: AppSync does not accept these tokens
        ├── Denied              [Q]  the API's owner: a permission is missing
        ├── BadRequest          [Q]  the developer: AppSync could not use the request
        ├── BlockedByWaf        [Q]  the API's owner: a firewall rule
        ├── PaginationFailed    [Q]  the API's owner: a list's pages can't be followed
        ├── SubscriptionOverflow [Q] the developer: the consumer is too slow
        ├── Throttled                nobody: send fewer requests
        ├── ServerFailed             nobody: AppSync or a proxy failed
        ├── ConnectionFailed         nobody: no connection, or no response to a query
        └── OutcomeUnknown      [Q]  the caller: find out whether the mutation was executed

``[Q]``: also gql's ``TransportQueryError``, after which gql's reconnecting session does not repeat
the operation: that would be useless or, for a mutation that may have been executed, harmful.
"""

from __future__ import annotations

from typing import Any

from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)

__all__ = [
    "AccountFailed",
    "AppSyncError",
    "BadRequest",
    "BlockedByWaf",
    "ChallengeExpired",
    "ConfigurationError",
    "ConnectionFailed",
    "Denied",
    "InsecureEndpoint",
    "InvalidToken",
    "LockTimeout",
    "MissingExtra",
    "NotSignedIn",
    "OutcomeUnknown",
    "PaginationFailed",
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
    "WrongAnswer",
]


class AppSyncError(TransportError):
    """Base of all errors that this package raises.

    Attributes:
        status: HTTP status of the response; ``None`` when there was no response.
        error_type: AWS's name of the error (``errorType`` of AppSync, the exception name of
            Cognito), without any ``prefix#``; ``None`` if the response has none.
        request_id: AWS's id of the request, for a support case; ``None`` if there is none.
        may_have_executed: whether any part of the operation may have been executed.
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
        # Not super(): the next class may be one of gql's that needs more arguments.
        TransportError.__init__(self, message)
        self.status = status
        self.error_type = error_type
        self.request_id = request_id
        self.may_have_executed = may_have_executed


class QueryError(AppSyncError, TransportQueryError):
    """An error after which gql's reconnecting session must not repeat the operation.

    Attributes:
        errors: the response's ``errors``, as AppSync sent them; ``None`` without.
        data: the response's ``data``: for a denied operation, what it returned nevertheless.
        extensions: the response's ``extensions``.
    """

    query_id = None

    def __init__(
        self,
        message: str,
        *,
        errors: list[Any] | None = None,
        data: Any | None = None,
        extensions: Any | None = None,
        **response: Any,
    ) -> None:
        super().__init__(message, **response)
        self.errors, self.data, self.extensions = errors, data, extensions


class ConfigurationError(QueryError):
    """An argument or a setting is wrong; the developer must correct it.

    Attributes:
        setting: the argument that is wrong, for example ``"client_secret"``; ``None`` when no
            single argument is known to be wrong.
    """

    def __init__(self, message: str, *, setting: str | None = None, **response: Any) -> None:
        super().__init__(message, **response)
        self.setting = setting


class InsecureEndpoint(ConfigurationError):
    """Tokens would be sent over plain ``http://`` to another machine."""


class InvalidToken(ConfigurationError, ValueError):
    """A value passed as a token is not a token, or not a JWT from which its expiry can be read."""


class MissingExtra(ConfigurationError, ImportError):
    """An optional dependency is needed; the message contains the pip command that installs it."""


class SessionExpired(QueryError):
    """The refresh token is expired, revoked or already used: the user must sign in again."""


class NotSignedIn(SessionExpired):
    """There are no tokens yet: the user must sign in first."""


class SignedOut(NotSignedIn):
    """``sign_out()`` ended the session, here or in another process."""


class SignInFailed(QueryError):
    """The identity provider did not let the user sign in: a wrong password, a locked account."""


class WrongAnswer(SignInFailed):
    """The answer to a challenge is wrong: the same challenge can be answered again."""


class ChallengeExpired(SignInFailed):
    """The challenge can't be answered any more: the user starts to sign in again."""


class AccountFailed(QueryError):
    """The identity provider did not sign up a user, or did not change or reset a password."""


class RenewalFailed(AppSyncError):
    """No newer tokens could be obtained this time; the present tokens are kept.

    Attributes:
        kind: ``"network"``, ``"throttled"``, ``"server"``, ``"trigger"`` (a Lambda trigger of
            the user pool), ``"firewall"``, ``"storage"``, ``"clock"``, ``"certificate"`` (the
            provider's is not trusted), ``"identity"`` (another user's tokens were in the
            response), ``"thread"`` (no thread can be started) or ``"provider"``.
        retry_after: seconds until the next attempt will be made; 0.0 when the next call makes
            one. In an error of a provider: the seconds that the server asked to wait.
    """

    def __init__(
        self, message: str, *, kind: str = "provider", retry_after: float = 0.0, **response: Any
    ) -> None:
        super().__init__(message, **response)
        self.kind = kind
        self.retry_after = retry_after


class StorageFailed(RenewalFailed):
    """The persistence could not be read or written."""

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message, **{"kind": "storage", **more})


class LockTimeout(StorageFailed):
    """Another process or thread held the session's lock for longer than the time limit."""


class StorageCorrupt(StorageFailed):
    """What is saved there is not a session. It is never deleted; the message says what to do."""


class Refused(QueryError):
    """AppSync refused the request before executing it, with newer tokens too."""


class Denied(QueryError):
    """A permission is missing. ``data`` is what the rest of the operation returned."""


class BadRequest(QueryError):
    """AppSync could not read or did not accept the request (another 4xx)."""


class BlockedByWaf(QueryError):
    """A firewall rule in front of the API blocked the request (403)."""


class PaginationFailed(QueryError):
    """A result is not a page of a list, or its ``nextToken`` has come before."""


class SubscriptionOverflow(QueryError):
    """The buffer of a subscription is full, and ``on_full`` is ``"fail"``."""


class Throttled(AppSyncError, TransportServerError):
    """AppSync received too many requests; this one was not executed.

    Attributes:
        retry_after: seconds that the server asked to wait; ``None`` if it did not ask.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **response: Any) -> None:
        super().__init__(message, **response)
        self.code = self.status
        self.retry_after = retry_after


class ServerFailed(AppSyncError, TransportServerError, TransportProtocolError):
    """AppSync or a proxy failed; gql's ``TransportServerError`` and ``TransportProtocolError``."""

    def __init__(self, message: str, **response: Any) -> None:
        super().__init__(message, **response)
        self.code = self.status


class ConnectionFailed(AppSyncError, TransportConnectionFailed):
    """AppSync could not be reached, or the connection was lost before a query's response.

    Plain gql raises ``TransportConnectionFailed`` here.
    """


class OutcomeUnknown(
    QueryError, TransportServerError, TransportProtocolError, TransportConnectionFailed
):
    """A mutation was sent and no readable response came: it may or may not have been executed.

    It is also each of the errors that plain gql raises here, so that existing handlers work.
    """

    def __init__(self, message: str, *, may_have_executed: bool = True, **response: Any) -> None:
        super().__init__(message, may_have_executed=may_have_executed, **response)
        self.code = self.status
