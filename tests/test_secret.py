from __future__ import annotations

import copy
import io
import json
import pickle

import pytest
from rich.console import Console
from rich.traceback import Traceback

from appsync_gql.secret import Secret, SecretBytes, hidden, sealed

LONG = "s3cr3t-" * 40


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
