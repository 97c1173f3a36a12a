"""The steps of renewals, taken one by one, without a store and without threads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from appsync_gql import (
    ConfigurationError,
    Grant,
    LockTimeout,
    MemoryPersistence,
    NotSignedIn,
    RenewalFailed,
    SessionExpired,
    SessionKey,
    SignedOut,
    StorageCorrupt,
    StorageFailed,
    Tokens,
)
from appsync_gql.clock import Instant, ServerClock
from appsync_gql.secret import Secret
from appsync_gql.store.provider_calls import ProviderCalls
from appsync_gql.store.renewal import Renewal
from appsync_gql.store.saved_sessions import SavedSessions
from appsync_gql.store.steps import (
    Done,
    LoadFailed,
    NewerTokens,
    NewRefreshToken,
    Saved,
    SaveFailed,
    Step,
    WaitingFor,
)
from appsync_gql.testing import FakeClock
from support.store import ANYBODY, EXPIRED, FakeProvider, tokens_at

if TYPE_CHECKING:
    from collections.abc import Generator

DOWN = OSError(5, "Input/output error")


class FailingPersistence(MemoryPersistence):
    """Raises the errors that a test sets; records whether its lock is held."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: dict[str, list[Exception]] = {"load": [], "save": []}

    @property
    def locked(self) -> bool:
        return self._lock.locked()

    def load(self, key: SessionKey) -> Tokens | None:
        if self.failing["load"]:
            raise self.failing["load"].pop(0)
        return super().load(key)

    def save(self, key: SessionKey, tokens: Tokens) -> None:
        assert self.locked
        if self.failing["save"]:
            raise self.failing["save"].pop(0)
        super().save(key, tokens)


class World:
    """A provider, a persistence, and renewals on them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.provider = FakeProvider(self.clock)
        self.persistence = FailingPersistence()
        self.known = self.provider.issue()
        self.waits: list[float] = []
        self.renewal = Renewal(
            provider=ProviderCalls(provider=self.provider, clock=self.clock),
            saved=SavedSessions(
                persistence=self.persistence,
                lock_delays=lambda: iter([1.0] * 30),
                sleep=self.waits.append,
            ),
            use="access",
            clock=self.clock,
        )

    def renew(self, known: Tokens | None, key: SessionKey = ANYBODY) -> Generator[Step, None, None]:
        server = ServerClock.assumed(Instant.now(self.clock))
        return self.renewal.renew(known, key, server)

    def keep(self, tokens: Tokens) -> None:
        with self.persistence.lock(ANYBODY):
            self.persistence.save(ANYBODY, tokens)


@pytest.fixture
def world() -> World:
    return World()


def taken(steps: Generator[Step, None, None]) -> list[Step]:
    """Take all steps; return those that are no mere announcements."""
    return [step for step in steps if not isinstance(step, WaitingFor)]


def kinds(steps: list[Step]) -> list[type[Step]]:
    return [type(step) for step in steps]


def waits(steps: Generator[Step, None, None]) -> list[str]:
    """Take all steps; return what they wait for, in order."""
    return [step.what for step in steps if isinstance(step, WaitingFor)]


def test_the_steps_of_other_jobs_say_what_is_waited_for_too(world: World) -> None:
    assert waits(world.renewal.save_unsaved(world.known, ANYBODY)) == ["persistence"]
    signing_in = world.renewal.sign_in("ada", Secret("password"), None, ANYBODY)
    assert waits(signing_in) == ["persistence", "provider", "persistence"]
    signing_out = world.renewal.sign_out(world.known, ANYBODY)
    assert waits(signing_out) == ["persistence", "provider", "persistence"]


def test_tokens_that_others_saved_just_before_the_lock_was_taken_are_used(world: World) -> None:
    newer = tokens_at(world.clock.wall() + 60)
    world.keep(newer)
    world.persistence.failing["load"] = [
        StorageCorrupt("half of a file")
    ]  # the look before the lock
    found, *_ = taken(world.renew(world.known))
    assert isinstance(found, NewerTokens)
    assert (found.tokens, found.api) == (newer, None)
    assert world.provider.calls == []


# -- the course of a renewal -----------------------------------------------------------


def test_newer_tokens_are_yielded_under_the_lock_before_they_are_saved(world: World) -> None:
    for step in world.renew(world.known):
        if isinstance(step, NewerTokens):
            assert world.persistence.locked
            assert world.persistence.load(ANYBODY) is None
            assert (step.api, step.just_issued, step.tokens.rotates) == ("FakeRefresh", True, True)
            assert step.tokens.renewals == 1
        elif isinstance(step, Saved):
            assert world.persistence.locked
            assert world.persistence.load(ANYBODY) == step.tokens
    assert not world.persistence.locked


def test_the_steps_of_a_renewal_say_what_is_waited_for(world: World) -> None:
    steps = [
        step.what if isinstance(step, WaitingFor) else type(step)
        for step in world.renew(world.known)
    ]
    assert steps == ["persistence", "provider", NewerTokens, "persistence", Saved, Done]


def test_a_renewal_that_is_abandoned_releases_the_lock(world: World) -> None:
    steps = world.renew(world.known)
    for step in steps:
        if isinstance(step, NewerTokens):
            break
    steps.close()
    assert not world.persistence.locked


def test_newer_saved_tokens_are_found_without_the_lock_and_without_a_refresh(world: World) -> None:
    newer = tokens_at(world.clock.wall() + 60)
    world.keep(newer)
    with world.persistence.lock(ANYBODY):
        (found,) = taken(world.renew(world.known))
    assert isinstance(found, NewerTokens)
    assert (found.tokens, found.api) == (newer, None)
    assert world.provider.calls == []


def test_saved_tokens_that_have_expired_are_refreshed_in_place_of_the_known(world: World) -> None:
    world.provider.valid = "refresh-1"
    world.keep(replace(world.known, refresh_token="refresh-1", renewals=1))
    world.clock.advance(EXPIRED)
    newer, *_ = taken(world.renew(world.known))
    assert isinstance(newer, NewerTokens)
    assert newer.tokens.renewals == 2
    assert world.provider.calls == ["refresh-1"]


def test_tokens_saved_while_the_lock_was_waited_for_are_used(world: World) -> None:
    newer = tokens_at(world.clock.wall() + 60)
    lock = world.persistence.lock(ANYBODY)
    lock.__enter__()
    steps = world.renew(world.known)
    for step in steps:
        if step == WaitingFor(what="lock"):
            world.persistence.save(ANYBODY, newer)
            break
    (found,) = taken(steps)
    lock.__exit__(None, None, None)
    assert isinstance(found, NewerTokens)
    assert found.tokens == newer
    assert world.waits == [1.0]


def test_without_tokens_anywhere_nobody_is_signed_in(world: World) -> None:
    with pytest.raises(NotSignedIn, match="sign_in"):
        taken(world.renew(None))


def test_without_a_refresh_token_the_session_is_over(world: World) -> None:
    with pytest.raises(SessionExpired, match="no refresh token"):
        taken(world.renew(replace(world.known, refresh_token=None)))


def test_a_lock_that_stays_taken_ends_the_attempt(world: World) -> None:
    with world.persistence.lock(ANYBODY), pytest.raises(LockTimeout):
        taken(world.renew(world.known))
    assert sum(world.waits) == 30.0


def test_where_refresh_tokens_do_not_rotate_a_taken_lock_costs_two_seconds(world: World) -> None:
    """A process that is stopped with Ctrl-Z holds it."""
    known = replace(world.known, rotates=False)
    with world.persistence.lock(ANYBODY):
        steps = taken(world.renew(known))
    assert kinds(steps) == [LoadFailed, NewerTokens, SaveFailed]
    assert sum(world.waits) == 2.0


@pytest.mark.parametrize("rotates", [None, True])
def test_a_storage_that_is_down_stops_a_renewal_that_could_harm_others(
    world: World, *, rotates: bool | None
) -> None:
    world.persistence.failing["load"] = [DOWN]
    with pytest.raises(StorageFailed):
        taken(world.renew(replace(world.known, rotates=rotates)))
    assert world.provider.calls == []


def test_a_storage_that_is_down_stops_nobody_where_refresh_tokens_do_not_rotate(
    world: World,
) -> None:
    world.persistence.failing["load"] = [DOWN]
    steps = taken(world.renew(replace(world.known, rotates=False)))
    assert kinds(steps) == [LoadFailed, NewerTokens, SaveFailed]


def test_a_stored_value_that_is_no_session_is_reported_and_replaced(world: World) -> None:
    corrupt = StorageCorrupt("The file x has no saved sessions in it.")
    world.persistence.failing["load"] = [corrupt, corrupt]
    steps = taken(world.renew(world.known))
    assert kinds(steps) == [LoadFailed, NewerTokens, Saved, Done]


def test_a_failed_save_is_a_step_and_no_failure(world: World) -> None:
    world.persistence.failing["save"] = [DOWN]
    steps = taken(world.renew(world.known))
    assert kinds(steps) == [NewerTokens, SaveFailed, Done]
    assert isinstance(steps[1], SaveFailed)
    assert steps[1].error is DOWN


def test_a_refresh_token_used_by_a_process_without_the_lock_is_loaded_again(
    world: World,
) -> None:
    newer = tokens_at(world.clock.wall() + 60, refresh_token="theirs")

    def somebody_was_faster() -> None:
        world.persistence.save(ANYBODY, newer)
        raise SessionExpired("used up")

    world.provider.outcomes.append(somebody_was_faster)
    found, *_ = taken(world.renew(world.known))
    assert isinstance(found, NewerTokens)
    assert (found.tokens, found.api) == (newer, None)


def test_if_those_have_expired_too_they_are_refreshed(world: World) -> None:
    def somebody_was_faster() -> None:
        theirs = replace(world.known, refresh_token="theirs", renewals=5)
        world.persistence.save(ANYBODY, theirs)
        world.provider.valid = "theirs"
        raise SessionExpired("used up")

    world.clock.advance(EXPIRED)
    world.provider.outcomes.append(somebody_was_faster)
    found, *_ = taken(world.renew(world.known))
    assert isinstance(found, NewerTokens)
    assert found.api == "FakeRefresh"


def test_a_revoked_refresh_token_ends_the_session_if_nobody_has_another(world: World) -> None:
    world.provider.outcomes.append(SessionExpired("revoked"))
    with pytest.raises(SessionExpired, match="revoked"):
        taken(world.renew(world.known))


# -- odd answers ------------------------------------------------------------------------


class Answering(FakeProvider):
    """Answers with these tokens."""

    answer: Tokens

    def refresh(self, tokens: Tokens) -> Grant:
        self.calls.append(str(tokens.refresh_token))
        return Grant(tokens=self.answer, api="FakeRefresh")


def answering(world: World, tokens: Tokens) -> None:
    provider = Answering(world.clock)
    provider.answer = tokens
    calls = ProviderCalls(provider=provider, clock=world.clock)
    world.renewal = replace(world.renewal, provider=calls)


@pytest.mark.parametrize("rotates", [None, False])
def test_another_users_tokens_are_neither_yielded_nor_saved(
    world: World, *, rotates: bool | None
) -> None:
    answering(world, tokens_at(world.clock.wall() + 1, user="bob", refresh_token="bobs"))
    seen: list[Step] = []
    with pytest.raises(RenewalFailed) as caught:
        seen.extend(world.renew(replace(world.known, rotates=rotates)))
    assert caught.value.kind == "identity"
    assert all(isinstance(step, WaitingFor) for step in seen)
    assert world.persistence.load(ANYBODY) is None


def test_a_new_refresh_token_without_usable_jwts_is_saved_first_and_then_it_is_a_failure(
    world: World,
) -> None:
    answering(world, Tokens(refresh_token="refresh-9"))
    seen: list[Step] = []
    with pytest.raises(RenewalFailed, match="new refresh token is kept"):
        seen.extend(world.renew(world.known))
    seen = [step for step in seen if not isinstance(step, WaitingFor)]
    assert kinds(seen) == [NewRefreshToken, Saved]
    kept = world.persistence.load(ANYBODY)
    assert kept is not None
    assert (kept.refresh_token, kept.access_token) == ("refresh-9", world.known.access_token)
    assert (kept.rotates, kept.renewals) == (True, 1)
    assert kept.newer_than(world.known)


def test_so_it_is_where_the_lock_can_not_be_had(world: World) -> None:
    answering(world, Tokens(refresh_token="refresh-9"))
    seen: list[Step] = []
    with world.persistence.lock(ANYBODY), pytest.raises(RenewalFailed, match="is kept"):
        seen.extend(world.renew(replace(world.known, rotates=False)))
    assert NewRefreshToken in kinds(seen)


# -- saving what is unsaved ---------------------------------------------------------------


def test_unsaved_tokens_are_saved(world: World) -> None:
    steps = taken(world.renewal.save_unsaved(world.known, ANYBODY))
    assert steps == [Saved(tokens=world.known)]
    assert world.persistence.load(ANYBODY) == world.known


def test_tokens_that_are_saved_already_are_not_written_again(world: World) -> None:
    world.keep(world.known)
    world.persistence.failing["save"] = [DOWN]
    assert kinds(taken(world.renewal.save_unsaved(world.known, ANYBODY))) == [Saved]


def test_newer_saved_tokens_are_yielded_instead(world: World) -> None:
    newer = tokens_at(world.clock.wall() + 60)
    world.keep(newer)
    (found,) = taken(world.renewal.save_unsaved(world.known, ANYBODY))
    assert isinstance(found, NewerTokens)
    assert found.tokens == newer


@pytest.mark.parametrize("step", ["load", "save"])
def test_a_save_that_fails_is_a_step(world: World, step: str) -> None:
    world.persistence.failing[step] = [DOWN]
    assert kinds(taken(world.renewal.save_unsaved(world.known, ANYBODY))) == [SaveFailed]


def test_saving_replaces_something_else(world: World) -> None:
    world.persistence.failing["load"] = [StorageCorrupt("The file x has no saved sessions in it.")]
    assert kinds(taken(world.renewal.save_unsaved(world.known, ANYBODY))) == [LoadFailed, Saved]


def test_saving_waits_two_seconds_for_the_lock(world: World) -> None:
    with world.persistence.lock(ANYBODY):
        assert kinds(taken(world.renewal.save_unsaved(world.known, ANYBODY))) == [SaveFailed]
    assert sum(world.waits) == 2.0


def test_a_session_that_was_signed_out_is_not_saved_again(world: World) -> None:
    world.keep(world.known)
    with world.persistence.lock(ANYBODY):
        world.persistence.delete(ANYBODY)
    with pytest.raises(SignedOut):
        taken(world.renewal.save_unsaved(world.known, ANYBODY))


def test_the_last_save_raises_its_error(world: World) -> None:
    world.persistence.failing["save"] = [ConfigurationError("no table", setting="table")]
    with pytest.raises(ConfigurationError, match="could not be saved in FailingPersistence"):
        taken(world.renewal.save_at_close(world.known, ANYBODY))
    assert kinds(taken(world.renewal.save_at_close(world.known, ANYBODY))) == [Saved]


# -- signing in and out ----------------------------------------------------------------------


def test_a_sign_in_is_published_and_then_saved(world: World) -> None:
    steps = taken(world.renewal.sign_in("bob", Secret("password"), None, ANYBODY))
    assert kinds(steps) == [NewerTokens, Saved]
    saved = world.persistence.load(SessionKey(username="bob"))
    assert saved is not None
    assert saved.username == "bob"


@pytest.mark.parametrize("how", ["down", "locked"])
def test_a_sign_in_that_can_not_be_saved_is_an_error_after_it_was_published(
    world: World, how: str
) -> None:
    seen: list[Step] = []
    world.persistence.failing["save"] = [DOWN] if how == "down" else []
    lock = world.persistence.lock(ANYBODY)
    if how == "locked":
        lock.__enter__()
    with pytest.raises(StorageFailed, match="The user is signed in, but"):
        seen.extend(world.renewal.sign_in("bob", Secret("password"), None, ANYBODY))
    assert [k for k in kinds(seen) if k is not WaitingFor] == [NewerTokens, SaveFailed]


def test_a_sign_out_revokes_the_newest_tokens_and_deletes_them(world: World) -> None:
    world.keep(tokens_at(world.clock.wall() + 60, refresh_token="newest"))
    taken(world.renewal.sign_out(world.known, ANYBODY))
    assert world.provider.revoked == ["newest"]
    with pytest.raises(SignedOut):
        world.persistence.load(ANYBODY.with_tokens(world.known))
    taken(world.renewal.sign_out(world.known, ANYBODY))
    assert world.provider.revoked == ["newest"]


def test_a_sign_out_without_a_session_deletes_what_may_be_there(world: World) -> None:
    taken(world.renewal.sign_out(None, ANYBODY))
    assert world.provider.revoked == []
