"""How long callers wait for what, step by step: no thread is started, and no time passes."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import pytest
from gql.transport.exceptions import TransportClosed

from appsync_gql import (
    AppSyncError,
    ConfigurationError,
    Headers,
    LockTimeout,
    NotSignedIn,
    RenewalFailed,
    SessionExpired,
    StorageCorrupt,
    StorageFailed,
    Tokens,
)
from appsync_gql.secret import sealed
from appsync_gql.store.current import CurrentTokens
from appsync_gql.store.job import Job
from appsync_gql.store.single_flight import Wait
from appsync_gql.store.snapshot import TokenSettings
from appsync_gql.store.state import StoreState
from appsync_gql.store.steps import Done, NewerTokens, SaveFailed, WaitingFor
from appsync_gql.store.waiting import StoreMethods
from appsync_gql.testing import FakeClock
from support.store import ANYBODY, EXPIRED, NOON, STALE, fixed_delay, tokens_at

if TYPE_CHECKING:
    from appsync_gql.store.single_flight import Waits

OFFLINE = RenewalFailed("offline", kind="network")
FULL = OSError(28, "No space left on device")


class Recording:
    """In place of the renewal: each method returns its own name and arguments."""

    def __getattr__(self, name: str) -> Any:
        return lambda *given: (name, *given)


class World:
    """A store whose jobs are only recorded; the test does them."""

    def __init__(
        self,
        tokens: Tokens | None,
        patience: float,
        *,
        shared: bool = False,
        limit: float = math.inf,
    ) -> None:
        self.clock = FakeClock()
        self.current = CurrentTokens(
            tokens,
            ANYBODY.with_tokens(tokens),
            settings=TokenSettings(),
            shared=shared,
            clock=self.clock,
            spread=0.0,
        )
        self.state = StoreState(self.current, clock=self.clock, delays=fixed_delay(4), jitter=float)
        self.jobs: list[Job] = []
        self.kinds: list[str] = []
        renewal: Any = Recording()
        worker: Any = self
        self.methods = StoreMethods(
            self.state,
            worker,
            renewal,
            patience,
            now=self.clock.monotonic,
            limit=lambda: limit,
        )

    def start(self, job: Job, steps: tuple[str, ...]) -> None:
        """Take a job, as the worker does."""
        self.jobs.append(job)
        self.kinds.append(steps[0])

    def publish(self, job: Job, **claims: Any) -> None:
        now = self.clock.monotonic()
        tokens = tokens_at(self.clock.wall(), **claims)
        self.state.apply(
            job,
            NewerTokens(
                tokens=tokens,
                key=ANYBODY.with_tokens(tokens),
                api="Refresh",
                just_issued=True,
                sent=now,
                received=now,
            ),
        )

    def end(self, error: AppSyncError | None = None, job: Job | None = None) -> None:
        """Let the last job end."""
        job = self.jobs[-1] if job is None else job
        if error is None and job.kind == "renew":
            self.publish(job)
        error, _ = self.state.ended(job, error)
        job.call.end(error)

    def pass_time(self, wait: Wait) -> None:
        assert wait.seconds is not None
        self.clock.advance(wait.seconds)


@pytest.fixture
def world() -> World:
    """A store with an expired token, whose callers wait for 20 s."""
    world = World(tokens_at(NOON), 20.0)
    world.clock.advance(EXPIRED)
    return world


@pytest.fixture
def impatient() -> World:
    world = World(tokens_at(NOON), 0.0)
    world.clock.advance(EXPIRED)
    return world


def result(waits: Waits[Any], *, ended: bool = True) -> Any:
    """Go on with a caller who must not wait any more."""
    with pytest.raises(StopIteration) as returned:
        waits.send(ended)
    return returned.value.value


def hang(waits: Waits[Any], world: World, wait: Wait) -> None:
    """Let time pass, and nothing else happen, until the caller gives up."""
    while True:
        world.pass_time(wait)
        wait = waits.send(False)  # noqa: FBT003 - it has not ended


def fail(waits: Waits[Any], world: World, error: AppSyncError) -> None:
    """Let one attempt after the other fail, until the caller gives up."""
    while True:
        world.end(error)
        attempt(waits, world, sent=True)


def attempt(waits: Waits[Any], world: World, *, sent: bool | None = None) -> Wait:
    """Go on with a caller until it waits for an attempt; pauses pass."""
    wait = waits.send(sent)  # type: ignore[arg-type] # None begins a generator
    while wait.call is None:
        world.pass_time(wait)
        wait = waits.send(False)  # noqa: FBT003 - a pause ends
    return wait


# -- callers whose token has expired ----------------------------------------------------------


def test_an_expired_caller_waits_for_the_attempt_and_gets_its_headers(world: World) -> None:
    caller = world.methods.headers()
    assert attempt(caller, world).call is world.jobs[0].call
    world.end()
    headers: Headers = result(caller)
    assert headers is world.current.snapshot.headers


def test_after_a_failure_it_waits_for_the_next_attempt(world: World) -> None:
    caller = world.methods.headers()
    wait = attempt(caller, world)
    for _ in range(3):
        world.end(OFFLINE)
        wait = attempt(caller, world, sent=True)
    assert wait.call is world.jobs[-1].call
    assert len(world.jobs) == 4
    world.end()
    assert result(caller) is world.current.snapshot.headers


def test_the_failure_of_an_attempt_that_began_while_the_token_lived_is_not_its_own() -> None:
    world = World(tokens_at(NOON), 20.0)
    world.clock.advance(STALE)
    assert world.methods.headers_nowait() is not None
    world.clock.advance(EXPIRED - STALE)
    caller = world.methods.headers()
    assert attempt(caller, world).call is world.jobs[0].call
    world.end(OFFLINE)
    assert attempt(caller, world, sent=True).call is world.jobs[1].call
    world.end()
    assert result(caller) is world.current.snapshot.headers


def test_its_patience_counts_from_its_own_arrival_and_ends_with_the_last_error(
    world: World,
) -> None:
    caller = world.methods.headers()
    attempt(caller, world)
    arrived = world.clock.monotonic()
    with pytest.raises(RenewalFailed, match="offline") as caught:
        fail(caller, world, OFFLINE)
    assert caught.value.kind == "network"
    assert caught.value is not OFFLINE
    assert world.clock.monotonic() - arrived == 20.0
    assert len(world.jobs) == 7, "attempts stay bounded: two at once, then one every 4 s"


def test_callers_share_attempts_and_pauses(world: World) -> None:
    callers = [world.methods.headers() for _ in range(50)]
    waits = [next(caller) for caller in callers]
    assert {id(wait.call) for wait in waits} == {id(world.jobs[0].call)}
    world.end(OFFLINE)
    waits = [caller.send(True) for caller in callers]  # noqa: FBT003
    assert len(world.jobs) == 2
    world.end(OFFLINE)
    waits = [caller.send(True) for caller in callers]  # noqa: FBT003
    assert {(wait.call, wait.seconds) for wait in waits} == {(None, 4.0)}
    assert len(world.jobs) == 2


@pytest.mark.parametrize(
    "error",
    [
        SessionExpired("revoked"),
        NotSignedIn("nobody"),
        ConfigurationError("secret"),
        StorageCorrupt("something else"),
        RenewalFailed("untrusted", kind="certificate"),
        RenewalFailed("expired already", kind="clock"),
        RenewalFailed("another user's", kind="identity"),
        RenewalFailed("no thread", kind="thread"),
    ],
)
def test_what_waiting_can_not_mend_is_raised_at_once(world: World, error: AppSyncError) -> None:
    caller = world.methods.headers()
    attempt(caller, world)
    world.end(error)
    with pytest.raises(type(error), match=str(error)):
        caller.send(True)  # noqa: FBT003


def test_so_it_is_for_callers_who_come_later(world: World) -> None:
    for _ in range(2):
        caller = world.methods.headers()
        attempt(caller, world)
        world.end(SessionExpired("revoked"))
        with pytest.raises(SessionExpired):
            caller.send(True)  # noqa: FBT003
    with pytest.raises(SessionExpired):
        next(world.methods.headers())
    assert len(world.jobs) == 2


@pytest.mark.parametrize(
    ("what", "kind", "text"),
    [
        ("provider", RenewalFailed, "The identity provider has not responded, after 20 s"),
        ("persistence", StorageFailed, "The persistence has not responded, after 20 s"),
        ("lock", LockTimeout, "Another process or thread holds the session's lock, after 20 s"),
        (None, RenewalFailed, "No thread was free, after 20 s"),
    ],
)
def test_a_caller_stops_waiting_for_a_call_that_hangs_when_its_patience_ends(
    world: World, what: Any, kind: type[RenewalFailed], text: str
) -> None:
    caller = world.methods.headers()
    wait = attempt(caller, world)
    if what is not None:
        world.state.apply(world.jobs[0], WaitingFor(what=what))
    arrived = world.clock.monotonic()
    with pytest.raises(kind, match=text) as caught:
        hang(caller, world, wait)
    assert type(caught.value) is kind
    assert world.clock.monotonic() - arrived == 20.0
    assert not world.jobs[0].call.ended, "the call goes on"


@pytest.mark.parametrize(
    ("patience", "limit", "waited"), [(20.0, 9.5, 9.5), (3.0, 9.5, 3.0), (0.0, 9.5, 9.5)]
)
def test_a_caller_with_a_time_limit_of_its_own_gets_the_error_before_it(
    patience: float, limit: float, waited: float
) -> None:
    world = World(tokens_at(NOON), patience, limit=limit)
    world.clock.advance(EXPIRED)
    caller = world.methods.headers()
    wait = attempt(caller, world)
    arrived = world.clock.monotonic()
    with pytest.raises(RenewalFailed, match=f"after {waited:g} s"):
        hang(caller, world, wait)
    assert world.clock.monotonic() - arrived == waited


def test_and_so_it_is_with_failures() -> None:
    world = World(tokens_at(NOON), 20.0, limit=9.5)
    world.clock.advance(EXPIRED)
    caller = world.methods.headers()
    attempt(caller, world)
    arrived = world.clock.monotonic()
    with pytest.raises(RenewalFailed, match="offline"):
        fail(caller, world, OFFLINE)
    assert world.clock.monotonic() - arrived == 9.5


def test_after_failures_and_a_hang_the_last_failure_is_raised(world: World) -> None:
    caller = world.methods.headers()
    attempt(caller, world)
    world.end(OFFLINE)
    wait = attempt(caller, world, sent=True)
    with pytest.raises(RenewalFailed, match="offline"):
        hang(caller, world, wait)


def test_callers_do_not_wait_long_for_the_release_of_a_lock(world: World) -> None:
    """Redis hangs just after the tokens were saved."""
    caller = world.methods.headers()
    wait = attempt(caller, world)
    world.publish(world.jobs[0])
    world.state.apply(world.jobs[0], Done())
    assert wait.seconds == 1.0
    assert result(caller, ended=False) is world.current.snapshot.headers


def test_without_patience_a_caller_gets_the_error_of_one_attempt(impatient: World) -> None:
    caller = impatient.methods.headers()
    attempt(caller, impatient)
    impatient.end(OFFLINE)
    with pytest.raises(RenewalFailed, match="offline") as caught:
        caller.send(True)  # noqa: FBT003
    assert caught.value.retry_after == 0.0


def test_and_later_ones_the_error_with_the_seconds_to_wait(impatient: World) -> None:
    for _ in range(2):
        caller = impatient.methods.headers()
        attempt(caller, impatient)
        impatient.end(OFFLINE)
        with pytest.raises(RenewalFailed):
            caller.send(True)  # noqa: FBT003
    with pytest.raises(RenewalFailed, match="offline") as caught:
        next(impatient.methods.headers())
    assert caught.value.retry_after == 4.0
    assert len(impatient.jobs) == 2


def test_and_it_waits_for_a_call_that_hangs(impatient: World) -> None:
    caller = impatient.methods.headers()
    wait = attempt(caller, impatient)
    for _ in range(100):
        impatient.pass_time(wait)
        wait = caller.send(False)  # noqa: FBT003
    impatient.end()
    assert result(caller) is impatient.current.snapshot.headers


def test_tokens_that_expire_as_fast_as_they_come_end_in_an_error(world: World) -> None:
    caller = world.methods.headers()
    attempt(caller, world)
    for _ in range(2):
        world.end()
        world.clock.advance(EXPIRED)
        attempt(caller, world, sent=True)
    world.end()
    world.clock.advance(EXPIRED)
    with pytest.raises(RenewalFailed, match="as fast as") as caught:
        caller.send(True)  # noqa: FBT003
    assert caught.value.kind == "clock"
    assert len(world.jobs) == 3


# -- after a refusal or a denial ----------------------------------------------------------------


def test_a_refused_caller_waits_through_failures_too() -> None:
    world = World(tokens_at(NOON), 20.0)
    rejected = world.current.snapshot.headers
    assert rejected is not None
    caller = world.methods.renew(rejected, denied=False)
    attempt(caller, world)
    for _ in range(3):
        world.end(OFFLINE)
        attempt(caller, world, sent=True)
    world.end()
    assert result(caller) is world.current.snapshot.headers
    assert [job.reason for job in world.jobs] == ["refused"] * 4


def test_so_does_who_asks_for_newer_tokens() -> None:
    world = World(tokens_at(NOON), 20.0)
    caller = world.methods.renew(None, denied=False)
    attempt(caller, world)
    world.end(OFFLINE)
    attempt(caller, world, sent=True)
    world.end()
    assert result(caller) is world.current.snapshot.headers


def test_a_denied_caller_gets_the_first_failure_since_its_token_is_good() -> None:
    world = World(tokens_at(NOON), 20.0)
    rejected = world.current.snapshot.headers
    assert rejected is not None
    caller = world.methods.renew(rejected, denied=True)
    attempt(caller, world)
    world.end(OFFLINE)
    with pytest.raises(RenewalFailed, match="offline"):
        caller.send(True)  # noqa: FBT003


def test_a_refused_caller_who_waited_for_saving_begins_a_renewal() -> None:
    world = World(tokens_at(NOON), 20.0, shared=True)
    rejected = world.methods.headers_nowait()
    assert rejected is not None
    assert world.kinds == ["save_unsaved"]
    caller = world.methods.renew(rejected, denied=False)
    attempt(caller, world)
    world.end()
    attempt(caller, world, sent=True)
    assert world.kinds == ["save_unsaved", "renew"]


# -- tokens, signing in and out -------------------------------------------------------------------


def test_tokens_are_those_of_the_headers(world: World) -> None:
    caller = world.methods.tokens()
    attempt(caller, world)
    world.end()
    assert result(caller) is world.current.snapshot.tokens


def test_a_sign_in_returns_its_tokens(world: World) -> None:
    caller = world.methods.sign_in("bob", sealed("password"), None)
    next(caller)
    world.publish(world.jobs[0], user="bob")
    world.end()
    assert result(caller).username == "bob"
    assert world.kinds == ["sign_in"]


@pytest.mark.parametrize("what", ["sign_in", "sign_out"])
def test_the_error_of_a_sign_in_or_sign_out_is_raised(world: World, what: str) -> None:
    caller: Waits[Any] = (
        world.methods.sign_in("bob", sealed("password"), None)
        if what == "sign_in"
        else world.methods.sign_out()
    )
    next(caller)
    world.end(OFFLINE)
    with pytest.raises(RenewalFailed, match="offline"):
        caller.send(True)  # noqa: FBT003


@pytest.mark.parametrize("what", ["sign_in", "sign_out"])
def test_a_sign_in_or_sign_out_that_hangs_is_left_after_a_minute_and_a_half(
    world: World, what: str
) -> None:
    caller: Waits[Any] = (
        world.methods.sign_in("bob", sealed("password"), None)
        if what == "sign_in"
        else world.methods.sign_out()
    )
    assert next(caller).seconds == 90.0
    world.state.apply(world.jobs[0], WaitingFor(what="provider"))
    with pytest.raises(RenewalFailed, match="after 90 s"):
        caller.send(False)  # noqa: FBT003


def test_callers_that_wait_when_the_store_is_closed_get_an_error(world: World) -> None:
    caller = world.methods.headers()
    attempt(caller, world)
    assert next(world.methods.close()).call is world.jobs[0].call
    world.end()
    with pytest.raises(TransportClosed):
        caller.send(True)  # noqa: FBT003


# -- closing ------------------------------------------------------------------------------------


def closed(waits: Waits[None]) -> bool:
    """Return whether closing ends without waiting."""
    return next(waits, None) is None


def test_closing_a_store_that_has_nothing_to_do_waits_for_nothing(world: World) -> None:
    assert closed(world.methods.close())


def test_closing_waits_for_a_renewal_and_saves_what_that_could_not(world: World) -> None:
    caller = world.methods.headers()
    attempt(caller, world)
    renewal = world.jobs[0]
    closing = world.methods.close()
    assert next(closing) == Wait(renewal.call, 5.0)
    world.publish(renewal)
    newest = world.state.last_save()
    assert newest is not None
    assert newest.known is not None
    world.state.apply(renewal, SaveFailed(tokens=newest.known, error=FULL))
    renewal.call.end()
    assert closing.send(True).seconds == 5.0  # noqa: FBT003
    assert world.kinds == ["renew", "save_at_close"]
    assert world.jobs[1].known is newest.known


def test_a_renewal_that_hangs_is_left_with_a_warning(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caller = world.methods.headers()
    attempt(caller, world)
    world.state.apply(world.jobs[0], WaitingFor(what="provider"))
    closing = world.methods.close()
    next(closing)
    with pytest.raises(StopIteration):
        closing.send(False)  # noqa: FBT003
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "the identity provider has not responded" in record.getMessage()


@pytest.mark.parametrize("how", ["fails", "hangs"])
def test_a_last_save_that_fails_or_hangs_is_an_error(how: str) -> None:
    world = World(tokens_at(NOON), 20.0, shared=True)
    closing = world.methods.close()
    next(closing)
    if how == "fails":
        world.end(StorageFailed("full"))
    else:
        world.state.apply(world.jobs[0], WaitingFor(what="persistence"))
    with pytest.raises(StorageFailed):
        closing.send(how == "fails")
