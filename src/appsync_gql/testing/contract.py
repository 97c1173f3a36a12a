"""What every persistence must do, as tests to inherit."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from ..exceptions import ConfigurationError, LockTimeout, SignedOut
from ..session_key import SessionKey
from ..tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from ..persistence.base import TokenPersistence

    Opened: TypeAlias = Callable[[], TokenPersistence]

__all__ = ["PersistenceContract", "sample_tokens"]

_NOON = 1_800_000_000
_PATIENCE = 30.0


def sample_tokens(
    *,
    user: str = "ada",
    client_id: str = "client",
    pool: str = "eu-west-1_Example",
    signed_in_at: int = _NOON,
    renewals: int = 0,
    refresh_token: str = "refresh-0",
    length: int = 8,
    **more: Any,
) -> Tokens:
    """Make tokens as Cognito's: issued a minute apart for each renewal, valid for an hour.

    Args:
        user: the pool's name of the user.
        client_id: the app client.
        pool: the user pool.
        signed_in_at: seconds since the epoch.
        renewals: how many refreshes ago that was.
        refresh_token: the refresh token.
        length: about how many characters each JWT has besides its claims.
        more: other arguments of ``Tokens``.
    """
    issued_at = signed_in_at + 60 * renewals
    claims = {
        "iss": f"https://cognito-idp.eu-west-1.amazonaws.com/{pool}",
        "sub": f"sub-{user}",
        "auth_time": signed_in_at,
        "iat": issued_at,
        "exp": issued_at + 3600,
        "jti": f"{renewals}-{'x' * length}",
    }
    access = {**claims, "token_use": "access", "client_id": client_id, "username": user}
    id_ = {**claims, "token_use": "id", "aud": client_id, "cognito:username": user}
    return Tokens(
        access_token=jwt.encode(access, "k" * 32),
        id_token=jwt.encode(id_, "k" * 32),
        refresh_token=refresh_token,
        renewals=renewals,
        **more,
    )


class PersistenceContract:
    """Inherit it, and give a fixture ``opened``: a function that opens the same, empty place anew.

    ::

        class TestMine(PersistenceContract):
            @pytest.fixture
            def opened(self, tmp_path):
                return lambda: MyPersistence(tmp_path)

    Each call stands for another process: nothing may be shared but the place itself.
    """

    key = SessionKey(client_id="client")
    """Whose sessions a program asks for that knows no more than its app client."""

    @pytest.fixture
    def opened(self) -> Opened:
        """Give the function; to be overridden."""
        raise NotImplementedError

    def put(self, persistence: TokenPersistence, *sets: Tokens) -> None:
        """Save tokens, each under their own key."""
        for tokens in sets:
            with persistence.lock(self.key):
                persistence.save(self.key.with_tokens(tokens), tokens)

    # -- what is kept -------------------------------------------------------------

    def test_an_empty_place_has_no_tokens(self, opened: Opened) -> None:
        assert opened().load(self.key) is None

    def test_what_one_saves_another_loads_whole(self, opened: Opened) -> None:
        tokens = sample_tokens(
            renewals=3, device_key="device", clock_correction=-1.25, rotates=True
        )
        self.put(opened(), tokens)
        assert opened().load(self.key) == tokens

    def test_the_last_save_counts_and_leaves_nothing_of_the_longer_one_before(
        self, opened: Opened
    ) -> None:
        short = sample_tokens(renewals=1, refresh_token="refresh-1")
        self.put(opened(), sample_tokens(length=3000), short)
        assert opened().load(self.key) == short

    def test_tokens_longer_than_a_windows_credential_survive(self, opened: Opened) -> None:
        long = sample_tokens(length=4000, refresh_token="r" * 2000)
        self.put(opened(), long)
        assert opened().load(self.key) == long

    def test_users_pools_and_clients_are_kept_apart(self, opened: Opened) -> None:
        sets = [
            sample_tokens(user="ada", refresh_token="refresh-a"),
            sample_tokens(user="grace", refresh_token="refresh-g"),
            sample_tokens(user="ada", client_id="other", refresh_token="refresh-o"),
            sample_tokens(user="ada", pool="eu-west-1_Other", refresh_token="refresh-p"),
        ]
        self.put(opened(), *sets)
        assert [opened().load(SessionKey.of(tokens)) for tokens in sets] == sets

    def test_of_several_users_one_must_be_named(self, opened: Opened) -> None:
        self.put(opened(), sample_tokens(user="ada"), sample_tokens(user="grace"))
        with pytest.raises(ConfigurationError, match="ada and grace"):
            opened().load(self.key)
        found = opened().load(SessionKey(client_id="client", username="grace"))
        assert found is not None
        assert found.username == "grace"

    def test_a_program_with_a_refresh_token_alone_finds_what_became_of_it(
        self, opened: Opened
    ) -> None:
        first, other = Tokens(refresh_token="refresh-0"), Tokens(refresh_token="refresh-x")
        begun, place = self.key.with_tokens(first), opened()
        later = sample_tokens(renewals=7, refresh_token="refresh-7")
        for renewed in (sample_tokens(), later):
            with place.lock(begun):
                place.save(begun.with_tokens(renewed), renewed)
        assert opened().load(begun) == later
        assert opened().load(self.key.with_tokens(other)) is None

    # -- what is deleted ------------------------------------------------------------

    def test_after_a_deletion_others_learn_that_the_session_is_over(self, opened: Opened) -> None:
        tokens, place = sample_tokens(), opened()
        self.put(place, tokens, sample_tokens(user="grace"))
        key = self.key.with_tokens(tokens)
        with place.lock(key):
            place.delete(key)
        with pytest.raises(SignedOut):
            opened().load(key)
        assert opened().load(SessionKey(client_id="client", username="grace")) is not None

    def test_a_later_sign_in_begins_anew_after_a_deletion(self, opened: Opened) -> None:
        place, key = opened(), self.key.with_tokens(sample_tokens())
        self.put(place, sample_tokens())
        with place.lock(key):
            place.delete(key)
        again = sample_tokens(signed_in_at=_NOON + 600, refresh_token="refresh-new")
        assert opened().load(self.key.with_tokens(again)) is None
        self.put(opened(), again)
        assert opened().load(key) == again

    def test_deleting_nothing_harms_nothing(self, opened: Opened) -> None:
        place = opened()
        with place.lock(self.key):
            place.delete(self.key)
        assert opened().load(self.key.with_tokens(sample_tokens())) is None

    # -- the lock -------------------------------------------------------------------

    def test_the_lock_is_held_by_one_and_told_to_others_at_once(self, opened: Opened) -> None:
        mine, other = opened(), opened()
        with mine.lock(self.key):
            with pytest.raises(LockTimeout), other.lock(self.key):
                pass
            with ThreadPoolExecutor(1) as threads:
                assert threads.submit(self.is_locked, mine).result()
        assert not self.is_locked(other)

    def test_the_lock_comes_free_when_the_work_under_it_fails(self, opened: Opened) -> None:
        with pytest.raises(ZeroDivisionError), opened().lock(self.key):
            raise ZeroDivisionError
        assert not self.is_locked(opened())

    def test_writers_under_the_lock_lose_nothing(self, opened: Opened) -> None:
        self.put(opened(), sample_tokens())

        def count_up() -> None:
            place = opened()
            for _ in range(5):
                self.add_one(place)

        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(count_up) for _ in range(4)]:
                done.result()
        found = opened().load(self.key)
        assert found is not None
        assert found.renewals == 20  # noqa: PLR2004 - 4 writers, 5 times

    def test_a_reader_sees_the_old_or_the_new_never_half(self, opened: Opened) -> None:
        sets = [
            sample_tokens(renewals=n, length=n * 500, refresh_token=f"refresh-{n}")
            for n in range(8)
        ]
        self.put(opened(), sets[0])
        ended = threading.Event()

        def read() -> int:
            place, reads = opened(), 0
            while not ended.is_set() or not reads:
                assert place.load(self.key) in sets
                reads += 1
            return reads

        with ThreadPoolExecutor(1) as threads:
            reader = threads.submit(read)
            try:
                self.put(opened(), *sets[1:])
            finally:
                ended.set()
            assert reader.result()

    # -- secrets ----------------------------------------------------------------------

    def test_no_token_is_shown_or_logged(
        self, opened: Opened, caplog: pytest.LogCaptureFixture
    ) -> None:
        tokens = sample_tokens(refresh_token="refresh-secret-0")
        with caplog.at_level(logging.DEBUG):
            place = opened()
            self.put(place, tokens)
            place.load(self.key)
        shown = repr(place) + caplog.text
        assert not [t for t in (tokens.access_token, tokens.refresh_token) if t and t in shown]

    # -- small things -------------------------------------------------------------------

    def is_locked(self, place: TokenPersistence) -> bool:
        """Tell whether somebody holds the lock."""
        try:
            with place.lock(self.key):
                return False
        except LockTimeout:
            return True

    def add_one(self, place: TokenPersistence) -> None:
        """Read, change and write under the lock, trying for half a minute to get it."""
        give_up = time.monotonic() + _PATIENCE
        done = False
        while not done:
            assert time.monotonic() < give_up, "the lock never came free"
            with suppress(LockTimeout), place.lock(self.key):
                tokens = place.load(self.key)
                place.save(self.key, sample_tokens(renewals=tokens.renewals + 1 if tokens else 0))
                done = True
            time.sleep(0.002)
