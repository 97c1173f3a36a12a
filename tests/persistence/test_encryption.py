"""Encryption of what is saved."""

from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from appsync_gql import ConfigurationError, FilePersistence, SessionKey, StorageCorrupt
from appsync_gql.persistence.encryption import cipher_for, secret_keys
from appsync_gql.secret import SecretBytes
from appsync_gql.testing.contract import sample_tokens

KEY, NEXT = Fernet.generate_key(), Fernet.generate_key().decode()
CLIENT, TOKENS = SessionKey(client_id="client"), sample_tokens()


def save(path: Path, encryption_key: bytes | str | list[bytes | str] | None) -> None:
    persistence = FilePersistence(path, encryption_key=encryption_key)
    with persistence.lock(CLIENT):
        persistence.save(CLIENT, TOKENS)


def load(
    path: Path,
    encryption_key: bytes | str | list[bytes | str] | None,
    *,
    accept_unencrypted: bool = False,
) -> object:
    persistence = FilePersistence(
        path, encryption_key=encryption_key, accept_unencrypted=accept_unencrypted
    )
    return persistence.load(CLIENT)


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
    ("given", "match"),
    [
        pytest.param(None, "pass encryption_key=", id="no key"),
        pytest.param(NEXT, "not in encryption_key=", id="another key"),
    ],
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


def test_with_a_key_plain_text_is_not_used(path: Path) -> None:
    """Whoever can write there could else sign a program in as somebody else."""
    save(path, None)
    before = path.read_bytes()
    with pytest.raises(StorageCorrupt, match=r"not encrypted.*accept_unencrypted=True"):
        load(path, KEY)
    assert path.read_bytes() == before
    save(path, KEY)
    assert load(path, KEY) == TOKENS
    assert path.with_name("sessions.json.aside-1").read_bytes() == before


def test_accept_unencrypted_uses_plain_text_until_the_next_save_encrypts_it(path: Path) -> None:
    save(path, None)
    persistence = FilePersistence(path, encryption_key=KEY, accept_unencrypted=True)
    assert persistence.load(CLIENT) == TOKENS
    with persistence.lock(CLIENT):
        persistence.save(CLIENT, TOKENS)
    assert b"eu-west-1_Example" not in path.read_bytes()
    assert load(path, KEY) == TOKENS


def test_a_changed_byte_is_noticed(path: Path) -> None:
    save(path, KEY)
    raw = bytearray(path.read_bytes())
    raw[60] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(ConfigurationError, match="changed by somebody else"):
        load(path, KEY)


@pytest.mark.parametrize(
    "bad",
    ["", "short", b"x" * 44, b"\xff", [], [KEY, "short"], [KEY, b"\xff"], 7, [KEY, 7], [None]],
)
def test_what_is_not_a_key_is_refused_at_construction(path: Path, bad: object) -> None:
    with pytest.raises(ConfigurationError, match="generate_key") as caught:
        FilePersistence(path, encryption_key=bad)  # type: ignore[arg-type]
    assert "short" not in str(caught.value)
    found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in found.stack if "appsync_gql" in frame.filename]
    assert not [frame for frame in frames if KEY.decode() in str(frame.locals)]


def test_the_key_is_neither_shown_nor_pickled(path: Path) -> None:
    persistence = FilePersistence(path, encryption_key=KEY)
    assert KEY.decode() not in repr(persistence) + repr(vars(persistence))
    with pytest.raises(TypeError):
        pickle.dumps(persistence)


def test_neither_plain_text_nor_cipher_text_is_shown() -> None:
    cipher = cipher_for(secret_keys(KEY))
    stored = cipher.encrypt(SecretBytes(b"plain"))
    assert cipher.decrypt(stored) == b"plain"
    assert repr([stored, cipher.decrypt(stored)]) == "[<redacted>, <redacted>]"
    with pytest.raises(TypeError):
        pickle.dumps(stored)


def test_without_a_key_nothing_is_encrypted() -> None:
    assert secret_keys(None) is None
    assert cipher_for(None).encrypt(SecretBytes(b"plain")) == b"plain"
