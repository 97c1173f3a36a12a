"""Signing in with a function that answers the challenges: for tasks, and for threads."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING

from ..background_loop import background_loop
from ..challenges import Answer, ChallengeRequired, hidden_answer
from ..exceptions import AppSyncError, WrongAnswer
from .single_flight import call_in_thread, wait_in_task, wait_in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ..challenges import ChallengeHandler
    from ..tokens import Tokens
    from .single_flight import Waits
    from .waiting import StoreMethods

__all__ = ["sign_in_blocking", "sign_in_in_task"]

_MOST_WRONG_ANSWERS = 3
"""How often one challenge is answered wrongly before the error is raised."""


class _Challenges:
    """The challenges of one sign-in, each with the answers to it that were wrong.

    Attributes:
        current: the challenge to be answered; ``None`` before the first one.
    """

    def __init__(self) -> None:
        self.current: ChallengeRequired | None = None
        self._wrong = 0

    def after(self, error: AppSyncError) -> ChallengeRequired:
        """Return the challenge to be answered after this error.

        Raises:
            AppSyncError: there is none.
        """
        if isinstance(error, ChallengeRequired):
            self.current, self._wrong = error, 0
            return error
        self._wrong += 1
        if self.current is None or self._wrong >= _MOST_WRONG_ANSWERS:
            raise error
        self.current.problem = str(error)
        return self.current


def sign_in_blocking(
    methods: StoreMethods, first: Waits[Tokens], on_challenge: ChallengeHandler | None
) -> Tokens:
    """Run a sign-in in this thread, and call the function there; its coroutines run elsewhere.

    Args:
        methods: of the store.
        first: the first step.
        on_challenge: answers challenges; ``None``: they are raised.
    """
    challenges, step = _Challenges(), first
    while True:
        try:
            return wait_in_thread(step)
        except (ChallengeRequired, WrongAnswer) as error:
            if on_challenge is None:
                raise
            challenge = challenges.after(error)
        given = _hidden(on_challenge(challenge))
        if inspect.isawaitable(given):
            given = hidden_answer(background_loop.run(_awaited(given)))
        step = methods.answer(challenge, _answer(challenge, given))


async def sign_in_in_task(
    methods: StoreMethods, first: Waits[Tokens], on_challenge: ChallengeHandler | None
) -> Tokens:
    """Run a sign-in in a task; a function that is not async is called on a worker thread.

    Arguments as for :func:`sign_in_blocking`.
    """
    challenges, step = _Challenges(), first
    while True:
        try:
            return await wait_in_task(step)
        except (ChallengeRequired, WrongAnswer) as error:
            if on_challenge is None:
                raise
            challenge = challenges.after(error)
        if inspect.iscoroutinefunction(on_challenge):
            given = hidden_answer(await on_challenge(challenge))
        else:
            call = partial(_called, on_challenge, challenge)
            given = await wait_in_task(call_in_thread(call, "a call of on_challenge"))
            if inspect.isawaitable(given):
                given = hidden_answer(await given)
        step = methods.answer(challenge, _answer(challenge, given))


def _called(on_challenge: ChallengeHandler, challenge: ChallengeRequired) -> object:
    return _hidden(on_challenge(challenge))


def _hidden(given: object) -> object:
    """Return what a function answered: an awaitable as it is, and nothing that is shown."""
    return given if inspect.isawaitable(given) else hidden_answer(given)


def _answer(challenge: ChallengeRequired, given: object) -> Answer:
    """Return an answer from what ``hidden_answer`` returned.

    Raises:
        ChallengeRequired: it is ``None``: the user gives up.
        ConfigurationError: it is no answer.
    """
    if given is None:
        raise challenge
    return Answer.of(given)


async def _awaited(awaitable: Awaitable[object]) -> object:
    return await awaitable
