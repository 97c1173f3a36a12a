"""The tests that every persistence must pass, to be inherited."""

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

_SIGN_IN = 1_800_000_000
"""Seconds since the epoch."""

_LOCK_SECONDS = 30.0


def sample_tokens(
    *,
    user: str = "ada",
    client_id: str = "client",
    pool: str = "eu-west-1_Example",
    signed_in_at: int = _SIGN_IN,
    renewals: int = 0,
    refresh_token: str = "refresh-0",
    length: int = 8,
    **more: Any,
) -> Tokens:
    """Return tokens like Cognito's: issued a minute apart for each renewal, valid for an hour.

    Args:
        user: the pool's name of the user.
        client_id: the app client.
        pool: the user pool.
        signed_in_at: seconds since the epoch.
        renewals: how many refreshes lie between the sign-in and these tokens.
        refresh_token: the refresh token.
        length: how many characters each JWT has besides its other claims, roughly.
        more: further arguments of ``Tokens``.
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
    """Inherit it, and define a fixture ``opened``: a function that opens the storage to test.

    ::

        class TestMine(PersistenceContract):
            @pytest.fixture
            def opened(self, tmp_path):
                return lambda: MyPersistence(tmp_path)

    The storage is empty at first. Each call of the function represents another process: what
    it returns may share nothing but the storage.
    """

    key = SessionKey(client_id="client")
    """The key of a program that knows nothing but its app client."""

    @pytest.fixture
    def opened(self) -> Opened:
        """Return the function; to be overridden."""
        raise NotImplementedError

    def put(self, persistence: TokenPersistence, *sets: Tokens) -> None:
        """Save tokens, each under their own key."""
        for tokens in sets:
            with persistence.lock(self.key):
                persistence.save(self.key.with_tokens(tokens), tokens)

    # -- saving and loading -------------------------------------------------------------

    def test_an_empty_storage_has_no_tokens(self, opened: Opened) -> None:
        assert opened().load(self.key) is None

    def test_what_one_process_saves_another_loads_completely(self, opened: Opened) -> None:
        tokens = sample_tokens(renewals=3, device_key="device", rotates=True)
        self.put(opened(), tokens)
        assert opened().load(self.key) == tokens

    def test_the_clock_correction_of_the_machine_that_saved_is_not_loaded(
        self, opened: Opened
    ) -> None:
        self.put(opened(), sample_tokens(clock_correction=-120.0))
        found = opened().load(self.key)
        assert found is not None
        assert found.clock_correction is None

    def test_a_save_replaces_a_longer_one_completely(self, opened: Opened) -> None:
        short = sample_tokens(renewals=1, refresh_token="refresh-1")
        self.put(opened(), sample_tokens(length=3000), short)
        assert opened().load(self.key) == short

    def test_tokens_longer_than_a_windows_credential_are_saved(self, opened: Opened) -> None:
        long = sample_tokens(length=4000, refresh_token="r" * 2000)
        self.put(opened(), long)
        assert opened().load(self.key) == long

    def test_users_pools_and_app_clients_are_separate(self, opened: Opened) -> None:
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

    def test_a_program_with_only_its_first_refresh_token_finds_the_renewed_session(
        self, opened: Opened
    ) -> None:
        first, other = Tokens(refresh_token="refresh-0"), Tokens(refresh_token="refresh-x")
        configured, persistence = self.key.with_tokens(first), opened()
        later = sample_tokens(renewals=7, refresh_token="refresh-7")
        for renewed in (sample_tokens(), later):
            with persistence.lock(configured):
                persistence.save(configured.with_tokens(renewed), renewed)
        assert opened().load(configured) == later
        assert opened().load(self.key.with_tokens(other)) is None

    # -- deleting ------------------------------------------------------------

    def test_after_a_deletion_other_processes_get_signed_out(self, opened: Opened) -> None:
        tokens, persistence = sample_tokens(), opened()
        self.put(persistence, tokens, sample_tokens(user="grace"))
        key = self.key.with_tokens(tokens)
        with persistence.lock(key):
            persistence.delete(key)
        with pytest.raises(SignedOut):
            opened().load(key)
        assert opened().load(SessionKey(client_id="client", username="grace")) is not None

    def test_a_sign_in_after_a_deletion_is_a_new_session(self, opened: Opened) -> None:
        persistence, key = opened(), self.key.with_tokens(sample_tokens())
        self.put(persistence, sample_tokens())
        with persistence.lock(key):
            persistence.delete(key)
        again = sample_tokens(signed_in_at=_SIGN_IN + 600, refresh_token="refresh-new")
        assert opened().load(self.key.with_tokens(again)) is None
        self.put(opened(), again)
        assert opened().load(key) == again

    def test_deleting_an_unknown_session_does_nothing(self, opened: Opened) -> None:
        persistence = opened()
        with persistence.lock(self.key):
            persistence.delete(self.key)
        assert opened().load(self.key.with_tokens(sample_tokens())) is None

    # -- the lock -------------------------------------------------------------------

    def test_only_one_holds_the_lock_and_others_get_an_error_at_once(self, opened: Opened) -> None:
        mine, other = opened(), opened()
        with mine.lock(self.key):
            with pytest.raises(LockTimeout), other.lock(self.key):
                pass
            with ThreadPoolExecutor(1) as threads:
                assert threads.submit(self.is_locked, mine).result()
        assert not self.is_locked(other)

    def test_an_error_under_the_lock_releases_it(self, opened: Opened) -> None:
        with pytest.raises(ZeroDivisionError), opened().lock(self.key):
            raise ZeroDivisionError
        assert not self.is_locked(opened())

    def test_no_save_under_the_lock_is_lost(self, opened: Opened) -> None:
        self.put(opened(), sample_tokens())

        def count_up() -> None:
            persistence = opened()
            for _ in range(5):
                self.add_one(persistence)

        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(count_up) for _ in range(4)]:
                done.result()
        found = opened().load(self.key)
        assert found is not None
        assert found.renewals == 20  # noqa: PLR2004 - 4 writers, 5 times

    def test_a_reader_gets_the_old_or_the_new_sessions_never_a_part(self, opened: Opened) -> None:
        sets = [
            sample_tokens(renewals=n, length=n * 500, refresh_token=f"refresh-{n}")
            for n in range(8)
        ]
        self.put(opened(), sets[0])
        ended = threading.Event()

        def read() -> int:
            persistence, reads = opened(), 0
            while not ended.is_set() or not reads:
                assert persistence.load(self.key) in sets
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

    def test_no_token_is_logged_or_in_a_repr(
        self, opened: Opened, caplog: pytest.LogCaptureFixture
    ) -> None:
        tokens = sample_tokens(refresh_token="refresh-secret-0")
        with caplog.at_level(logging.DEBUG):
            persistence = opened()
            self.put(persistence, tokens)
            persistence.load(self.key)
        shown = repr(persistence) + caplog.text
        assert not [t for t in (tokens.access_token, tokens.refresh_token) if t and t in shown]

    # -- helpers -------------------------------------------------------------------

    def is_locked(self, persistence: TokenPersistence) -> bool:
        """Return whether somebody holds the lock."""
        try:
            with persistence.lock(self.key):
                return False
        except LockTimeout:
            return True

    def add_one(self, persistence: TokenPersistence) -> None:
        """Load, change and save under the lock, with attempts for half a minute to get it."""
        deadline = time.monotonic() + _LOCK_SECONDS
        done = False
        while not done:
            assert time.monotonic() < deadline, "the lock was never released"
            with suppress(LockTimeout), persistence.lock(self.key):
                tokens = persistence.load(self.key)
                persistence.save(
                    self.key, sample_tokens(renewals=tokens.renewals + 1 if tokens else 0)
                )
                done = True
            time.sleep(0.002)
