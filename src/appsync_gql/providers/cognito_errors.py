"""What each error of Cognito means for a session. Pure.

The names are those of Cognito's service model
(https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetTokensFromRefreshToken.html#API_GetTokensFromRefreshToken_Errors).
``NotAuthorizedException`` stands for a dead refresh token *and* for a wrong
client secret; only Cognito's text tells the two apart.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ..exceptions import (
    AppSyncError,
    ConfigurationError,
    RenewalFailed,
    SessionExpired,
    SignInFailed,
)

__all__ = ["lacks_call", "revoke_error", "sign_in_error", "sort_error"]

_SESSION_OVER = {
    "NotAuthorizedException": "The refresh token is expired, revoked or not of this app client",
    "PasswordResetRequiredException": "The user must set a new password",
    "RefreshTokenReuseException": "The refresh token had been used before (rotation is on)",
    "TokenRevokedException": "The refresh token was revoked",
    "UserNotConfirmedException": "The user is not confirmed",
    "UserNotFoundException": "The user does not exist any more",
}
_CONFIGURATION = {
    "InvalidParameterException": (
        None,
        "Cognito takes a parameter amiss; the app client may not allow this flow",
    ),
    "InvalidUserPoolConfigurationException": (None, "The user pool's configuration is invalid"),
    "OperationNotEnabledException": ("region", "This call is not enabled in this region"),
    "ResourceNotFoundException": ("client_id", "The user pool has no such app client"),
    "UnsupportedOperationException": (None, "The user pool does not allow this call"),
}
_TRANSIENT = {
    "ForbiddenException": ("firewall", "A firewall rule in front of Cognito blocked the call"),
    "InternalErrorException": ("server", "Cognito failed"),
    "InvalidLambdaResponseException": ("trigger", "A Lambda trigger of the user pool failed"),
    "LimitExceededException": ("throttled", "Cognito's quota is used up"),
    "ThrottlingException": ("throttled", "Cognito has too many requests"),
    "TooManyRequestsException": ("throttled", "Cognito has too many requests"),
    "UnexpectedLambdaException": ("trigger", "A Lambda trigger of the user pool failed"),
    "UserLambdaValidationException": ("trigger", "A Lambda trigger of the user pool objected"),
}
_SECRET_TEXTS = ("secret hash", "secrethash", "secret_hash", "client secret", "with secret")
_DEVICE_TEXTS = ("device",)
_WRONG_PASSWORD = {"InvalidPasswordException", "NotAuthorizedException", "UserNotFoundException"}
_LACKING = {
    "InvalidAction",
    "NotImplemented",
    "UnknownOperation",
    "UnknownOperationException",
    "Unsupported",
}
_LACKING_STATUS = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}


def sort_error(code: str, message: str, status: int, request_id: str | None) -> AppSyncError:
    """Turn an error of a refresh call into what it means.

    Args:
        code: Cognito's name of the error.
        message: Cognito's text.
        status: the HTTP status.
        request_id: for a support case.

    Returns:
        ``SessionExpired``, ``ConfigurationError`` or ``RenewalFailed`` (which
        also stands for everything unknown: nobody is logged out by mistake).
    """
    said = f"({code}: {message})"
    about: dict[str, Any] = {"status": status, "error_type": code, "request_id": request_id}
    text = message.lower()
    if code in {"NotAuthorizedException", "InvalidParameterException"}:
        for setting, words in (("client_secret", _SECRET_TEXTS), ("device_key", _DEVICE_TEXTS)):
            if any(word in text for word in words):
                return ConfigurationError(
                    f"Cognito does not accept the {setting} {said}. Give CognitoProvider the right "
                    f"{setting}=; the tokens are kept.",
                    setting=setting,
                    **about,
                )
    if code in _SESSION_OVER:
        why = "The user is disabled" if "disabled" in text else _SESSION_OVER[code]
        return SessionExpired(f"{why} {said}. The user has to sign in again.", **about)
    if code in _CONFIGURATION:
        blamed, why = _CONFIGURATION[code]
        return ConfigurationError(
            f"{why} {said}. Check CognitoProvider's arguments against the app client; the tokens "
            "are kept.",
            setting=blamed,
            **about,
        )
    kind, why = _TRANSIENT.get(code, ("server", "Cognito could not renew the tokens"))
    return RenewalFailed(f"{why} {said}. The tokens are kept.", kind=kind, **about)


def sign_in_error(code: str, message: str, status: int, request_id: str | None) -> AppSyncError:
    """Turn an error of a sign-in call into what it means; there are no tokens to keep yet."""
    error = sort_error(code, message, status, request_id)
    if isinstance(error, SessionExpired) or code == "InvalidPasswordException":
        wrong = code in _WRONG_PASSWORD and "disabled" not in message.lower()
        why = "The user name or password is wrong" if wrong else "The user can't sign in"
        return SignInFailed(
            f"{why} ({code}: {message}).", status=status, error_type=code, request_id=request_id
        )
    return error


def revoke_error(
    code: str, message: str, status: int, request_id: str | None
) -> AppSyncError | None:
    """Turn an error of ``RevokeToken`` into what it means; ``None`` where there is no revocation.

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RevokeToken.html#API_RevokeToken_Errors
    """
    if code in {"UnsupportedOperationException", "UnsupportedTokenTypeException"}:
        return None
    if code == "UnauthorizedException":
        return ConfigurationError(
            f"Cognito does not let this app client revoke tokens ({code}: {message}). Give "
            "CognitoProvider the right client_secret=; the tokens are kept.",
            setting="client_secret",
            status=status,
            error_type=code,
            request_id=request_id,
        )
    return sort_error(code, message, status, request_id)


def lacks_call(code: str, status: int, *, emulated: bool) -> bool:
    """Tell whether this endpoint has no such call at all, as older emulators don't.

    A failure of Cognito itself must not count: falling back to the older call
    on a user pool with rotation would only meet a refusal.

    Args:
        code: the error's name; the status as text where the answer had none.
        status: the HTTP status.
        emulated: whether the endpoint is another than AWS's own. Only then does
            an answer without any error's name, a page of HTML, count.
    """
    if status in _LACKING_STATUS or code.rpartition("#")[2] in _LACKING:
        return True
    nameless = code == str(status)
    return emulated and nameless and status == HTTPStatus.INTERNAL_SERVER_ERROR
