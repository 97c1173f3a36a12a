from __future__ import annotations

from typing import Any

import pytest

from appsync_gql import (
    ChallengeExpired,
    ChallengeRequired,
    ConfigurationError,
    RenewalFailed,
    SignInFailed,
    WrongAnswer,
)
from appsync_gql.challenges import Answer, hidden_answer
from appsync_gql.providers.cognito_answers import error_of_answer, responses_to
from appsync_gql.providers.cognito_errors import ErrorResponse


def responses(name: str, answer: dict[str, Any], **more: Any) -> dict[str, str]:
    challenge = ChallengeRequired("", challenge_name=name, username="ada", **more)
    return responses_to(challenge, Answer.of(hidden_answer(answer)))


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("SMS_MFA", {"code": "1"}, {"SMS_MFA_CODE": "1"}),
        ("EMAIL_OTP", {"code": "1"}, {"EMAIL_OTP_CODE": "1"}),
        ("SMS_OTP", {"code": "1"}, {"SMS_OTP_CODE": "1"}),
        ("SOFTWARE_TOKEN_MFA", {"code": "1"}, {"SOFTWARE_TOKEN_MFA_CODE": "1"}),
        ("SELECT_MFA_TYPE", {"mfa": "SMS_MFA"}, {"ANSWER": "SMS_MFA"}),
        ("SELECT_CHALLENGE", {"choice": "SMS_OTP"}, {"ANSWER": "SMS_OTP"}),
        (
            "SELECT_CHALLENGE",
            {"choice": "PASSWORD", "password": "pw"},
            {"ANSWER": "PASSWORD", "PASSWORD": "pw"},
        ),
        ("CUSTOM_CHALLENGE", {"answer": "blue"}, {"ANSWER": "blue"}),
        ("CUSTOM_CHALLENGE", {"code": "blue"}, {"ANSWER": "blue"}),
        ("PASSWORD", {"password": "pw"}, {"PASSWORD": "pw"}),
        ("PASSWORD_SRP", {"password": "pw"}, {}),
        ("MFA_SETUP", {"code": "1"}, {}),
        ("NEW_PASSWORD_REQUIRED", {"new_password": "pw"}, {"NEW_PASSWORD": "pw"}),
        (
            "NEW_PASSWORD_REQUIRED",
            {"new_password": "pw", "attributes": {"name": "A"}},
            {"NEW_PASSWORD": "pw", "userAttributes.name": "A"},
        ),
    ],
)
def test_an_answer_becomes_the_documented_responses(
    name: str, answer: dict[str, Any], expected: dict[str, str]
) -> None:
    assert responses(name, answer) == {"USERNAME": "ada", **expected}


@pytest.mark.parametrize(
    ("name", "answer", "setting"),
    [
        ("SMS_MFA", {}, "code"),
        ("SMS_MFA", {"code": ""}, "code"),
        ("SMS_MFA", {"answer": "1"}, "code"),
        ("CUSTOM_CHALLENGE", {}, "answer"),
        ("SELECT_CHALLENGE", {"choice": "PASSWORD"}, "password"),
        ("SELECT_MFA_TYPE", {"code": "1"}, "mfa"),
        ("NEW_PASSWORD_REQUIRED", {"code": "1"}, "new_password"),
        ("WEB_AUTHN", {"code": "1"}, None),
    ],
)
def test_a_missing_argument_is_named(
    name: str, answer: dict[str, Any], setting: str | None
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        responses(name, answer)
    assert caught.value.setting == setting


def test_missing_attributes_and_the_choices_are_named() -> None:
    parameters = {"requiredAttributes": '["userAttributes.name"]'}
    with pytest.raises(ConfigurationError, match="of the user: name"):
        responses("NEW_PASSWORD_REQUIRED", {"new_password": "pw"}, parameters=parameters)
    with pytest.raises(ConfigurationError, match="One of: EMAIL_OTP, PASSWORD"):
        responses("SELECT_CHALLENGE", {}, choices=("EMAIL_OTP", "PASSWORD"))


@pytest.mark.parametrize(
    ("name", "message", "kind", "text"),
    [
        ("CodeMismatchException", "Invalid code", WrongAnswer, "code is wrong"),
        ("EnableSoftwareTokenMFAException", "Code mismatch", WrongAnswer, "authenticator"),
        ("InvalidPasswordException", "too short", WrongAnswer, "rules"),
        ("PasswordHistoryPolicyViolationException", "", WrongAnswer, "used before"),
        ("InvalidParameterException", "Invalid attributes given", WrongAnswer, "attribute"),
        ("ExpiredCodeException", "expired", ChallengeExpired, "sign in again"),
        (
            "NotAuthorizedException",
            "Invalid session for the user, session is expired.",
            ChallengeExpired,
            "too long",
        ),
        ("NotAuthorizedException", "Incorrect username or password.", SignInFailed, "password"),
        ("NotAuthorizedException", "User is disabled.", SignInFailed, "disabled"),
        ("AliasExistsException", "", SignInFailed, "Another user"),
        ("MFAMethodNotFoundException", "", SignInFailed, "second factor"),
        ("SoftwareTokenMFANotFoundException", "", SignInFailed, "authenticator"),
        ("InvalidParameterException", "flow", ConfigurationError, "parameter"),
        ("TooManyRequestsException", "", RenewalFailed, "too many"),
    ],
)
def test_a_refused_answer_says_who_must_do_what(
    name: str, message: str, kind: type[Exception], text: str
) -> None:
    error = error_of_answer(ErrorResponse(name=name, message=message, request_id="r-1"))
    assert type(error) is kind
    assert text in str(error)
    assert (error.error_type, error.request_id) == (name, "r-1")
