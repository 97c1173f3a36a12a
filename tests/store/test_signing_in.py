"""The function that answers challenges, with steps that are made up."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from appsync_gql import (
    ChallengeRequired,
    ConfigurationError,
    SessionExpired,
    Tokens,
    WrongAnswer,
)
from appsync_gql.challenges import Answer
from appsync_gql.secret import Secret
from appsync_gql.store.signing_in import sign_in_blocking, sign_in_in_task
from support.store import NOON, tokens_at

TOKENS = tokens_at(NOON)


def sms(name: str = "SMS_MFA") -> ChallengeRequired:
    return ChallengeRequired(name, challenge_name=name)


class Methods:
    """Methods of a store whose sign-in has the scripted outcomes."""

    def __init__(self, *outcomes: Exception | Tokens) -> None:
        self.outcomes = deque(outcomes)
        self.answers: list[tuple[str, Answer]] = []

    def first(self) -> Any:
        outcome = self.outcomes.popleft()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
        yield

    def answer(self, challenge: ChallengeRequired, answer: Answer) -> Any:
        self.answers.append((challenge.challenge_name, answer))
        return self.first()


Run = Callable[[Methods, Any], Tokens]


@pytest.fixture(params=["task", "thread"])
def run(request: pytest.FixtureRequest) -> Run:
    def in_task(methods: Any, handler: Any) -> Tokens:
        return asyncio.run(sign_in_in_task(methods, methods.first(), handler))

    def in_thread(methods: Any, handler: Any) -> Tokens:
        return sign_in_blocking(methods, methods.first(), handler)

    return in_task if request.param == "task" else in_thread


def test_without_challenges_the_function_is_not_called(run: Run) -> None:
    assert run(Methods(TOKENS), None) is TOKENS
    assert run(Methods(TOKENS), lambda _: 1 / 0) is TOKENS


def test_without_a_function_a_challenge_is_raised(run: Run) -> None:
    with pytest.raises(ChallengeRequired):
        run(Methods(sms()), None)


def test_each_challenge_is_answered_in_turn(run: Run) -> None:
    methods = Methods(sms("SELECT_MFA_TYPE"), sms("SMS_MFA"), TOKENS)
    answers = {"SELECT_MFA_TYPE": {"mfa": "SMS_MFA"}, "SMS_MFA": "123456"}
    assert run(methods, lambda c: answers[c.challenge_name]) is TOKENS
    assert methods.answers == [
        ("SELECT_MFA_TYPE", Answer(mfa="SMS_MFA")),
        ("SMS_MFA", Answer(code=Secret("123456"))),
    ]


async def coroutine_function(_challenge: ChallengeRequired) -> str:
    await asyncio.sleep(0)
    return "123456"


class AsyncCallable:
    async def __call__(self, challenge: ChallengeRequired) -> str:
        return await coroutine_function(challenge)


@pytest.mark.parametrize(
    "handler", [coroutine_function, AsyncCallable(), partial(coroutine_function)]
)
def test_the_function_may_be_async_in_every_form(run: Run, handler: Any) -> None:
    methods = Methods(sms(), TOKENS)
    assert run(methods, handler) is TOKENS
    assert methods.answers[0][1].code == "123456"


def test_a_wrong_answer_is_asked_for_again_with_the_reason_three_times(run: Run) -> None:
    wrong = WrongAnswer("The code is wrong")
    seen: list[str | None] = []

    def handler(challenge: ChallengeRequired) -> str:
        seen.append(challenge.problem)
        return "1"

    assert run(Methods(sms(), wrong, wrong, TOKENS), handler) is TOKENS
    assert seen == [None, "The code is wrong", "The code is wrong"]
    with pytest.raises(WrongAnswer):
        run(Methods(sms(), wrong, wrong, wrong, TOKENS), handler)


def test_the_wrong_answers_to_another_challenge_do_not_count(run: Run) -> None:
    wrong = WrongAnswer("wrong")
    outcomes: list[Any] = [sms(), wrong, wrong, sms("EMAIL_OTP"), wrong, wrong, TOKENS]
    assert run(Methods(*outcomes), lambda _: "1") is TOKENS


def test_a_function_that_returns_nothing_gives_up(run: Run) -> None:
    challenge = sms()
    with pytest.raises(ChallengeRequired) as caught:
        run(Methods(challenge), lambda _: None)
    assert caught.value is challenge


def test_what_is_no_answer_is_a_mistake_of_the_developer(run: Run) -> None:
    with pytest.raises(ConfigurationError, match="on_challenge"):
        run(Methods(sms()), lambda _: ["1"])


def test_an_error_of_the_function_or_of_the_store_is_raised(run: Run) -> None:
    with pytest.raises(ZeroDivisionError):
        run(Methods(sms()), lambda _: 1 / 0)
    with pytest.raises(SessionExpired):
        run(Methods(sms(), SessionExpired("over")), lambda _: "1")


def test_a_function_that_blocks_does_not_block_the_event_loop() -> None:
    release = threading.Event()

    def handler(_challenge: ChallengeRequired) -> str:
        assert release.wait(10)
        return "1"

    async def main() -> Tokens:
        methods: Any = Methods(sms(), TOKENS)
        signing_in = asyncio.ensure_future(sign_in_in_task(methods, methods.first(), handler))
        await asyncio.sleep(0)
        release.set()
        return await signing_in

    assert asyncio.run(main()) is TOKENS
