"""The card of a connection."""

from __future__ import annotations

from typing import Any

import pytest

from appsync_gql import StoreStatus, TokenState
from appsync_gql.notebook.card import card_lines, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (119.9, "119 s"),
        (120, "2 min"),
        (3599, "59 min"),
        (12_000, "3 h 20 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_duration_is_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def status(state: TokenState, **more: Any) -> StoreStatus:
    known: dict[str, Any] = {
        "username": None, "user_pool_id": None, "seconds_left": 0.0, "expires_at": None,
        "renewing": False, "unsaved": False, "last_error": None, "counts": {},
    }  # fmt: skip
    return StoreStatus(state=state, **{**known, **more})


def card(found: StoreStatus | None, *others: str) -> dict[str, str]:
    return dict(
        card_lines(url="https://x", mode="userpool", user_pool_id="p", status=found, others=others)
    )


def test_a_mode_without_users_has_no_session() -> None:
    assert card(None) == {"API": "https://x", "authorization mode": "userpool"}


def test_a_session_shows_its_user_and_the_time_left() -> None:
    found = card(
        status(
            TokenState.STALE, username="ada", seconds_left=25.0, renewing=True, last_error="offline"
        ),
        "prod",
    )
    assert found["user"] == "ada"
    assert found["user pool"] == "p"
    assert found["tokens"] == "stale, 25 s left, being renewed"
    assert found["last error"] == "offline"
    assert found["other connections"] == "prod"


@pytest.mark.parametrize(
    ("state", "user"),
    [
        (TokenState.UNKNOWN, "a saved session is looked for at the first request"),
        (TokenState.NOT_SIGNED_IN, "nobody is signed in"),
    ],
)
def test_without_a_user_it_says_why(state: TokenState, user: str) -> None:
    assert card(status(state))["user"] == user


def test_nothing_is_said_of_tokens_before_a_saved_session_was_looked_for() -> None:
    assert not {"tokens", "last error"} & card(status(TokenState.UNKNOWN)).keys()
    assert card(status(TokenState.UNKNOWN, last_error="x"))["last error"] == "x"


def test_tokens_that_are_not_saved_are_mentioned() -> None:
    assert "not saved" in card(status(TokenState.FRESH, unsaved=True))["saving"]
