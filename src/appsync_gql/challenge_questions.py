"""What a person is asked during a sign-in, for each challenge. Pure; used by all fronts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .challenges import ChallengeRequired

__all__ = ["Question", "ask_all", "chosen", "questions_of"]

_CHOICE_TEXTS = {
    "EMAIL_OTP": "a code by e-mail",
    "PASSWORD": "your password",
    "PASSWORD_SRP": "your password, which is not sent itself",
    "SMS_MFA": "a code by text message",
    "SMS_OTP": "a code by text message",
    "SOFTWARE_TOKEN_MFA": "a code of your authenticator application",
    "WEB_AUTHN": "a passkey (not supported here)",
}
_TEXTS = {
    "CUSTOM_CHALLENGE": "Answer",
    "EMAIL_OTP": "Code that was sent by e-mail",
    "MFA_SETUP": "First code that the authenticator application shows",
    "NEW_PASSWORD_REQUIRED": "New password",
    "PASSWORD": "Password",
    "PASSWORD_SRP": "Password",
    "SELECT_CHALLENGE": "How do you want to sign in?",
    "SELECT_MFA_TYPE": "Which second factor do you want to use?",
    "SMS_MFA": "Code that was sent by text message",
    "SMS_OTP": "Code that was sent by text message",
    "SOFTWARE_TOKEN_MFA": "Code of the authenticator application",
}
_PASSWORDS = {"PASSWORD", "PASSWORD_SRP"}
_SELECTIONS = {"SELECT_CHALLENGE", "SELECT_MFA_TYPE"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that a person is asked.

    Attributes:
        name: the argument of ``store.answer`` that takes the reply, or an attribute's name.
        text: the question, without a colon at its end.
        hidden: whether the reply must not be shown while it is typed.
        choices: what can be replied, with a description of each; empty for a text.
        is_attribute: whether the reply is one of ``attributes=``.
    """

    name: str
    text: str
    hidden: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    is_attribute: bool = False


def questions_of(challenge: ChallengeRequired) -> list[Question]:
    """Return what a person must be asked to answer a challenge.

    Raises:
        ConfigurationError: the challenge is of a kind that is not known here.
    """
    name, argument = challenge.challenge_name, challenge.argument
    if argument is None:
        raise ConfigurationError(
            f"The user pool asks for {name}, which can't be answered here. Sign in with a browser.",
            setting="flow",
        )
    if name in _SELECTIONS:
        choices = tuple((choice, _CHOICE_TEXTS.get(choice, choice)) for choice in challenge.choices)
        return [Question(name=argument, text=_TEXTS[name], hidden=False, choices=choices)]
    if argument == "email":
        return [Question(name="email", text="E-mail address for codes", hidden=False)]
    sent_to = f" to {challenge.destination}" if challenge.destination else ""
    first = Question(name=argument, text=f"{_TEXTS.get(name, name)}{sent_to}")
    attributes = [
        Question(name=attribute, text=f"Your {attribute}", hidden=False, is_attribute=True)
        for attribute in challenge.required_attributes
    ]
    return [first, *attributes]


def chosen(question: Question, reply: str) -> str | None:
    """Return the choice that a reply means; ``None`` if it means none.

    Args:
        question: one with choices.
        reply: the number of a choice, counted from 1, or its name.
    """
    names = [name for name, _ in question.choices]
    reply = reply.strip()
    if reply.isascii() and reply.isdigit() and 1 <= int(reply) <= len(names):
        return names[int(reply) - 1]
    return next((name for name in names if name == reply.upper()), None)


def ask_all(challenge: ChallengeRequired, ask: Callable[[Question], str]) -> dict[str, Any] | None:
    """Ask a person everything that a challenge needs.

    Args:
        challenge: what must be answered.
        ask: called with each question; returns the reply, an empty text to give up. A question
            with choices is asked again until the reply is one of them.

    Returns:
        The arguments of ``store.answer``, as ``on_challenge`` returns them; ``None`` if the
        person gave up.

    Raises:
        ConfigurationError: the challenge is of a kind that is not known here.
    """
    answer: dict[str, Any] = {}
    attributes: dict[str, str] = {}
    waiting = questions_of(challenge)
    while waiting:
        question = waiting.pop(0)
        reply = _ask(question, ask)
        if not reply:
            return None
        if question.is_attribute:
            attributes[question.name] = reply
        else:
            answer[question.name] = reply
        if question.choices and reply in _PASSWORDS:
            waiting.append(Question(name="password", text=_TEXTS[reply]))
    return {**answer, "attributes": attributes} if attributes else answer


def _ask(question: Question, ask: Callable[[Question], str]) -> str:
    if not question.choices:
        return ask(question)
    if len(question.choices) == 1:
        return question.choices[0][0]
    while reply := ask(question):
        found = chosen(question, reply)
        if found is not None:
            return found
    return ""
