"""What each error response of Cognito means for a session. Pure.

The names are those of Cognito's service model
(https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetTokensFromRefreshToken.html#API_GetTokensFromRefreshToken_Errors).
``NotAuthorizedException`` is used for a dead refresh token, a wrong client secret, a wrong
password and a locked account; only Cognito's text distinguishes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..clock import retry_after
from ..exceptions import (
    AppSyncError,
    ConfigurationError,
    RenewalFailed,
    SessionExpired,
    SignInFailed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ErrorResponse",
    "error_of_refresh",
    "error_of_revocation",
    "error_of_sign_in",
    "firewall_error",
    "lacks_operation",
    "was_refused",
]

_SESSION_OVER = {
    "NotAuthorizedException": "The refresh token is expired, revoked or not of this app client",
    "PasswordResetRequiredException": "The user must set a new password",
    "RefreshTokenReuseException": "The refresh token was used before (rotation is on)",
    "TokenRevokedException": "The refresh token was revoked",
    "UserNotConfirmedException": "The user is not confirmed",
    "UserNotFoundException": "The user does not exist any more",
}
_CONFIGURATION = {
    "InvalidParameterException": (
        None,
        "Cognito does not accept a parameter; the app client may not allow this flow",
    ),
    "InvalidUserPoolConfigurationException": (None, "The user pool's configuration is invalid"),
    "OperationNotEnabledException": ("region", "This operation is not enabled in this region"),
    "ResourceNotFoundException": ("client_id", "The user pool has no such app client"),
    "UnsupportedOperationException": (None, "The user pool does not allow this operation"),
}
_TRANSIENT = {
    "InternalErrorException": ("server", "Cognito failed"),
    "InvalidLambdaResponseException": ("trigger", "A Lambda trigger of the user pool failed"),
    "LimitExceededException": ("throttled", "Cognito's quota is used up"),
    "ThrottlingException": ("throttled", "Cognito received too many requests"),
    "TooManyRequestsException": ("throttled", "Cognito received too many requests"),
    "UnexpectedLambdaException": ("trigger", "A Lambda trigger of the user pool failed"),
    "UserLambdaValidationException": ("trigger", "A Lambda trigger refused the user"),
}
_SIGN_IN_REFUSED = {
    "InvalidPasswordException": "The user name or password is wrong",
    "NotAuthorizedException": "The user name or password is wrong",
    "UserLambdaValidationException": "A Lambda trigger of the user pool refused the sign-in",
    "UserNotFoundException": "The user name or password is wrong",
}
_SIGN_IN_TEXTS = (
    ("attempts exceeded", "Cognito has locked the account after too many wrong passwords"),
    ("disabled", "The user is disabled; an administrator of the user pool can enable it"),
    ("temporary password has expired", "The temporary password has expired; ask for a new one"),
    ("invalid session", "The sign-in took too long or was completed already; start it again"),
)
_SECRET_TEXTS = ("secret hash", "secrethash", "secret_hash", "client secret", "with secret")
_FIREWALL_FIX = (
    "The owner of the user pool must let this client pass: AWS WAF rules of the pool's web ACL "
    "(or a proxy in between) must not block, or ask for a CAPTCHA or challenge, where programs "
    "call Cognito"
)
_UNKNOWN_OPERATION = {"InvalidAction", "UnknownOperation", "UnknownOperationException"}
_UNKNOWN_TO_EMULATORS = {"NotImplemented", "NotImplementedError", "Unsupported"}
_PAGES_OF_EMULATORS = {HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR}
_REFUSALS = {
    "InvalidParameterException",
    "NotAuthorizedException",
    "UnsupportedOperationException",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorResponse:
    """An HTTP response that is not the result of the call.

    Attributes:
        name: Cognito's name of the error; ``""`` for a page of something else.
        message: Cognito's text.
        quoted: the text as an error may quote it; ``None`` for the whole text.
        status: the HTTP status.
        request_id: AWS's id of the request; ``None`` without.
        headers: the response's headers, their names in lower case.
    """

    name: str
    message: str = field(default="", repr=False)
    quoted: str | None = None
    status: int = 400
    request_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Name, message or status, for an error's message."""
        if not self.name:
            return f"(HTTP {self.status})"
        quoted = self.message if self.quoted is None else self.quoted
        return f"({self.name}: {quoted})" if quoted else f"({self.name})"

    @property
    def facts(self) -> dict[str, Any]:
        """The attributes that every error of this package has."""
        return {
            "status": self.status,
            "error_type": self.name or None,
            "request_id": self.request_id,
        }

    @property
    def retry_after(self) -> float:
        """Seconds that the server asked to wait, 300 at most; 0.0 if it did not ask."""
        return min(retry_after(self.headers) or 0.0, _LONGEST_WAIT)


_LONGEST_WAIT = 300.0
"""Seconds. A longer ``Retry-After`` is taken for an error of the server."""


def error_of_refresh(response: ErrorResponse) -> AppSyncError:
    """Return what an error response to a refresh means.

    Returns:
        ``SessionExpired``, ``ConfigurationError`` or ``RenewalFailed``. The last is also
        returned for everything unknown, so that nobody is signed out by mistake.
    """
    name, text = response.name, response.message.lower()
    found = _firewall_or_setting(response)
    if found is not None:
        return found
    if name in _SESSION_OVER:
        why = _SESSION_OVER[name]
        if "disabled" in text:
            why = "The user is disabled, and an administrator of the user pool can enable it"
        return SessionExpired(
            f"{why} {response.text}. The user has to sign in again.", **response.facts
        )
    if name in _CONFIGURATION:
        setting, why = _CONFIGURATION[name]
        if "user pool" in text and "client" not in text:
            setting, why = "user_pool_id", "There is no such user pool in this region"
        return ConfigurationError(
            f"{why} {response.text}. Compare CognitoProvider's arguments with the app client; the "
            "tokens are kept.",
            setting=setting,
            **response.facts,
        )
    return _transient(response, "The tokens are kept")


def error_of_sign_in(response: ErrorResponse) -> AppSyncError:
    """Return what an error response to a sign-in call means; there are no tokens to keep yet."""
    found = _firewall_or_setting(response)
    if found is not None:
        return found
    name, text = response.name, response.message.lower()
    if name in _SIGN_IN_REFUSED or name in _SESSION_OVER:
        why = _SIGN_IN_REFUSED.get(name, "The user can't sign in")
        why = next((reason for words, reason in _SIGN_IN_TEXTS if words in text), why)
        return SignInFailed(f"{why} {response.text}.", **response.facts)
    if name in _CONFIGURATION:
        return error_of_refresh(response)
    return _transient(response, "Sign in again later")


def error_of_revocation(response: ErrorResponse) -> AppSyncError | None:
    """Return what an error response to ``RevokeToken`` means.

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html#API_RevokeToken_Errors

    Returns:
        ``None`` if the app client does not support revocation.
    """
    if response.name in {"UnsupportedOperationException", "UnsupportedTokenTypeException"}:
        return None
    if response.name == "UnauthorizedException":
        return ConfigurationError(
            f"Cognito does not let this app client revoke tokens {response.text}. Pass the right "
            "client_secret= to CognitoProvider; the tokens are kept.",
            setting="client_secret",
            **response.facts,
        )
    return error_of_refresh(response)


def lacks_operation(response: ErrorResponse, *, at_aws: bool) -> bool:
    """Return whether the server does not know the operation at all, as older emulators don't.

    AWS's own error names count everywhere. At AWS nothing else does: a page of HTML there comes
    from a proxy or a firewall and says nothing about the operation.

    Args:
        response: what the server answered.
        at_aws: whether the host belongs to AWS. Emulators also answer with names of their own,
            with status 501, or with a page without any name of an error.
    """
    name = response.name.rpartition("#")[2]
    if name in _UNKNOWN_OPERATION:
        return True
    if at_aws or "x-amzn-waf-action" in response.headers:
        return False
    if name in _UNKNOWN_TO_EMULATORS or response.status == HTTPStatus.NOT_IMPLEMENTED:
        return True
    return not name and response.status in _PAGES_OF_EMULATORS


def was_refused(error: AppSyncError) -> bool:
    """Return whether an error may mean that ``REFRESH_TOKEN_AUTH`` is not allowed.

    Where rotation is on, that flow is disabled; which of these names Cognito answers with then
    is not documented.
    """
    return error.error_type in _REFUSALS


def firewall_error(response: ErrorResponse) -> RenewalFailed:
    """Return the error for a response of a firewall in front of Cognito.

    https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-actions.html
    """
    action = response.headers.get("x-amzn-waf-action")
    asked = f", which asks for a {action}" if action else ""
    return RenewalFailed(
        f"A firewall in front of Cognito blocked the call{asked} {response.text}. {_FIREWALL_FIX}. "
        "Tokens that are still valid are kept.",
        kind="firewall",
        retry_after=response.retry_after,
        **response.facts,
    )


def _firewall_or_setting(response: ErrorResponse) -> AppSyncError | None:
    """Return the error for what can happen to any call; ``None`` if it is something else."""
    name, text = response.name, response.message.lower()
    nameless_403 = not name and response.status == HTTPStatus.FORBIDDEN
    waf = "x-amzn-waf-action" in response.headers
    if waf or nameless_403 or name in {"ForbiddenException", "WAFForbiddenException"}:
        return firewall_error(response)
    if name == "ResourceNotFoundException" and "device" in text:
        return ConfigurationError(
            f"The user pool does not remember this device any more {response.text}. The user "
            "signs in again, which registers a new device; remove the old device_key.",
            setting="device_key",
            **response.facts,
        )
    if name not in {"NotAuthorizedException", "InvalidParameterException"}:
        return None
    for setting, words in (("client_secret", _SECRET_TEXTS), ("device_key", ("device",))):
        if any(word in text for word in words):
            return ConfigurationError(
                f"Cognito does not accept the {setting} {response.text}. Pass the right "
                f"{setting}= to CognitoProvider; the tokens are kept.",
                setting=setting,
                **response.facts,
            )
    return None


def _transient(response: ErrorResponse, advice: str) -> RenewalFailed:
    kind, why = _TRANSIENT.get(response.name, ("server", "Cognito did not answer as documented"))
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        kind, why = "throttled", "Cognito received too many requests"
    return RenewalFailed(
        f"{why} {response.text}. {advice}.",
        kind=kind,
        retry_after=response.retry_after,
        **response.facts,
    )
