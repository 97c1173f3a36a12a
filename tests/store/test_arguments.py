"""Arguments of a store that can't be used are refused at once, with the fix."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import Any

import pytest

from appsync_gql import (
    CognitoProvider,
    ConfigurationError,
    FilePersistence,
    InvalidToken,
    MemoryPersistence,
    Tokens,
    TokenStore,
)
from appsync_gql.secret import Secret
from appsync_gql.store.arguments import check_rejected, secret
from support.store import NOON, tokens_at

PROVIDER = CognitoProvider("client", region="eu-west-1")
ADA = tokens_at(NOON)


@pytest.mark.parametrize(
    ("arguments", "setting", "text"),
    [
        ({"refresh_window": -1.0}, "refresh_window", "0 or more"),
        ({"refresh_window": float("nan")}, "refresh_window", "0 or more"),
        ({"refresh_window": "30"}, "refresh_window", "number of seconds"),
        ({"refresh_window": True}, "refresh_window", "number of seconds"),
        ({"patience": -1.0}, "patience", "0 or more"),
        ({"patience": float("inf")}, "patience", "0 or more"),
        ({"patience": None}, "patience", "number of seconds"),
        ({"token_use": "refresh"}, "token_use", '"access" or "id"'),
        ({"scheme": "Basic"}, "scheme", '"Bearer"'),
        ({"tokens": ADA, "refresh_token": "x"}, "tokens", "not both"),
        ({"tokens": {"access_token": "x"}}, "tokens", r"Tokens\(.*not dict"),
        ({"tokens": "eyJ"}, "tokens", r"not str"),
        ({"refresh_token": 7}, "refresh_token", "must be a str"),
        ({"provider": CognitoProvider}, "provider", "the class CognitoProvider; pass an instance"),
        ({"provider": "cognito"}, "provider", "CognitoProvider"),
        ({"provider": None}, "provider", "CognitoProvider"),
        ({"delays": None}, "delays", "takes a function"),
        ({"token_use": ["access"]}, "token_use", '"access" or "id"'),
        ({"scheme": []}, "scheme", '"Bearer"'),
        ({"persistence": "sessions.json"}, "persistence", r"FilePersistence\("),
        ({"persistence": MemoryPersistence}, "persistence", "pass an instance"),
        ({"on_event": []}, "on_event", "takes a function"),
        ({"clock": 7}, "clock", "wall, monotonic"),
        ({"delays": 5.0}, "delays", "takes a function"),
        ({"lock_delays": [1.0]}, "lock_delays", "takes a function"),
        ({"jitter": 0.5}, "jitter", "takes a function"),
        (
            {"tokens": Tokens(access_token=ADA.access_token), "token_use": "id"},
            "token_use",
            "needs an id token",
        ),
    ],
)
def test_arguments_that_make_no_sense_are_refused_at_once(
    arguments: dict[str, Any], setting: str, text: str
) -> None:
    with pytest.raises(ConfigurationError, match=text) as caught:
        TokenStore(**{"provider": PROVIDER, **arguments})
    assert caught.value.setting == setting


def test_a_refresh_token_that_is_none_is_not_quoted() -> None:
    with pytest.raises(InvalidToken) as caught:
        TokenStore(PROVIDER, refresh_token="secret\n")
    assert "secret" not in str(caught.value)


def test_arguments_that_make_sense_are_taken(tmp_path: Any) -> None:
    store = TokenStore(
        PROVIDER,
        tokens=ADA,
        persistence=FilePersistence(tmp_path / "sessions.json"),
        refresh_window=0,
        patience=0,
        scheme="Bearer",
        on_event=print,
    )
    assert store.status().username == "ada"


@pytest.mark.parametrize("rejected", [None, {}, {"Authorization": "token"}, MappingProxyType({})])
def test_headers_or_nothing_can_be_replaced(rejected: Any) -> None:
    check_rejected(rejected)


@pytest.mark.parametrize("rejected", ["text", b"text", 5, ["Authorization"]])
async def test_what_are_no_headers_can_not_be_replaced(rejected: Any) -> None:
    """With tokens that are alive it was a bare AttributeError."""
    store = TokenStore(PROVIDER, tokens=ADA)
    with pytest.raises(ConfigurationError, match="headers that were sent") as caught:
        await store.renew(rejected)
    assert caught.value.setting == "rejected"
    with pytest.raises(ConfigurationError, match="headers that were sent"):
        await asyncio.to_thread(store.blocking.renew, rejected)


def test_only_strings_are_made_secret() -> None:
    assert isinstance(secret("x"), Secret)
    assert secret(None) is None
