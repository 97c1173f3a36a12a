"""Signing up, and changing and resetting passwords, in a Cognito user pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..exceptions import AccountFailed, AppSyncError, ConfigurationError
from ..secret import Secret
from .cognito_errors import error_of_sign_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..tokens import Tokens
    from .cognito_app_client import AppClient
    from .cognito_errors import ErrorResponse

__all__ = ["CognitoAccounts", "error_of_account"]

_REASONS = {
    "AliasExistsException": "Another user has this e-mail address or phone number",
    "CodeDeliveryFailureException": "Cognito could not send the code",
    "CodeMismatchException": "The code is wrong; try again",
    "ExpiredCodeException": "The code has expired; request another one",
    "InvalidPasswordException": "The password does not satisfy the user pool's rules",
    "LimitExceededException": "There were too many attempts for this user; try again later",
    "PasswordHistoryPolicyViolationException": "The password was used before",
    "TooManyFailedAttemptsException": "There were too many wrong codes; request another one",
    "UserLambdaValidationException": "A Lambda trigger of the user pool refused the call",
    "UserNotConfirmedException": "The user has not been confirmed: call confirm_sign_up() first",
    "UserNotFoundException": "There is no such user",
    "UsernameExistsException": "There is a user of that name already",
}


class CognitoAccounts:
    """A part of :class:`CognitoProvider`: what users do about their accounts. Blocks."""

    _app: AppClient

    def sign_up(
        self, username: str, password: str, attributes: Mapping[str, str] | None = None
    ) -> str | None:
        """Create a user; see :class:`UserAccounts`."""
        secret = Secret(password)
        del password  # no traceback shows it
        given = {"Username": username, "Password": secret}
        listed = [{"Name": name, "Value": str(v)} for name, v in (attributes or {}).items()]
        result = self._call("sign_up", given, username, UserAttributes=listed)
        return None if result.get("UserConfirmed") else _destination(result)

    def confirm_sign_up(self, username: str, code: str) -> None:
        """Confirm a new user; see :class:`UserAccounts`."""
        given = {"Username": username, "ConfirmationCode": Secret(code)}
        del code  # no traceback shows it
        self._call("confirm_sign_up", given, username)

    def forgot_password(self, username: str) -> str | None:
        """Send a code to reset a password with; see :class:`UserAccounts`."""
        return _destination(self._call("forgot_password", {"Username": username}, username))

    def confirm_forgot_password(self, username: str, code: str, new_password: str) -> None:
        """Reset a password; see :class:`UserAccounts`."""
        given = {
            "Username": username,
            "ConfirmationCode": Secret(code),
            "Password": Secret(new_password),
        }
        del code, new_password  # no traceback shows them
        self._call("confirm_forgot_password", given, username)

    def change_password(self, tokens: Tokens, old: str, new: str) -> None:
        """Change the password of the user of these tokens; see :class:`UserAccounts`."""
        passwords = {"PreviousPassword": Secret(old), "ProposedPassword": Secret(new)}
        del old, new  # no traceback shows them
        if tokens.access_token is None:
            raise ConfigurationError("Changing a password needs the access token.")
        given = {**passwords, "AccessToken": tokens.access_token}
        self._app.call("change_password", given, error_of_account, tokens=tokens, repeatable=False)

    def _call(
        self, operation: str, given: Mapping[str, object], username: str, **more: object
    ) -> Mapping[str, Any]:
        # Not repeatable: after a lost response the second attempt would find the user, or the
        # code used, and be called a mistake.
        parameters = {
            "ClientId": self._app.client_id,
            **given,
            **self._app.hash_of(username, "SecretHash"),
            **more,
        }
        return self._app.call(operation, parameters, error_of_account, repeatable=False)


def error_of_account(response: ErrorResponse) -> AppSyncError:
    """Return what an error response to a call about a user's account means."""
    name, text = response.name, response.message.lower()
    reason = _REASONS.get(name)
    if name == "NotAuthorizedException" and "secret" not in text:
        reason = "The call is not allowed: a wrong password, or the user's present state"
    if name == "InvalidParameterException" and ("attribute" in text or "no registered" in text):
        reason = "The user's attributes do not allow that"
    if reason is None:
        return error_of_sign_in(response)
    return AccountFailed(f"{reason} {response.text}.", **response.facts)


def _destination(result: Mapping[str, Any]) -> str | None:
    """Return where a code was sent, partly hidden by Cognito."""
    found = (result.get("CodeDeliveryDetails") or {}).get("Destination")
    return str(found) if found else None
