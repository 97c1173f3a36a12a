"""Saved sessions as JSON: written and read, with anything else refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql import SessionKey, Tokens
from appsync_gql.persistence.session_json import (
    MARKER,
    NewerFormat,
    NotSessions,
    from_json,
    to_json,
)
from appsync_gql.persistence.sessions import SavedSession, SavedSessions
from appsync_gql.secret import SecretBytes
from appsync_gql.testing.contract import sample_tokens

CLIENT = SessionKey(client_id="client")
ADA = sample_tokens(user="ada", refresh_token="refresh-ada")
GRACE = sample_tokens(user="grace", refresh_token="refresh-grace")
SESSIONS = SavedSessions().with_tokens(CLIENT, ADA).with_tokens(CLIENT, GRACE)
HEAD = b'{"format": "appsync-gql sessions", "version": 1'


def read(raw: bytes) -> SavedSessions:
    return from_json(SecretBytes(raw))


def changed(**fields: Any) -> bytes:
    """Return a saved session with other fields."""
    saved = json.loads(to_json(SavedSessions().with_tokens(CLIENT, ADA)))
    saved["sessions"][0].update(fields)
    return json.dumps(saved).encode()


def test_what_is_written_is_read_again_completely() -> None:
    full = replace(ADA, device_key="d", rotates=False, renewals=4)
    sessions = SavedSessions().with_tokens(CLIENT, full).with_tokens(CLIENT, GRACE)
    sessions = sessions.signed_out(SessionKey.of(GRACE), 1.5)
    sessions = sessions.with_tokens(SessionKey(), Tokens(refresh_token="only"))
    assert read(to_json(sessions)) == sessions


def test_the_clock_correction_is_not_written() -> None:
    """It is about the clock of the machine that measured it."""
    corrected = replace(ADA, clock_correction=-120.0)
    found = read(to_json(SavedSessions().with_tokens(CLIENT, corrected))).find(CLIENT)
    assert found == ADA
    assert found.clock_correction is None


def test_what_is_written_begins_with_the_marker_and_is_not_shown() -> None:
    raw = to_json(SESSIONS)
    assert raw.startswith(MARKER)
    assert repr(raw) == "<redacted>"


def test_a_token_response_that_another_program_saved_is_one_session() -> None:
    response = {"access_token": ADA.access_token, "refresh_token": "r", "token_type": "Bearer"}
    found = read(json.dumps(response).encode()).find(CLIENT)
    assert found is not None
    assert (found.access_token, found.refresh_token) == (ADA.access_token, "r")


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"format": "appsync-gql sess', "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "neither sessions nor tokens"),
        (b'{"access_token": "secret"}', "neither sessions nor tokens"),
        (b'{"access_token": 7}', "neither sessions nor tokens"),
        (b'{"format": "else"}', "its format"),
        (HEAD + b"}", "incomplete"),
        (HEAD + b', "sessions": [{}]}', "incomplete"),
        (HEAD + b', "sessions": [7]}', "incomplete"),
        (HEAD + b', "sessions": 7}', "incomplete"),
        (to_json(SESSIONS).replace(b'"ada"', b'"eve"'), "another session"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b"1" * 5_000, "not JSON"),
    ],
)
def test_anything_else_is_refused_and_not_quoted(raw: bytes, why: str) -> None:
    with pytest.raises(NotSessions, match=why) as caught:
        read(raw)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"renewals": "3"},
        {"renewals": -1},
        {"renewals": True},
        {"rotates": "yes"},
        {"device_key": 7},
        {"access_token": 7},
        {"username": ["ada"]},
        {"signed_in_at": "abc"},
        {"signed_in_at": float("inf")},
        {"signed_in_at": float("nan")},
        {"signed_in_at": 10**400},
        {"signed_in_at": True},
        {"refresh_token_digests": None},
        {"signed_out": True, "signed_out_at": "now"},
    ],
    ids=str,
)
def test_a_field_of_another_type_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(NotSessions):
        read(changed(**fields))


@pytest.mark.parametrize("correction", ["abc", float("inf"), float("nan"), 120.0, [[]]])
def test_a_saved_clock_correction_is_ignored(correction: object) -> None:
    found = read(changed(clock_correction=correction)).find(CLIENT)
    assert found is not None
    assert found.clock_correction is None


@pytest.mark.parametrize("version", [2, 99])
def test_a_later_version_is_recognised(version: int) -> None:
    raw = {"format": "appsync-gql sessions", "version": version, "sessions": "?"}
    with pytest.raises(NewerFormat, match=str(version)):
        read(json.dumps(raw).encode())


@pytest.mark.parametrize("version", [0, -1, None, "2", 1.5])
def test_a_version_that_never_was_is_no_later_one(version: object) -> None:
    raw = {"format": "appsync-gql sessions", "version": version, "sessions": []}
    with pytest.raises(NotSessions, match="version"):
        read(json.dumps(raw).encode())


@given(st.binary(max_size=200))
def test_bytes_at_random_are_no_sessions(raw: bytes) -> None:
    with pytest.raises((NotSessions, NewerFormat)):
        read(raw)


@given(st.integers(min_value=0))
def test_cut_off_sessions_are_never_taken_for_complete_ones(at: int) -> None:
    whole = to_json(SESSIONS)
    with pytest.raises(NotSessions):
        read(whole[: at % len(whole)])


def test_a_remembered_device_is_kept_with_the_session() -> None:
    tokens = Tokens(
        refresh_token="refresh-0",
        device_key="key",
        device_group_key="group",
        device_password="d3vice-password",
    )
    saved = SavedSession(key=SessionKey(username="ada"), tokens=tokens, refresh_token_digests=())
    read = from_json(to_json(SavedSessions((saved,))))
    assert read.sessions[0].tokens == tokens
    assert "d3vice-password" not in repr(read)
