"""Decisions about one store, without threads: what is started, for whom, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from gql.transport.exceptions import TransportClosed

from appsync_gql import (
    ConfigurationError,
    Headers,
    NotSignedIn,
    RenewalFailed,
    SessionExpired,
    SignedOut,
    Tokens,
    TokenState,
    events,
)
from appsync_gql.clock import Bounds
from appsync_gql.store.current import CurrentTokens
from appsync_gql.store.job import Attempt, Job, Pause
from appsync_gql.store.snapshot import TokenSettings
from appsync_gql.store.state import StoreState
from appsync_gql.store.steps import (
    Done,
    LoadFailed,
    NewerTokens,
    NewRefreshToken,
    Saved,
    SaveFailed,
    WaitingFor,
)
from appsync_gql.testing import FakeClock
from support.store import ANYBODY, EXPIRED, NOON, STALE, fixed_delay, tokens_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADA, BOB = tokens_at(NOON), tokens_at(NOON, user="bob")
FIVE_SECONDS = fixed_delay(5)
OFFLINE = RenewalFailed("offline", kind="network")
OVER = SessionExpired("revoked", error_type="NotAuthorizedException")
FULL = OSError(28, "No space left on device")


class World:
    """The state of one store, and the time."""

    def __init__(
        self,
        tokens: Tokens | None,
        *,
        shared: bool = False,
        delays: Callable[[], Iterator[float]] = FIVE_SECONDS,
    ) -> None:
        self.clock = FakeClock()
        current = CurrentTokens(
            tokens,
            ANYBODY.with_tokens(tokens),
            settings=TokenSettings(),
            shared=shared,
            clock=self.clock,
            spread=0.0,
        )
        self.current = current
        self.state = StoreState(current, clock=self.clock, delays=delays, jitter=lambda: 0.25)

    @property
    def tokens(self) -> Tokens | None:
        return self.current.snapshot.tokens

    @property
    def headers(self) -> Headers:
        assert self.current.snapshot.headers is not None
        return self.current.snapshot.headers

    def renew(self, reason: events.Reason = "expired") -> Job:
        """Begin a renewal."""
        found = self.state.attempt(reason, self.current.snapshot.headers)
        assert isinstance(found, Attempt)
        assert found.job is not None
        return found.job

    def newer(self, tokens: Tokens, **more: Any) -> NewerTokens:
        now = self.clock.monotonic()
        given = {"api": "Refresh", "just_issued": True, "sent": now, "received": now, **more}
        return NewerTokens(tokens=tokens, key=ANYBODY.with_tokens(tokens), **given)

    def fail(self, error: Any = OFFLINE) -> None:
        """Let a renewal begin and fail."""
        self.state.ended(self.renew(), error)


@pytest.fixture
def world() -> World:
    return World(ADA)


# -- what requests get --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "state", "sent", "started"),
    [
        (0.0, TokenState.FRESH, True, None),
        (STALE, TokenState.STALE, True, "renew"),
        (EXPIRED, TokenState.EXPIRED, False, None),
    ],
)
def test_what_a_request_gets_and_starts_depends_on_the_tokens_state(
    world: World, age: float, state: TokenState, started: str | None, *, sent: bool
) -> None:
    world.clock.advance(age)
    assert world.state.status({}).state is state
    headers, job = world.state.headers_now()
    assert (headers is not None) is sent
    assert (job.kind if job else None) == started


def test_a_stale_token_starts_one_renewal_only(world: World) -> None:
    world.clock.advance(STALE)
    _, job = world.state.headers_now()
    assert job is not None
    assert job.reason == "stale"
    assert world.state.headers_now() == (world.headers, None)
    assert world.state.status({}).renewing


def test_after_a_failed_early_renewal_the_next_one_waits_for_its_delay(world: World) -> None:
    world.clock.advance(STALE)
    _, job = world.state.headers_now()
    assert job is not None
    error, event = world.state.ended(job, OFFLINE)
    assert error is OFFLINE
    assert event == events.RenewalFailed(
        reason="stale", kind="network", message="offline", next_attempt_in=5
    )
    assert world.state.headers_now()[1] is None
    world.clock.advance(5)
    assert world.state.headers_now()[1] is not None


def test_an_expired_token_makes_all_callers_share_one_attempt(world: World) -> None:
    world.clock.advance(EXPIRED)
    job = world.renew()
    assert job.known is ADA
    again = world.state.attempt("expired")
    assert again == Attempt(job.call, None)


def test_who_finds_living_headers_needs_no_attempt(world: World) -> None:
    assert world.state.attempt("expired") is world.headers


def test_who_finds_other_headers_than_the_rejected_ones_needs_no_attempt(world: World) -> None:
    assert world.state.attempt("refused", {"Authorization": "older"}) is world.headers
    assert isinstance(world.state.attempt("refused", world.headers), Attempt)


def test_after_repeated_failures_there_is_a_pause_that_all_callers_share(world: World) -> None:
    world.clock.advance(EXPIRED)
    world.fail()
    world.fail()
    world.clock.advance(1)
    assert world.state.attempt("expired") == Pause(4.0, OFFLINE)
    assert world.state.retry_after() == 4.0
    world.clock.advance(4)
    assert isinstance(world.state.attempt("expired"), Attempt)


@pytest.mark.parametrize("denied", [False, True])
def test_rejected_headers_that_the_store_has_no_more_cost_nothing(
    world: World, *, denied: bool
) -> None:
    assert world.state.replace({"Authorization": "older"}, denied=denied) is world.headers


@pytest.mark.parametrize(
    ("rejected", "denied", "reason"),
    [(True, False, "refused"), (True, True, "denied"), (False, False, "requested")],
)
def test_rejected_headers_start_a_renewal_for_their_reason(
    world: World, reason: str, *, rejected: bool, denied: bool
) -> None:
    found = world.state.replace(world.headers if rejected else None, denied=denied)
    assert isinstance(found, Attempt)
    assert found.job is not None
    assert found.job.reason == reason


def test_a_second_denial_within_a_minute_gets_the_present_headers(world: World) -> None:
    found = world.state.replace(world.headers, denied=True)
    assert isinstance(found, Attempt)
    assert found.job is not None
    world.state.ended(found.job, OFFLINE)
    assert world.state.replace(world.headers, denied=True) is world.headers


def test_an_expired_token_that_is_rejected_is_renewed_whatever_the_limits(world: World) -> None:
    world.clock.advance(EXPIRED)
    found = world.state.replace(world.headers, denied=True)
    assert isinstance(found, Attempt)
    assert found.job is not None
    assert found.job.reason == "expired"


def test_a_closed_store_decides_nothing_more(world: World) -> None:
    world.state.close()
    ask: list[Callable[[], object]] = [
        world.state.headers_now,
        lambda: world.state.attempt("expired"),
        lambda: world.state.replace(None, denied=False),
        lambda: world.state.own_job("sign_in", "signed_in"),
    ]
    for question in ask:
        with pytest.raises(TransportClosed):
            question()


# -- what comes of a renewal ----------------------------------------------------------------


def test_newer_tokens_are_used_at_once_and_reported(world: World) -> None:
    world.clock.advance(EXPIRED)
    job = world.renew()
    world.clock.advance(2)
    newer = tokens_at(world.clock.wall())
    event = world.state.apply(job, world.newer(newer))
    assert isinstance(event, events.Renewed)
    assert (event.reason, event.took, event.api) == ("expired", 2.0, "Refresh")
    assert world.tokens is newer
    assert world.state.status({}).renewing, "saving goes on"
    assert not world.state.status({}).unsaved, "no save has failed"
    assert world.state.ended(job, None) == (None, None)
    assert not world.state.status({}).renewing


def test_success_forgets_the_failures(world: World) -> None:
    world.clock.advance(EXPIRED)
    world.fail()
    world.fail()
    world.clock.advance(5)
    job = world.renew()
    world.state.apply(job, world.newer(tokens_at(world.clock.wall())))
    world.state.ended(job, None)
    assert world.state.status({}).last_error is None


@pytest.mark.parametrize("outcome", ["tokens", "error"])
def test_a_renewal_that_began_before_another_sign_in_changes_nothing(
    world: World, outcome: str
) -> None:
    """Else ada's renewal would replace the tokens of bob, who has signed in meanwhile."""
    world.clock.advance(STALE)
    _, renewal = world.state.headers_now()
    sign_in = world.state.own_job("sign_in", "signed_in")
    assert renewal is not None
    bob = tokens_at(world.clock.wall(), user="bob")
    assert world.state.apply(sign_in, world.newer(bob)) is not None
    if outcome == "tokens":
        assert world.state.apply(renewal, world.newer(tokens_at(world.clock.wall()))) is None
        refresh_token = NewRefreshToken(tokens=tokens_at(NOON))
        assert world.state.apply(renewal, refresh_token) is None
    assert world.tokens is bob
    assert world.current.key.username == "bob"
    assert world.state.ended(renewal, OVER if outcome == "error" else None) == (None, None)
    assert world.state.status({}).last_error is None


def test_so_does_one_that_began_before_a_sign_out(world: World) -> None:
    world.clock.advance(STALE)
    _, renewal = world.state.headers_now()
    sign_out = world.state.own_job("sign_out", "requested")
    assert renewal is not None
    world.state.ended(sign_out, None)
    assert world.state.apply(renewal, world.newer(tokens_at(world.clock.wall()))) is None
    assert world.tokens is None
    assert world.state.status({}).state is TokenState.NOT_SIGNED_IN


def test_a_failed_sign_out_changes_nothing(world: World) -> None:
    job = world.state.own_job("sign_out", "requested")
    assert world.state.ended(job, OFFLINE) == (OFFLINE, None)
    assert world.tokens is ADA


def test_a_failed_sign_in_changes_nothing(world: World) -> None:
    job = world.state.own_job("sign_in", "signed_in")
    assert world.state.ended(job, OFFLINE) == (OFFLINE, None)
    assert world.tokens is ADA
    assert world.state.status({}).last_error is None


@pytest.mark.parametrize(
    ("tokens", "kind", "text"),
    [
        (tokens_at(NOON, lifetime=0), "clock", "Compare the clocks"),
        (Tokens(id_token=ADA.id_token), "provider", "no access token"),
    ],
)
def test_tokens_that_can_not_be_used_are_a_failure(
    world: World, tokens: Tokens, kind: str, text: str
) -> None:
    world.clock.advance(EXPIRED)
    job = world.renew()
    world.state.apply(job, world.newer(tokens))
    error, event = world.state.ended(job, None)
    assert isinstance(error, RenewalFailed)
    assert error.kind == kind
    assert text in str(error)
    assert isinstance(event, events.RenewalFailed)


def test_a_new_refresh_token_is_used_by_the_next_attempt(world: World) -> None:
    world.clock.advance(STALE)
    _, job = world.state.headers_now()
    assert job is not None
    merged = tokens_at(NOON, refresh_token="refresh-1")
    assert world.state.apply(job, NewRefreshToken(tokens=merged)) is None
    error, event = world.state.ended(job, OFFLINE)
    assert error is OFFLINE
    assert isinstance(event, events.RenewalFailed)
    world.clock.advance(5)
    _, again = world.state.headers_now()
    assert again is not None
    assert again.known is merged


@pytest.mark.parametrize(
    ("error", "event", "kept"),
    [
        (OVER, events.SessionEnded(message="revoked", error_type="NotAuthorizedException"), True),
        (
            SignedOut("signed out"),
            events.SessionEnded(message="signed out", error_type=None),
            False,
        ),
        (
            ConfigurationError("secret"),
            events.RenewalFailed(
                reason="expired", kind="configuration", message="secret", next_attempt_in=5
            ),
            True,
        ),
    ],
)
def test_only_a_sign_out_takes_the_tokens_away(
    world: World, error: Any, event: events.Event, *, kept: bool
) -> None:
    world.clock.advance(EXPIRED)
    assert world.state.ended(world.renew(), error) == (error, event)
    assert (world.tokens is ADA) is kept


def test_what_a_job_waits_for_is_noted_on_its_call(world: World) -> None:
    world.clock.advance(EXPIRED)
    job = world.renew()
    world.state.apply(job, WaitingFor(what="lock"))
    assert job.call.waiting_for == "lock"
    world.state.apply(job, Done())
    assert job.call.waiting_for == "unlocking"


def test_a_storage_that_can_not_be_read_is_reported(world: World) -> None:
    world.clock.advance(EXPIRED)
    event = world.state.apply(world.renew(), LoadFailed(error=FULL))
    assert event == events.LoadFailed(message="[Errno 28] No space left on device")


# -- saving -----------------------------------------------------------------------------------


def test_given_tokens_are_saved_at_the_first_request_and_once() -> None:
    world = World(ADA, shared=True)
    headers, job = world.state.headers_now()
    assert headers is not None
    assert job is not None
    assert (job.kind, job.known) == ("save", ADA)
    world.state.apply(job, Saved(tokens=ADA))
    assert world.state.ended(job, None) == (None, None)
    assert world.state.headers_now() == (world.headers, None)
    assert not world.state.status({}).unsaved


@pytest.mark.parametrize("how", ["a step", "an error"])
def test_a_failed_save_is_reported_and_tried_again_after_its_delay(how: str) -> None:
    world = World(ADA, shared=True)
    _, job = world.state.headers_now()
    assert job is not None
    if how == "a step":
        event = world.state.apply(job, SaveFailed(tokens=ADA, error=FULL))
        assert world.state.ended(job, None) == (None, None)
    else:
        _, event = world.state.ended(job, OFFLINE)
    assert isinstance(event, events.SaveFailed)
    assert event.next_attempt_in == 5
    assert world.state.status({}).unsaved
    assert world.state.headers_now() == (world.headers, None)
    world.clock.advance(5)
    assert world.state.headers_now()[1] is not None


def test_a_failed_save_of_tokens_that_were_replaced_is_nobodys(world: World) -> None:
    assert world.state.apply(world.renew(), SaveFailed(tokens=BOB, error=FULL)) is None
    assert not world.state.status({}).unsaved


@pytest.mark.parametrize(
    ("saved", "delay"),
    [
        pytest.param(ADA, 1.0, id="a save of the present tokens ends the row of failures"),
        pytest.param(BOB, 2.0, id="a save of tokens that were replaced does not"),
    ],
)
def test_delays_between_saves_grow_from_failure_to_failure(saved: Tokens, delay: float) -> None:
    world = World(ADA, shared=True, delays=lambda: iter([1.0, 2.0, 4.0]))
    _, job = world.state.headers_now()
    assert job is not None
    first = world.state.apply(job, SaveFailed(tokens=ADA, error=FULL))
    world.state.apply(job, Saved(tokens=saved))
    newer = tokens_at(NOON + 60)
    world.state.apply(job, world.newer(newer))
    second = world.state.apply(job, SaveFailed(tokens=newer, error=FULL))
    assert isinstance(first, events.SaveFailed)
    assert isinstance(second, events.SaveFailed)
    assert (first.next_attempt_in, second.next_attempt_in) == (1.0, delay)


def test_newer_tokens_found_instead_of_saving_are_used() -> None:
    world = World(ADA, shared=True)
    _, job = world.state.headers_now()
    assert job is not None
    newer = tokens_at(NOON + 60)
    event = world.state.apply(job, world.newer(newer, api=None, just_issued=False))
    assert isinstance(event, events.Renewed)
    assert (event.reason, event.api) == ("newer_saved", None)
    assert world.tokens is newer
    assert world.state.ended(job, None) == (None, None)
    assert world.state.headers_now() == (world.headers, None), "they are saved already"


def test_a_sign_out_elsewhere_noticed_while_saving_ends_the_session_for_no_waiter() -> None:
    world = World(ADA, shared=True)
    _, job = world.state.headers_now()
    assert job is not None
    error, event = world.state.ended(job, SignedOut("signed out"))
    assert error is None
    assert isinstance(event, events.SessionEnded)
    assert world.tokens is None


# -- closing -----------------------------------------------------------------------------------


def test_closing_returns_what_is_under_way_and_what_is_unsaved() -> None:
    world = World(ADA, shared=True)
    _, job = world.state.headers_now()
    assert world.state.close() is job
    last = world.state.last_save()
    assert last is not None
    assert (last.kind, last.known) == ("save", ADA)
    assert world.state.status({}).unsaved


def test_tokens_that_arrive_after_closing_are_not_used_and_are_to_be_saved(world: World) -> None:
    world.clock.advance(EXPIRED)
    job = world.renew()
    assert world.state.close() is job
    newer = tokens_at(world.clock.wall())
    world.state.apply(job, world.newer(newer))
    assert world.tokens is None
    last = world.state.last_save()
    assert last is not None
    assert last.known is newer
    event = world.state.apply(job, SaveFailed(tokens=newer, error=FULL))
    assert isinstance(event, events.SaveFailed)
    world.state.apply(last, Saved(tokens=newer))
    assert world.state.last_save() is None


def test_the_error_of_the_last_save_reaches_who_closes() -> None:
    world = World(ADA, shared=True)
    world.state.close()
    job = world.state.last_save()
    assert job is not None
    assert world.state.ended(job, OFFLINE) == (OFFLINE, None)


def test_closing_twice_is_closing_once(world: World) -> None:
    assert world.state.close() is None
    assert world.state.close() is None
    assert world.state.last_save() is None
    assert not world.state.status({}).unsaved


# -- status ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "shared", "before", "after"),
    [
        (None, True, TokenState.UNKNOWN, TokenState.NOT_SIGNED_IN),
        (None, False, TokenState.NOT_SIGNED_IN, TokenState.NOT_SIGNED_IN),
        (ADA, True, TokenState.FRESH, TokenState.FRESH),
    ],
)
def test_status_distinguishes_unknown_from_not_signed_in(
    tokens: Tokens | None, before: TokenState, after: TokenState, *, shared: bool
) -> None:
    world = World(tokens, shared=shared)
    assert world.state.status({}).state is before
    if tokens is None:
        world.state.ended(world.renew(), NotSignedIn("nobody"))
    assert world.state.status({}).state is after


def test_a_refresh_token_alone_is_unknown_until_it_has_been_tried() -> None:
    world = World(Tokens(refresh_token="refresh-0"), shared=True)
    assert world.state.status({}).state is TokenState.UNKNOWN
    job = world.renew()
    world.state.apply(job, WaitingFor(what="persistence"))
    assert world.state.status({}).state is TokenState.UNKNOWN
    world.state.apply(job, WaitingFor(what="provider"))
    assert world.state.status({}).state is TokenState.EXPIRED


# -- the server's time ----------------------------------------------------------------------------


def test_confirmed_dates_that_were_wrong_do_not_end_a_session_for_ever() -> None:
    """With an access token alone no request goes out any more that could show the right time."""
    world = World(Tokens(access_token=ADA.access_token))
    for second in (1, 2):
        world.clock.advance(1)
        world.state.answered(f"Fri, 15 Jan 2027 10:00:0{second} GMT", 0.0)
    assert world.state.headers_now()[0] is None
    world.clock.advance(301)
    assert world.state.headers_now()[0] is not None


def test_a_date_was_read_between_the_request_and_the_end_of_its_response(world: World) -> None:
    sent, received = world.clock.monotonic(), world.clock.monotonic() + 2.0
    world.clock.advance(2.0)
    world.state.answered("Fri, 15 Jan 2027 08:00:01 GMT", 2.0)
    assert world.current.snapshot.server.known == Bounds.of(NOON + 1, sent, received)


def test_a_forked_child_has_a_lock_of_its_own_no_job_and_its_own_time_to_renew(
    world: World,
) -> None:
    world.renew()
    with world.state._lock:
        world.state._begin_in_child()  # what fork calls in the child
        assert not world.state.status({}).renewing
    assert world.current.spread == 0.25


def test_the_same_date_again_costs_no_lock(world: World) -> None:
    world.state.answered("Fri, 15 Jan 2027 08:00:00 GMT", 0.0)
    before = world.current.snapshot
    with world.state._lock:
        world.state.answered("Fri, 15 Jan 2027 08:00:00 GMT", 0.0)
        world.state.answered(None, 0.0)
    assert world.current.snapshot is before
