"""What is kept, as values: found, replaced, ended, written and read."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql import ConfigurationError, SessionKey, SignedOut, Tokens
from appsync_gql.persistence.sessions import SavedSessions as Document
from appsync_gql.session_key import digest
from appsync_gql.testing.contract import sample_tokens

CLIENT = SessionKey(client_id="client")
ADA = sample_tokens(user="ada", refresh_token="refresh-ada")
GRACE = sample_tokens(user="grace", refresh_token="refresh-grace")
ALONE = Tokens(refresh_token="refresh-first")


def kept(*sets: Tokens) -> Document:
    document = Document()
    for tokens in sets:
        document = document.with_tokens(CLIENT, tokens)
    return document


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (CLIENT, ADA),
        (SessionKey(), ADA),
        (SessionKey(client_id="client", username="ada"), ADA),
        (SessionKey(user_pool_id="eu-west-1_Example"), ADA),
        (SessionKey(client_id="client", username="grace"), None),
        (SessionKey(client_id="other"), None),
        (SessionKey(user_pool_id="eu-west-1_Other", client_id="client"), None),
        (CLIENT.with_tokens(ADA), ADA),
        (CLIENT.with_tokens(Tokens(refresh_token="refresh-ada")), ADA),
        (CLIENT.with_tokens(Tokens(refresh_token="unknown")), None),
    ],
    ids=str,
)
def test_a_session_is_found_by_all_that_is_known_of_it(
    key: SessionKey, found: Tokens | None
) -> None:
    assert kept(ADA).find(key) == found


def test_several_users_are_kept_and_one_must_be_named() -> None:
    both = kept(ADA, GRACE)
    with pytest.raises(ConfigurationError, match="ada and grace"):
        both.find(CLIENT)
    assert both.find(SessionKey.of(GRACE)) == GRACE


def test_a_session_begun_with_a_refresh_token_alone_is_found_by_it_ever_after() -> None:
    key, document = CLIENT.with_tokens(ALONE), Document()
    for renewals in range(20):
        renewed = sample_tokens(renewals=renewals, refresh_token=f"refresh-{renewals}")
        document = document.with_tokens(key.with_tokens(renewed), renewed)
    assert document.find(key) == renewed
    assert len(document.records) == 1
    assert len(document.records[0].seeds) <= 8


def test_a_refresh_token_kept_before_its_user_was_known_is_replaced_not_doubled() -> None:
    key = CLIENT.with_tokens(ALONE)
    document = Document().with_tokens(key, ALONE).with_tokens(key.with_tokens(ADA), ADA)
    assert [record.tokens for record in document.records] == [ADA]


def test_tokens_of_an_unknown_user_replace_nobodys() -> None:
    document = kept(ADA).with_tokens(CLIENT.with_tokens(ALONE), ALONE)
    assert document.find(SessionKey.of(ADA)) == ADA
    assert document.find(CLIENT.with_tokens(ALONE)) == ALONE


@pytest.mark.parametrize(
    ("key", "over"),
    [
        (CLIENT, True),
        (SessionKey.of(ADA), True),
        (SessionKey.of(sample_tokens(refresh_token="another", renewals=9)), True),
        (SessionKey.of(Tokens(refresh_token="refresh-ada")), True),
        (SessionKey.of(Tokens(refresh_token="of-a-new-sign-in")), False),
        (SessionKey.of(sample_tokens(signed_in_at=1_800_000_600)), False),
        (SessionKey.of(GRACE), False),
    ],
)
def test_after_a_sign_out_only_that_session_is_over(key: SessionKey, over: bool) -> None:  # noqa: FBT001
    document = kept(ADA).without(SessionKey.of(ADA))
    if over:
        with pytest.raises(SignedOut):
            document.find(key)
    else:
        assert document.find(key) is None


def test_it_expires_with_the_refresh_token_of_the_sign_in_however_often_it_is_renewed() -> None:
    month = 30 * 86_400.0
    late = sample_tokens(signed_in_at=1_800_000_000, renewals=1000)
    assert kept(late).expires_at(month, now=1_900_000_000.0) == 1_800_000_000 + month
    assert kept(ALONE).expires_at(month, now=1_900_000_000.0) == 1_900_000_000 + month


def test_what_is_written_is_read_again_whole() -> None:
    full = replace(ADA, device_key="d", clock_correction=-0.5, rotates=False, renewals=4)
    document = kept(full, GRACE).without(SessionKey.of(GRACE)).with_tokens(SessionKey(), ALONE)
    assert Document.loads(document.dumps()) == document
    assert Document.loads(None) == Document()


def test_a_token_response_kept_by_another_program_is_read_as_one_session() -> None:
    response = {"access_token": ADA.access_token, "refresh_token": "r", "token_type": "Bearer"}
    found = Document.loads(json.dumps(response).encode()).find(CLIENT)
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
        (b'{"format": "else"}', "its format"),
        (b'{"format": "appsync-gql sessions", "version": 1}', "not whole"),
        (b'{"format": "appsync-gql sessions", "version": 1, "sessions": [{}]}', "not whole"),
        (b'{"format": "appsync-gql sessions", "version": 1, "sessions": [7]}', "not whole"),
        (kept(ADA).dumps().replace(b'"ada"', b'"eve"'), "of another session"),
    ],
)
def test_something_else_is_told_and_not_quoted(raw: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why) as caught:
        Document.loads(raw)
    assert "secret" not in str(caught.value)


def test_a_later_version_is_no_corruption() -> None:
    with pytest.raises(NewerFormat, match="2"):
        Document.loads(b'{"format": "appsync-gql sessions", "version": 2, "sessions": "?"}')


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    with suppress(Unreadable, NewerFormat):
        Document.loads(raw)


@given(st.integers(min_value=0))
def test_cut_short_it_is_never_taken_for_whole(at: int) -> None:
    whole = kept(ADA, GRACE).dumps()
    with pytest.raises(Unreadable):
        Document.loads(whole[: at % len(whole)])


def test_a_key_shows_no_token_and_its_digest_only() -> None:
    key = SessionKey.of(ADA)
    assert str(key) == "pool eu-west-1_Example, app client client, user ada"
    assert "refresh-ada" not in repr(key)
    assert key.seed == digest("refresh-ada")
    assert str(SessionKey()) == "anybody"
