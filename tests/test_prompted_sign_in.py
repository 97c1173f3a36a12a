"""A sign-in during which a person is asked."""

from __future__ import annotations

from typing import Any

import pytest

from appsync_gql import ChallengeRequired, SignInFailed, WrongAnswer
from appsync_gql.prompted_sign_in import sign_in_with_prompts

SMS = ChallengeRequired("code", challenge_name="SMS_MFA")
PASSWORD = ChallengeRequired("new", challenge_name="NEW_PASSWORD_REQUIRED")


class Store:
    """Plays the outcomes of calls: an error is raised, ``None`` ends the sign-in."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.calls: list[Any] = []

    def _next(self) -> None:
        outcome = self.outcomes.pop(0)
        if outcome is not None:
            raise outcome

    def sign_in(self, username: str, password: str | None, *, flow: str | None) -> None:
        self.calls.append((username, password, flow))
        self._next()

    def answer(self, challenge: ChallengeRequired, **answer: Any) -> None:
        self.calls.append((challenge.challenge_name, answer))
        self._next()


def sign_in(store: Any, *replies: str) -> list[tuple[str, str | None]]:
    shown: list[tuple[str, str | None]] = []
    left = list(replies)
    sign_in_with_prompts(
        store,
        "ada",
        "correct horse",
        flow=None,
        ask=lambda _: left.pop(0),
        show=lambda challenge, problem: shown.append((challenge.challenge_name, problem)),
    )
    return shown


def test_without_a_challenge_nothing_is_asked() -> None:
    store = Store(None)
    assert sign_in(store) == []
    assert store.calls == [("ada", "correct horse", None)]


def test_one_challenge_follows_the_other() -> None:
    store = Store(PASSWORD, SMS, None)
    shown = sign_in(store, "new horse", "123456")
    assert shown == [("NEW_PASSWORD_REQUIRED", None), ("SMS_MFA", None)]
    assert store.calls[1:] == [
        ("NEW_PASSWORD_REQUIRED", {"new_password": "new horse"}),
        ("SMS_MFA", {"code": "123456"}),
    ]


def test_a_wrong_answer_is_asked_for_again_and_says_why() -> None:
    store = Store(SMS, WrongAnswer("The code is wrong."), None)
    assert sign_in(store, "1", "2") == [("SMS_MFA", None), ("SMS_MFA", "The code is wrong.")]
    assert [call[1] for call in store.calls[1:]] == [{"code": "1"}, {"code": "2"}]


def test_a_challenge_is_asked_three_times_at_most() -> None:
    wrong = WrongAnswer("The code is wrong.")
    store = Store(PASSWORD, wrong, wrong, SMS, wrong, wrong, wrong)
    with pytest.raises(SignInFailed, match="three times"):
        sign_in(store, *"123456")
    assert len(store.calls) == 7


def test_who_gives_up_is_not_signed_in() -> None:
    with pytest.raises(SignInFailed, match="nobody is signed in"):
        sign_in(Store(SMS), "")


def test_any_other_error_ends_it() -> None:
    with pytest.raises(SignInFailed, match="disabled"):
        sign_in(Store(SMS, SignInFailed("The user is disabled.")), "1")
