"""What Cognito takes as the answer to each challenge, and what its refusals mean. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exceptions import (
    AppSyncError,
    ChallengeExpired,
    ConfigurationError,
    SignInFailed,
    WrongAnswer,
)
from .cognito_errors import error_of_sign_in

if TYPE_CHECKING:
    from ..challenges import Answer, ChallengeRequired
    from .cognito_errors import ErrorResponse

__all__ = ["ATTEMPT_LOST", "error_of_answer", "responses_to"]

ATTEMPT_LOST = (
    "This challenge was begun by another CognitoProvider, or its time is over: its session string "
    "is not known here, because a pickled challenge contains no secrets. Sign in again."
)

_NAMES = {
    "EMAIL_OTP": "EMAIL_OTP_CODE",
    "NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",
    "PASSWORD": "PASSWORD",
    "SMS_MFA": "SMS_MFA_CODE",
    "SMS_OTP": "SMS_OTP_CODE",
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
}
"""The parameter of ``ChallengeResponses`` that takes the answer; ``ANSWER`` for all others."""

_WRONG = {
    "CodeMismatchException": "The code is wrong",
    "EnableSoftwareTokenMFAException": "The code of the authenticator application is wrong",
    "InvalidPasswordException": "The new password does not satisfy the user pool's rules",
    "PasswordHistoryPolicyViolationException": "The new password was used before",
}
_MISSING_METHODS = {
    "AliasExistsException": "Another user has this e-mail address or phone number",
    "MFAMethodNotFoundException": "The user has no such second factor",
    "SoftwareTokenMFANotFoundException": "The user has no authenticator application",
}
_START_AGAIN = "start to sign in again"


def responses_to(challenge: ChallengeRequired, answer: Answer) -> dict[str, str]:
    """Return the ``ChallengeResponses`` for a challenge, without the secret hash.

    Raises:
        ConfigurationError: the answer lacks what the challenge needs; the message says what.
    """
    responses = {"USERNAME": challenge.username}
    argument = challenge.argument
    if argument is None:
        raise ConfigurationError(
            f"This package has no answer to {challenge.challenge_name}. Answer it with Cognito's "
            "RespondToAuthChallenge, and pass the tokens to store.use()."
        )
    if challenge.challenge_name == "MFA_SETUP" and answer.email:
        return {**responses, "EMAIL": answer.email}
    value = getattr(answer, argument)
    if value is None and challenge.challenge_name == "CUSTOM_CHALLENGE":
        value = answer.code
    if not value:
        raise _missing(challenge, argument)
    if challenge.challenge_name in {"MFA_SETUP", "PASSWORD_SRP"}:
        return responses  # the value goes into a call of its own
    responses[_NAMES.get(challenge.challenge_name, "ANSWER")] = value
    if challenge.challenge_name == "SELECT_CHALLENGE" and value == "PASSWORD":
        if not answer.password:
            raise _missing(challenge, "password")
        responses["PASSWORD"] = answer.password
    if challenge.challenge_name == "NEW_PASSWORD_REQUIRED":
        responses |= _attributes(challenge, answer)
    return responses


def _attributes(challenge: ChallengeRequired, answer: Answer) -> dict[str, str]:
    missing = [name for name in challenge.required_attributes if name not in answer.attributes]
    if missing:
        raise ConfigurationError(
            f"The user pool also needs these attributes of the user: {', '.join(missing)}. Pass "
            "attributes={…} to answer().",
            setting="attributes",
        )
    return {f"userAttributes.{name}": value for name, value in answer.attributes.items()}


def _missing(challenge: ChallengeRequired, argument: str) -> ConfigurationError:
    choices = f" One of: {', '.join(challenge.choices)}." if challenge.choices else ""
    return ConfigurationError(
        f"The answer to {challenge.challenge_name} needs {argument}=.{choices}", setting=argument
    )


def error_of_answer(response: ErrorResponse) -> AppSyncError:
    """Return what an error response to the answer of a challenge means."""
    name, text = response.name, response.message.lower()
    if name == "ExpiredCodeException":
        return ChallengeExpired(
            f"The code has expired {response.text}: {_START_AGAIN}.", **response.facts
        )
    if name == "NotAuthorizedException" and "session" in text:
        return ChallengeExpired(
            f"The sign-in took too long, or was completed already {response.text}: {_START_AGAIN}.",
            **response.facts,
        )
    if name in _WRONG:
        return WrongAnswer(
            f"{_WRONG[name]} {response.text}. Answer the same challenge again.", **response.facts
        )
    if name == "InvalidParameterException" and "attribute" in text:
        return WrongAnswer(
            f"Cognito does not accept an attribute {response.text}. Answer the same challenge "
            "again.",
            **response.facts,
        )
    if name in _MISSING_METHODS:
        return SignInFailed(f"{_MISSING_METHODS[name]} {response.text}.", **response.facts)
    return error_of_sign_in(response)
