"""A sign-in during which a person is asked; used by the command line and by notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .challenge_questions import ask_all
from .challenges import ChallengeRequired
from .exceptions import SignInFailed, WrongAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .challenge_questions import Question
    from .store.blocking import BlockingTokenStore

__all__ = ["sign_in_with_prompts"]

_ATTEMPTS = 3


def sign_in_with_prompts(
    store: BlockingTokenStore,
    username: str,
    password: str | None,
    *,
    flow: str | None,
    ask: Callable[[Question], str],
    show: Callable[[ChallengeRequired, str | None], None],
) -> None:
    """Sign a user in, and ask whatever the user pool wants to know. Blocks.

    Everything is asked in the caller's thread, and a challenge three times at most.

    Args:
        store: of the session.
        username: the user.
        password: ``None`` for flows without one.
        flow: as for :meth:`TokenStore.sign_in`.
        ask: called with each question; returns the reply, an empty text to give up.
        show: called before the questions of a challenge, with the challenge and why the previous
            answer was not accepted, ``None`` for the first one.

    Raises:
        SignInFailed: the person gave up, answered wrongly three times, or Cognito refused.
        AppSyncError: as :meth:`TokenStore.sign_in`.
    """
    challenge = _begin(store, username, password, flow)
    while challenge is not None:
        challenge = _answer(store, challenge, ask, show)


def _begin(
    store: BlockingTokenStore, username: str, password: str | None, flow: str | None
) -> ChallengeRequired | None:
    try:
        store.sign_in(username, password, flow=flow)
    except ChallengeRequired as error:
        return error
    return None


def _answer(
    store: BlockingTokenStore,
    challenge: ChallengeRequired,
    ask: Callable[[Question], str],
    show: Callable[[ChallengeRequired, str | None], None],
) -> ChallengeRequired | None:
    """Have a challenge answered; return the next one, or ``None`` once the user is signed in."""
    problem: str | None = None
    for _ in range(_ATTEMPTS):
        show(challenge, problem)
        answer = ask_all(challenge, ask)
        if answer is None:
            raise SignInFailed("Nothing was answered: nobody is signed in.")
        try:
            store.answer(challenge, **answer)
        except WrongAnswer as error:
            problem = str(error)  # the same challenge can be answered again
        except ChallengeRequired as error:
            return error
        else:
            return None
    raise SignInFailed("The answer was wrong three times: start to sign in again.")
