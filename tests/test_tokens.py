from __future__ import annotations

import base64
import copy
import dataclasses
import pickle
from typing import Any

import pytest
from gql.transport.exceptions import TransportQueryError

from appsync_gql import AppSyncError, InvalidToken, Tokens
from support.store import ISSUER, NOON, jwt_of, tokens_at
from support.tracebacks import assert_hidden


def jwt_with_payload(payload: bytes) -> str:
    header, body = (base64.urlsafe_b64encode(p).rstrip(b"=") for p in (b'{"alg":"HS256"}', payload))
    return b".".join((header, body, b"c2lnbg")).decode()


def test_expiry_and_issue_time_are_read_from_the_jwt() -> None:
    tokens = tokens_at(NOON, lifetime=300)
    assert tokens.access is not None
    assert (tokens.access.issued_at, tokens.access.expires_at) == (NOON, NOON + 300)
    assert tokens.access.lifetime == 300


def test_user_and_pool_are_read_from_either_jwt() -> None:
    both = tokens_at(NOON, user="ada")
    only_id = Tokens(id_token=both.id_token)
    for tokens in (both, only_id):
        assert (tokens.username, tokens.user_pool_id) == ("ada", "eu-west-1_Example")
    assert only_id.access is None
    assert only_id.token("access") is None
    assert only_id.token("id") == both.id_token
    assert (only_id.claims("access"), only_id.claims("id")) == (None, both.id)


def test_the_access_tokens_claims_are_the_first_choice() -> None:
    tokens = Tokens(
        access_token=tokens_at(NOON, lifetime=60).access_token,
        id_token=tokens_at(NOON, lifetime=600).id_token,
    )
    assert tokens.any_claims is tokens.access


def test_a_refresh_token_alone_is_enough() -> None:
    tokens = Tokens(refresh_token="opaque")
    assert tokens.any_claims is None
    assert tokens.username is None
    assert tokens.user_pool_id is None


@pytest.mark.parametrize(
    ("claims", "expires_at"),
    [
        pytest.param({"exp": 10}, 10.0, id="whole seconds"),
        pytest.param({"exp": 10.5}, 10.5, id="a fraction"),
        pytest.param({"exp": 0}, 0.0, id="the epoch itself"),
    ],
)
def test_an_expiry_is_any_number_of_seconds(claims: dict[str, Any], expires_at: float) -> None:
    tokens = Tokens(access_token=jwt_of(**claims))
    assert tokens.access is not None
    assert tokens.access.expires_at == expires_at


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="no exp"),
        pytest.param({"exp": None}, id="null"),
        pytest.param({"exp": "soon"}, id="text"),
        pytest.param({"exp": True}, id="a boolean"),
        pytest.param({"exp": -1}, id="before the epoch"),
        pytest.param({"exp": 10**400}, id="beyond floats"),
        pytest.param({"exp": float("inf")}, id="infinity"),
        pytest.param({"exp": float("nan")}, id="not a number"),
        pytest.param({"exp": [1]}, id="a list"),
    ],
)
def test_a_jwt_without_a_usable_expiry_is_refused_at_once(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken, match="'exp'"):
        Tokens(access_token=jwt_of(**claims))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("opaque", id="opaque"),
        pytest.param("a.b.c", id="three parts of nothing"),
        pytest.param("Bearer " + jwt_of(exp=1), id="with Bearer"),
        pytest.param(jwt_of(exp=1) + "\n", id="with a line end"),
        pytest.param("é" * 20, id="not ASCII"),
        pytest.param(jwt_of(exp=1)[:-40].rsplit(".", 1)[0], id="cut off"),
        pytest.param(b"bytes", id="bytes"),
        pytest.param(42, id="a number"),
        pytest.param(jwt_of(exp=1).encode(), id="a JWT as bytes"),
        pytest.param([jwt_of(exp=1)], id="a JWT in a list"),
        pytest.param(jwt_with_payload(b"[" * 100_000), id="nested too deeply"),
        pytest.param(jwt_with_payload(b'{"exp": ' + b"1" * 5000 + b"}"), id="a number too long"),
    ],
)
def test_what_is_no_jwt_is_refused_with_the_arguments_name_and_without_its_text(token: Any) -> None:
    with pytest.raises(InvalidToken) as caught:
        Tokens(access_token=token)
    assert caught.value.setting == "access_token"
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, TransportQueryError)
    if len(str(token)) > 10:
        bare = token if isinstance(token, str) else str(token).strip("b[]'")
        assert_hidden(caught.value, bare, bare.removeprefix("Bearer ").strip())


@pytest.mark.parametrize("token", ["", "é" * 20, "two words", "line\n", "tab\t", "nul\0"])
def test_a_refresh_token_is_any_text_that_can_be_sent(token: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        Tokens(refresh_token=token)
    assert caught.value.setting == "refresh_token"


def test_no_token_at_all_is_refused() -> None:
    with pytest.raises(InvalidToken, match="needs an access_token"):
        Tokens()


def test_claims_of_the_wrong_kind_are_passed_over() -> None:
    tokens = Tokens(access_token=jwt_of(exp=9, iat="x", iss="", username=None, client_id=""))
    assert tokens.access is not None
    assert (tokens.access.issued_at, tokens.access.issuer, tokens.access.lifetime) == (None,) * 3
    assert tokens.username is None


def test_repr_names_the_user_and_no_token() -> None:
    tokens = tokens_at(NOON, device_key="device")
    shown = repr(tokens)
    assert "ada" in shown
    assert "expires 2027-01-15T09:00:00Z" in shown
    for secret in (tokens.access_token, tokens.id_token, tokens.refresh_token):
        assert secret is not None
        assert secret not in shown


def test_fields_that_are_shown_one_by_one_are_redacted_too() -> None:
    tokens = tokens_at(NOON)
    assert repr(tokens.access_token) == "<redacted>"
    assert repr({"Authorization": tokens.access_token}) == "{'Authorization': <redacted>}"


def test_tokens_are_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(tokens_at(NOON))


def test_copies_of_tokens_are_the_same_object() -> None:
    tokens = tokens_at(NOON)
    assert copy.copy(tokens) is copy.deepcopy(tokens) is tokens


def test_tokens_are_immutable_and_compare_by_their_text() -> None:
    tokens = tokens_at(NOON)
    with pytest.raises(AttributeError):
        tokens.access_token = "other"  # type: ignore[misc]
    again = Tokens(
        access_token=tokens.access_token,
        id_token=tokens.id_token,
        refresh_token=tokens.refresh_token,
    )
    assert again == tokens
    assert ISSUER  # the issuer is part of both


def test_invalid_tokens_are_errors_of_this_package() -> None:
    with pytest.raises(AppSyncError):
        Tokens(id_token="x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("device_key", ""),
        ("device_key", "a b"),
        ("device_key", "a\n"),
        ("device_key", b"bytes"),
        ("clock_correction", "abc"),
        ("clock_correction", float("nan")),
        ("clock_correction", float("inf")),
        ("clock_correction", 10**400),
        ("clock_correction", True),
        ("rotates", "yes"),
        ("renewals", -1),
        ("renewals", True),
        ("renewals", 1.5),
        ("renewals", None),
    ],
)
def test_another_argument_of_a_wrong_kind_is_refused_by_its_name(name: str, value: object) -> None:
    with pytest.raises(InvalidToken) as caught:
        Tokens(refresh_token="refresh-1", **{name: value})  # type: ignore[arg-type]
    assert caught.value.setting == name
    assert_hidden(caught.value, "refresh-1")


def test_good_arguments_are_kept() -> None:
    tokens = Tokens(
        refresh_token="r", device_key="d", clock_correction=-1.5, rotates=False, renewals=3
    )
    found = (tokens.device_key, tokens.clock_correction, tokens.rotates, tokens.renewals)
    assert found == ("d", -1.5, False, 3)
    assert dataclasses.replace(tokens, renewals=4).renewals == 4


def test_tokens_whose_construction_failed_can_be_shown() -> None:
    """A traceback with local variables shows ``self`` of the constructor that raised."""
    with pytest.raises(InvalidToken) as caught:
        Tokens(access_token="opaque-access", refresh_token="refresh-1")
    traceback = caught.value.__traceback__
    frames = []
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    unfinished = [f.f_locals["self"] for f in frames if isinstance(f.f_locals.get("self"), Tokens)]
    assert [repr(tokens) for tokens in unfinished] == ["Tokens(user=None, refresh=<redacted>)"]
    assert_hidden(caught.value, "opaque-access", "refresh-1")


def test_tokens_are_ordered_by_issue_and_within_a_second_by_the_number_of_renewals() -> None:
    first, second = tokens_at(NOON), tokens_at(NOON + 1)
    assert second.newer_than(first)
    assert not first.newer_than(second)
    assert dataclasses.replace(first, renewals=1).newer_than(first)
    assert first.newer_than(None)
    assert first.newer_than(Tokens(refresh_token="r"))


def test_the_password_of_a_device_is_not_shown() -> None:
    with pytest.raises(InvalidToken) as caught:
        Tokens(refresh_token="r", device_password="d3vice password")
    assert caught.value.setting == "device_password"
    assert "d3vice" not in str(caught.value)
    tokens = Tokens(refresh_token="r", device_password="d3vice-password")
    assert "d3vice" not in repr(tokens)
    assert repr(tokens.device_password) == "<redacted>"


def test_tokens_without_a_time_of_issue_are_of_one_age() -> None:
    refresh, undated = Tokens(refresh_token="r"), Tokens(access_token=jwt_of(exp=NOON))
    assert not refresh.newer_than(undated)
    assert not undated.newer_than(refresh)
    assert dataclasses.replace(refresh, renewals=1).newer_than(undated)
