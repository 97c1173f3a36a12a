from __future__ import annotations

import copy
import inspect
import io
import json
import pickle
from typing import TYPE_CHECKING

import pytest
from rich.console import Console
from rich.traceback import Traceback

from appsync_gql import (
    ApiKeyAuth,
    AppSyncTransport,
    BlockingAppSyncTransport,
    CognitoProvider,
    ConfigurationError,
    DynamoDBPersistence,
    Tokens,
    TokenStore,
    connect,
)
from appsync_gql.secret import Secret, SecretBytes, arguments_hidden, hidden, sealed
from support.tracebacks import assert_hidden

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = "s3cr3t-" * 40
API = "https://api.example.com/graphql"
PROVIDER = CognitoProvider("client", region="eu-west-1")


def test_repr_is_redacted_and_everything_else_is_the_text() -> None:
    secret = Secret("s3cr3t")
    assert repr(secret) == "<redacted>"
    assert repr({"Authorization": [secret]}) == "{'Authorization': [<redacted>]}"
    assert str(secret) == f"{secret}" == "s3cr3t"
    assert json.dumps(secret) == '"s3cr3t"'
    assert secret == "s3cr3t"


def test_a_part_of_a_secret_is_secret_too() -> None:
    """Tools that shorten long strings take a slice first, and then its repr."""
    assert repr(Secret(LONG)[:80]) == repr(Secret(LONG)[0]) == "<redacted>"
    assert Secret("abc")[1:] == "bc"


def test_secret_bytes_and_their_parts_are_redacted_and_not_pickled() -> None:
    secret = SecretBytes(b"s3cr3t")
    assert repr(secret) == repr(secret[:3]) == "<redacted>"
    assert (secret[:3], secret[0]) == (b"s3c", ord("s"))
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


def test_rich_shows_no_secret_among_local_variables() -> None:
    def fail(token: str) -> None:
        raise ValueError(len(token))

    output = io.StringIO()
    try:
        fail(Secret(LONG))
    except ValueError as error:
        shown = Traceback.from_exception(
            type(error), error, error.__traceback__, show_locals=True, width=400
        )
        Console(file=output, width=400).print(shown)
    assert "redacted" in output.getvalue()
    assert "s3cr3t-s3" not in output.getvalue()


def test_a_secret_is_not_pickled_and_its_copies_are_itself() -> None:
    secret = Secret("s")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)
    assert copy.copy(secret) is copy.deepcopy(secret) is secret


@pytest.mark.parametrize(
    ("value", "result"),
    [("text", "text"), ("", ""), (None, None), (b"bytes", bytes), (42, int), (["x"], list)],
)
def test_hiding_an_argument_keeps_a_text_and_replaces_anything_else_by_its_type(
    value: object, result: object
) -> None:
    found = hidden(value)
    assert found == result
    if isinstance(value, str):
        assert repr(found) == "<redacted>"


def test_a_sealed_text_is_shown_neither_as_a_text_nor_by_its_repr() -> None:
    read = sealed("text")
    assert not isinstance(read, str)
    assert "text" not in repr(read)
    assert read() == "text"
    assert repr(read()) == "<redacted>"


@pytest.mark.parametrize(
    "construct",
    [
        lambda: ApiKeyAuth("s3cr3t\n"),
        lambda: AppSyncTransport("https://ada:s3cr3t@api.example.com/graphql"),
        lambda: AppSyncTransport(API, realtime_url="wss://ada:s3cr3t@api.example.com/"),
        lambda: AppSyncTransport(API, headers={"x-api-key": "s3cr3t\n"}),
        lambda: AppSyncTransport(API, auth="s3cr3t"),  # type: ignore[arg-type]
        lambda: BlockingAppSyncTransport(API, auth="s3cr3t"),
        lambda: TokenStore(PROVIDER, tokens={"access_token": "s3cr3t"}),  # type: ignore[arg-type]
        lambda: TokenStore(PROVIDER, tokens=Tokens(refresh_token="r"), refresh_token="s3cr3t"),
        lambda: TokenStore("s3cr3t"),  # type: ignore[arg-type]
        lambda: DynamoDBPersistence("t", key="k", endpoint_url="https://ada:s3cr3t@example.com"),
        lambda: connect({"data": {"url": 5, "api_key": "s3cr3t"}}),
    ],
)
def test_an_argument_that_is_refused_is_in_no_frame(construct: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        construct()
    assert_hidden(caught.value, "s3cr3t")


def test_a_function_whose_arguments_are_hidden_keeps_its_signature_and_other_errors() -> None:
    @arguments_hidden
    def divide(a: int, *, by: int) -> float:
        return a / by

    assert divide(6, by=3) == 2
    assert list(inspect.signature(divide).parameters) == ["a", "by"]
    with pytest.raises(ZeroDivisionError):
        divide(1, by=0)
