"""What a person is asked for each challenge, and the arguments that the replies become."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appsync_gql import ChallengeRequired, ConfigurationError
from appsync_gql.challenge_questions import Question, ask_all, chosen, questions_of


def challenge(
    name: str, parameters: dict[str, str] | None = None, **more: Any
) -> ChallengeRequired:
    return ChallengeRequired("next", challenge_name=name, parameters=parameters, **more)


ATTRIBUTES = {"requiredAttributes": json.dumps(["userAttributes.email"])}
SENT = {"CODE_DELIVERY_DESTINATION": "a***@e***"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            challenge("SOFTWARE_TOKEN_MFA"),
            [("code", "Code of the authenticator application", True)],
        ),
        (
            challenge("SMS_MFA", SENT),
            [("code", "Code that was sent by text message to a***@e***", True)],
        ),
        (
            challenge("EMAIL_OTP", SENT),
            [("code", "Code that was sent by e-mail to a***@e***", True)],
        ),
        (challenge("SMS_OTP"), [("code", "Code that was sent by text message", True)]),
        (challenge("CUSTOM_CHALLENGE"), [("answer", "Answer", True)]),
        (challenge("PASSWORD"), [("password", "Password", True)]),
        (challenge("PASSWORD_SRP"), [("password", "Password", True)]),
        (
            challenge("MFA_SETUP"),
            [("code", "First code that the authenticator application shows", True)],
        ),
        (
            challenge("MFA_SETUP", choices=("EMAIL_OTP",)),
            [("email", "E-mail address for codes", False)],
        ),
        (
            challenge("NEW_PASSWORD_REQUIRED", ATTRIBUTES),
            [("new_password", "New password", True), ("email", "Your email", False)],
        ),
        (
            challenge("SELECT_CHALLENGE", choices=("EMAIL_OTP", "PASSWORD")),
            [("choice", "How do you want to sign in?", False)],
        ),
        (
            challenge("SELECT_MFA_TYPE", choices=("SMS_MFA", "SOFTWARE_TOKEN_MFA")),
            [("mfa", "Which second factor do you want to use?", False)],
        ),
    ],
    ids=lambda value: getattr(value, "challenge_name", ""),
)
def test_each_challenge_has_its_questions(
    asked: ChallengeRequired, expected: list[tuple[str, str, bool]]
) -> None:
    assert [(q.name, q.text, q.hidden) for q in questions_of(asked)] == expected


def test_a_challenge_of_an_unknown_kind_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="WEB_AUTHN, which can't be answered here"):
        questions_of(challenge("WEB_AUTHN"))


class Replies:
    """Replies one after the other, and keeps what was asked."""

    def __init__(self, *replies: str) -> None:
        self.left = list(replies)
        self.asked: list[str] = []

    def __call__(self, question: Question) -> str:
        self.asked.append(question.name)
        return self.left.pop(0)


CHOICES = challenge("SELECT_CHALLENGE", choices=("EMAIL_OTP", "PASSWORD"))


@pytest.mark.parametrize(
    ("asked", "replies", "answer"),
    [
        (challenge("SMS_MFA"), ["123456"], {"code": "123456"}),
        (challenge("SMS_MFA"), [""], None),
        (CHOICES, ["1"], {"choice": "EMAIL_OTP"}),
        (CHOICES, ["email_otp"], {"choice": "EMAIL_OTP"}),
        (CHOICES, ["3", "nonsense", "0", "1"], {"choice": "EMAIL_OTP"}),
        (CHOICES, ["2", "correct horse"], {"choice": "PASSWORD", "password": "correct horse"}),
        (CHOICES, ["2", ""], None),
        (CHOICES, ["9", ""], None),
        (challenge("SELECT_CHALLENGE", choices=("EMAIL_OTP",)), [], {"choice": "EMAIL_OTP"}),
        (
            challenge("NEW_PASSWORD_REQUIRED", ATTRIBUTES),
            ["new horse", "ada@example.com"],
            {"new_password": "new horse", "attributes": {"email": "ada@example.com"}},
        ),
    ],
)
def test_replies_become_the_arguments_of_answer(
    asked: ChallengeRequired, replies: list[str], answer: dict[str, Any] | None
) -> None:
    given = Replies(*replies)
    assert ask_all(asked, given) == answer
    assert given.left == []


@pytest.mark.parametrize(
    ("reply", "expected"),
    [("1", "EMAIL_OTP"), (" 2 ", "PASSWORD"), ("password", "PASSWORD"), ("²", None), ("", None)],
)
def test_a_choice_is_made_by_its_number_or_its_name(reply: str, expected: str | None) -> None:
    (question,) = questions_of(CHOICES)
    assert chosen(question, reply) == expected
