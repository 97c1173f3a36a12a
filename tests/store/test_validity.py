from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql import TokenClaims, TokenState
from appsync_gql.clock import Instant, ServerClock
from appsync_gql.store.validity import Validity, is_alive

START = Instant(wall=1_000_000.0, monotonic=500.0)
EXACT = ServerClock.assumed(START)
FRESH, STALE, EXPIRED = TokenState.FRESH, TokenState.STALE, TokenState.EXPIRED


def claims(lifetime: float, issued_at: float = START.wall) -> TokenClaims:
    return TokenClaims(issued_at=issued_at, expires_at=issued_at + lifetime)


@pytest.mark.parametrize(
    ("lifetime", "window", "after", "state"),
    [
        pytest.param(3600, 30, 0, FRESH, id="just issued"),
        pytest.param(3600, 30, 3569.9, FRESH, id="a moment before the window"),
        pytest.param(3600, 30, 3570, STALE, id="at the window's edge"),
        pytest.param(3600, 30, 3598.9, STALE, id="a moment before the margin"),
        pytest.param(3600, 30, 3599, EXPIRED, id="within the time that a request travels"),
        pytest.param(3600, 30, 3600, EXPIRED, id="at its expiry"),
        pytest.param(3600, 30, 99999, EXPIRED, id="long after"),
        pytest.param(3600, 0, 3598.9, FRESH, id="without a window fresh almost to the end"),
        pytest.param(3600, 0, 3599, EXPIRED, id="and then expired"),
        pytest.param(20, 30, 9.9, FRESH, id="a window beyond the lifetime counts as half of it"),
        pytest.param(20, 30, 10, STALE, id="so a short token does get stale, not renewed forever"),
        pytest.param(2, 30, 0.9, FRESH, id="tokens of two seconds"),
        pytest.param(2, 30, 1.0, STALE, id="tokens of two seconds, second half"),
        pytest.param(2, 30, 1.899, STALE, id="tokens of two seconds, a moment before the margin"),
        pytest.param(2, 30, 1.901, EXPIRED, id="tokens of two seconds, at the end"),
    ],
)
def test_the_state_follows_from_the_seconds_since_issue(
    lifetime: float, window: float, after: float, state: TokenState
) -> None:
    validity = Validity.of(claims(lifetime), window=window, server=EXACT, now=START)
    assert validity.state(START.plus(after)) is state


@pytest.mark.parametrize(("spread", "stale_after"), [(0.0, 3570.0), (0.5, 3577.5), (1.0, 3585.0)])
def test_a_process_renews_somewhere_in_the_first_half_of_the_window(
    spread: float, stale_after: float
) -> None:
    validity = Validity.of(claims(3600), window=30, server=EXACT, now=START, spread=spread)
    assert validity.fresh_until == START.plus(stale_after)
    assert validity.alive_until == START.plus(3599)


@pytest.mark.parametrize(
    ("wall", "monotonic", "state"),
    [
        pytest.param(-7200.0, 10.0, FRESH, id="the wall clock set back"),
        pytest.param(43200.0, 0.0, EXPIRED, id="twelve hours of sleep, monotonic standing still"),
        pytest.param(0.0, 43200.0, EXPIRED, id="twelve hours of sleep, wall not yet set"),
    ],
)
def test_a_clock_that_jumps_never_lengthens_a_tokens_life(
    wall: float, monotonic: float, state: TokenState
) -> None:
    validity = Validity.of(claims(3600), window=30, server=EXACT, now=START)
    assert validity.state(Instant(START.wall + wall, START.monotonic + monotonic)) is state


def test_expiry_is_judged_in_the_servers_time() -> None:
    two_hours_behind = ServerClock.assumed(START, correction=7200.0)
    validity = Validity.of(claims(3600), window=30, server=two_hours_behind, now=START)
    assert validity.state(START) is EXPIRED


@pytest.mark.parametrize("skew", [-600.0, 600.0, 86400.0])
def test_a_token_seen_at_its_issue_keeps_a_quarter_of_its_life_whatever_the_clocks_say(
    skew: float,
) -> None:
    server = ServerClock.assumed(START, correction=skew)
    validity = Validity.of(claims(300), window=30, server=server, now=START, received=START)
    assert validity.state(START.plus(74)) is FRESH
    assert validity.state(START.plus(301)) is EXPIRED


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("lifetime", [2, 3, 5, 300])
def test_that_iat_is_cut_to_a_whole_second_causes_no_renewal_before_its_time(
    lifetime: int, fraction: float
) -> None:
    """Tokens of 3 s, issued at half past, would be renewed each second else."""
    issued = START.plus(fraction)
    validity = Validity.of(claims(lifetime), window=30, server=EXACT, now=issued, received=issued)
    window = min(30, lifetime / 2)
    assert validity.state(issued.plus(min(lifetime - window, lifetime * 0.9 - 1) - 0.01)) is FRESH
    assert validity.state(issued.plus(lifetime)) is EXPIRED


def test_a_token_without_an_issue_time_is_judged_by_what_is_left() -> None:
    unknown = TokenClaims(expires_at=START.wall + 10)
    validity = Validity.of(unknown, window=30, server=EXACT, now=START)
    assert validity.state(START.plus(4.9)) is FRESH
    assert validity.state(START.plus(5)) is STALE


@pytest.mark.parametrize(
    ("issued_in", "left", "fresh", "alive"),
    [
        pytest.param(10, 10, 5, 9.5, id="a lifetime of zero is none: half of what is left"),
        pytest.param(20, 10, 5, 9.5, id="nor is one below zero"),
        pytest.param(9, 10, 9.5, 9.95, id="a lifetime of one second is one"),
        pytest.param(None, 0.5, 0.25, 0.475, id="without a time of issue, half a second left"),
        pytest.param(None, -5, -5, -5, id="without a time of issue, over"),
    ],
)
def test_the_window_and_the_margin_are_parts_of_a_short_lifetime(
    issued_in: float | None, left: float, fresh: float, alive: float
) -> None:
    issued_at = None if issued_in is None else START.wall + issued_in
    token = TokenClaims(issued_at=issued_at, expires_at=START.wall + left)
    validity = Validity.of(token, window=30, server=EXACT, now=START)
    assert validity.fresh_until.monotonic - START.monotonic == pytest.approx(fresh)
    assert validity.alive_until.monotonic - START.monotonic == pytest.approx(alive)


@pytest.mark.parametrize(
    ("cut", "fresh", "alive"),
    [
        pytest.param(0.5, 170.0, 198.5, id="issued at half past the second, 100 s ago"),
        pytest.param(600.0, -25.0, -25.0, id="by the server's clock over: a quarter of its life"),
        pytest.param(-600.0, 170.0, 199.0, id="by the server's clock in its future"),
    ],
)
def test_a_token_received_a_while_ago_is_counted_from_then(
    cut: float, fresh: float, alive: float
) -> None:
    """Tokens of 300 s that this process received 100 s ago, and an ``iat`` that is too early."""
    received = START.plus(-100)
    token = claims(300, issued_at=received.wall - cut)
    validity = Validity.of(token, window=30, server=EXACT, now=START, received=received)
    assert validity.fresh_until.monotonic - START.monotonic == pytest.approx(fresh)
    assert validity.alive_until.monotonic - START.monotonic == pytest.approx(alive)


def test_a_token_that_is_not_there_is_expired() -> None:
    always_past = Instant(-math.inf, -math.inf)
    assert Validity.never() == Validity(fresh_until=always_past, alive_until=always_past)
    assert Validity.never().state(START) is EXPIRED
    assert Validity.never().seconds_left(START) == 0.0


@pytest.mark.parametrize(("age", "alive"), [(0, True), (3598, True), (3599, False), (9999, False)])
def test_a_token_is_alive_until_a_second_before_its_end(age: float, *, alive: bool) -> None:
    assert is_alive(claims(3600), EXACT, START.plus(age)) is alive


def test_no_token_is_not_alive() -> None:
    assert not is_alive(None, EXACT, START)


def test_seconds_left_count_down_to_zero() -> None:
    validity = Validity.of(claims(3600), window=30, server=EXACT, now=START)
    assert validity.seconds_left(START) == 3599.0
    assert validity.seconds_left(Instant(START.wall + 3000, START.monotonic)) == 599.0
    assert validity.seconds_left(Instant(START.wall, START.monotonic + 3000)) == 599.0
    assert validity.seconds_left(START.plus(5000)) == 0.0


@given(
    lifetime=st.floats(1, 1e6),
    window=st.floats(0, 1e5),
    skew=st.floats(-1e5, 1e5),
    age=st.floats(0, 1e6),
    seen=st.booleans(),
)
def test_states_only_ever_go_from_fresh_to_stale_to_expired(
    lifetime: float, window: float, skew: float, age: float, *, seen: bool
) -> None:
    validity = Validity.of(
        claims(lifetime),
        window=window,
        server=ServerClock.assumed(START, correction=skew),
        now=START,
        received=START if seen else None,
    )
    order = [FRESH, STALE, EXPIRED]
    earlier = validity.state(START.plus(age / 2))
    assert order.index(earlier) <= order.index(validity.state(START.plus(age)))
    assert validity.state(START.plus(2 * lifetime + abs(skew))) is EXPIRED
