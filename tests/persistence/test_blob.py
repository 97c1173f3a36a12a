"""What every persistence that stores one value has in common, on a value in memory."""

from __future__ import annotations

import traceback
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import (
    ConfigurationError,
    SessionKey,
    SignedOut,
    StorageCorrupt,
    StorageFailed,
)
from appsync_gql.persistence.blob import BlobPersistence
from appsync_gql.persistence.session_json import NotSessions
from appsync_gql.secret import SecretBytes
from appsync_gql.testing.contract import sample_tokens

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

CLIENT = SessionKey(client_id="client")
ADA, GRACE = sample_tokens(user="ada"), sample_tokens(user="grace")
SIGN_IN, DAY = 1_800_000_000, 86_400.0
LATER = b'{"format": "appsync-gql sessions", "version": 99, "sessions": {}}'


class Variable(BlobPersistence):
    """Stores its value in an attribute."""

    def __init__(self, raw: bytes | None = None, *, movable: bool = True, **settings: Any) -> None:
        super().__init__(**settings)
        self.raw, self.movable = raw, movable
        self.kept_for: float | None = None
        self.aside: list[bytes] = []

    def _read(self) -> SecretBytes | None:
        if self.raw == b"another type":
            raise NotSessions("it is of another type")
        return None if self.raw is None else SecretBytes(self.raw)

    def _write(self, raw: SecretBytes, keep_seconds: float) -> None:
        if len(raw) > 100_000:
            raise StorageFailed("It is full.")
        self.raw, self.kept_for = bytes(raw), keep_seconds

    def _set_aside(self) -> str:
        self.aside.append(self.raw or b"")
        return "the shelf"

    def _may_set_aside(self) -> bool:
        return self.movable

    @property
    def _where(self) -> str:
        return "The variable"

    def lock(self, key: SessionKey) -> AbstractContextManager[object]:
        del key
        return nullcontext()


@pytest.mark.parametrize("junk", [b"junk", b"[" * 100_000, b"another type"])
def test_a_value_that_is_not_sessions_is_reported_kept_and_moved_at_the_next_save(
    junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    persistence = Variable(junk)
    with pytest.raises(StorageCorrupt, match="The variable has no saved sessions in it"):
        persistence.load(CLIENT)
    assert persistence.raw == junk
    persistence.save(CLIENT, ADA)
    assert persistence.aside == [junk]
    assert "moved to the shelf" in caplog.text
    assert persistence.load(CLIENT) == ADA


def test_a_value_that_must_not_be_moved_refuses_to_be_replaced() -> None:
    persistence = Variable(b"junk", movable=False)
    for use in (persistence.load, persistence.delete, lambda key: persistence.save(key, ADA)):
        with pytest.raises(StorageCorrupt, match="neither changed nor moved"):
            use(CLIENT)
    assert persistence.raw == b"junk"
    assert not persistence.aside


@pytest.mark.parametrize("movable", [True, False])
def test_an_empty_value_has_no_sessions_in_it(*, movable: bool) -> None:
    value = Variable(b"", movable=movable)
    assert value.load(CLIENT) is None
    value.save(CLIENT, ADA)
    assert value.load(CLIENT) == ADA
    assert not value.aside


def test_a_value_of_a_later_version_is_neither_used_nor_changed() -> None:
    persistence = Variable(LATER)
    for use in (persistence.load, persistence.delete, lambda key: persistence.save(key, ADA)):
        with pytest.raises(StorageFailed, match="update this one"):
            use(CLIENT)
    assert persistence.raw == LATER


def test_sessions_that_ended_long_ago_are_removed_by_a_save() -> None:
    persistence = Variable(now=lambda: SIGN_IN + 40 * DAY)
    persistence.save(CLIENT, GRACE)
    late = sample_tokens(user="ada", signed_in_at=int(SIGN_IN + 40 * DAY))
    persistence.save(CLIENT, late)
    assert persistence.load(CLIENT) == late


def test_a_sign_out_is_recorded_with_its_time() -> None:
    persistence = Variable(now=lambda: SIGN_IN + 5.0)
    persistence.save(CLIENT, ADA)
    persistence.delete(SessionKey.of(ADA))
    assert persistence.raw is not None
    assert b'"signed_out_at": 1800000005.0' in persistence.raw
    with pytest.raises(SignedOut):
        persistence.load(CLIENT)


def test_the_storage_gets_the_time_to_keep_it() -> None:
    persistence = Variable(refresh_token_validity=100.0, now=lambda: SIGN_IN + 30.0)
    persistence.save(CLIENT, ADA)
    assert persistence.kept_for == 70.0


@pytest.mark.parametrize("validity", [-1, 0, float("inf"), float("nan"), "30", None, 1e10])
def test_an_impossible_validity_is_refused(validity: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Variable(refresh_token_validity=validity)
    assert caught.value.setting == "refresh_token_validity"


@pytest.mark.parametrize("raw", [b"junk", LATER, None])
def test_no_error_shows_a_token_in_the_local_variables_of_its_traceback(raw: bytes | None) -> None:
    secret = "r" * 60
    stored = sample_tokens(user="bob", refresh_token=secret, length=25_000)
    persistence = Variable(raw, movable=False)
    if raw is None:
        persistence.save(CLIENT, stored)
    with pytest.raises(StorageFailed) as caught:
        persistence.save(CLIENT, sample_tokens(refresh_token=secret, length=25_000))
    assert secret not in shown(caught.value)
    assert "eyJ" not in shown(caught.value)


def shown(error: BaseException) -> str:
    """Return the traceback as tools print it that show local variables, but for this module."""
    found = traceback.TracebackException.from_exception(error, capture_locals=True)
    texts = []
    waiting = [found]
    while waiting:
        one = waiting.pop()
        waiting += [other for other in (one.__cause__, one.__context__) if other]
        texts += [str(frame.locals) for frame in one.stack if "appsync_gql" in frame.filename]
    assert texts
    return "\n".join(texts)
