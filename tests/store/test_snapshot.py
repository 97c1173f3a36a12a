"""The headers that are sent, and until when nothing is to be done about them."""

from __future__ import annotations

import pytest

from appsync_gql import Tokens
from appsync_gql.clock import Instant, ServerClock
from appsync_gql.store.snapshot import Scheme, Snapshot, TokenSettings
from support.store import NOON, jwt_of, tokens_at

NOW = Instant(wall=NOON, monotonic=1000.0)
SERVER = ServerClock.assumed(NOW)
ADA = tokens_at(NOON)


def snapshot(
    tokens: Tokens | None = ADA,
    *,
    settings: TokenSettings | None = None,
    received: Instant | None = None,
    save_at: Instant | None = None,
    spread: float = 0.0,
) -> Snapshot:
    return Snapshot.of(
        tokens,
        settings or TokenSettings(),
        server=SERVER,
        now=NOW,
        spread=spread,
        received=received,
        save_at=save_at,
    )


@pytest.mark.parametrize(
    ("use", "scheme", "expected"),
    [
        ("access", None, f"{ADA.access_token!s}"),
        ("id", None, f"{ADA.id_token!s}"),
        ("access", "Bearer", f"Bearer {ADA.access_token!s}"),
    ],
)
def test_the_header_carries_the_token_that_is_wanted_and_does_not_show_it(
    use: str, scheme: Scheme, expected: str
) -> None:
    headers = snapshot(settings=TokenSettings(use=use, scheme=scheme)).headers  # type: ignore[arg-type]
    assert headers is not None
    assert headers["authorization"] == expected
    assert "redacted" in repr(headers)
    assert expected not in repr(headers)


@pytest.mark.parametrize("tokens", [None, Tokens(refresh_token="r"), Tokens(id_token=ADA.id_token)])
def test_without_the_wanted_token_there_are_no_headers_and_each_request_asks(
    tokens: Tokens | None,
) -> None:
    found = snapshot(tokens)
    assert found.headers is None
    assert found.expired(NOW)
    assert found.check_monotonic < NOW.monotonic
    assert not found.has({"Authorization": "x"})
    assert not found.young(NOW, "access")


def test_until_the_window_nothing_is_to_be_done() -> None:
    found = snapshot()
    assert (found.check_monotonic, found.check_wall) == (1000.0 + 3570, NOON + 3570)
    assert snapshot(spread=1.0).check_monotonic == 1000.0 + 3585


def test_unsaved_tokens_are_attended_to_when_it_is_time_to_save_them() -> None:
    found = snapshot(save_at=NOW.plus(5))
    assert (found.check_monotonic, found.check_wall) == (1005.0, NOON + 5)


def test_headers_are_compared_by_their_token() -> None:
    found = snapshot()
    assert found.headers is not None
    assert found.has(found.headers)
    assert found.has({"Authorization": str(ADA.access_token)})
    assert not found.has({"Authorization": str(ADA.id_token)})
    assert not found.has({})


@pytest.mark.parametrize(
    ("age", "young"), [(0.0, True), (899.0, True), (900.0, False), (3000.0, False)]
)
def test_tokens_are_young_for_a_quarter_of_their_life(age: float, *, young: bool) -> None:
    assert snapshot(received=NOW).young(NOW.plus(age), "access") is young
    assert snapshot().young(NOW, "access") is False, "nobody saw when they were issued"


def test_without_a_token_or_its_lifetime_nothing_is_young() -> None:
    assert snapshot(None, received=NOW).young(NOW, "access") is False
    endless = Tokens(access_token=jwt_of(exp=NOON + 60))
    assert snapshot(endless, received=NOW).young(NOW, "access") is False


def test_another_refresh_token_leaves_headers_and_validity_as_they_were() -> None:
    found = snapshot(received=NOW)
    merged, server = tokens_at(NOON, refresh_token="refresh-1"), ServerClock.assumed(NOW, 100.0)
    after = found.with_the_same_token(tokens=merged, server=server, save_at=NOW.plus(5))
    assert (after.tokens, after.server, after.save_at) == (merged, server, NOW.plus(5))
    assert (after.headers, after.validity) == (found.headers, found.validity)
    assert after.received == NOW
    assert (after.check_monotonic, after.check_wall) == (1005.0, NOON + 5)


def test_tokens_expire_a_second_before_their_end() -> None:
    found = snapshot()
    assert not found.expired(NOW.plus(3598.9))
    assert found.expired(NOW.plus(3599))
