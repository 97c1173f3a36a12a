"""Encryption at rest."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from appsync_gql import ConfigurationError, FilePersistence, SessionKey
from appsync_gql.testing.contract import sample_tokens

KEY, NEXT = Fernet.generate_key(), Fernet.generate_key().decode()
CLIENT, TOKENS = SessionKey(client_id="client"), sample_tokens()


def save(path: Path, encryption_key: bytes | str | list[bytes | str] | None) -> None:
    place = FilePersistence(path, encryption_key=encryption_key)
    with place.lock(CLIENT):
        place.save(CLIENT, TOKENS)


def load(path: Path, encryption_key: bytes | str | list[bytes | str] | None) -> object:
    return FilePersistence(path, encryption_key=encryption_key).load(CLIENT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.json"


def test_nothing_of_the_session_can_be_read_in_the_file(path: Path) -> None:
    save(path, KEY)
    raw = path.read_bytes()
    hidden = [TOKENS.access_token, TOKENS.refresh_token, "eu-west-1_Example", "sessions"]
    assert not [word for word in hidden if str(word).encode() in raw]


def test_the_key_is_changed_by_putting_the_new_one_in_front(path: Path) -> None:
    save(path, KEY)
    assert load(path, [NEXT, KEY]) == TOKENS
    save(path, [NEXT, KEY])
    assert load(path, NEXT) == TOKENS


@pytest.mark.parametrize(
    ("given", "match"), [(None, "give encryption_key="), (NEXT, "none of the keys")]
)
def test_without_the_key_there_is_a_clear_error_and_nothing_is_changed(
    path: Path, given: str | None, match: str
) -> None:
    save(path, KEY)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=match) as caught:
        load(path, given)
    assert caught.value.setting == "encryption_key"
    with pytest.raises(ConfigurationError, match=match):
        save(path, given)
    assert path.read_bytes() == before


def test_what_was_kept_in_clear_is_read_and_encrypted_when_it_is_next_saved(path: Path) -> None:
    save(path, None)
    assert load(path, KEY) == TOKENS
    save(path, KEY)
    assert b"eu-west-1_Example" not in path.read_bytes()


def test_a_changed_byte_is_noticed(path: Path) -> None:
    save(path, KEY)
    raw = bytearray(path.read_bytes())
    raw[60] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(ConfigurationError, match="changed by somebody else"):
        load(path, KEY)


@pytest.mark.parametrize("bad", ["", "short", b"x" * 44, [], [KEY, "short"]])
def test_what_is_no_key_is_told_at_once(path: Path, bad: str | bytes | list[str]) -> None:
    with pytest.raises(ConfigurationError, match="generate_key") as caught:
        FilePersistence(path, encryption_key=bad)
    assert "short" not in str(caught.value)


def test_the_key_is_not_shown_nor_pickled(path: Path) -> None:
    place = FilePersistence(path, encryption_key=KEY)
    assert KEY.decode() not in repr(place) + repr(vars(place))
    with pytest.raises(TypeError):
        pickle.dumps(place)
