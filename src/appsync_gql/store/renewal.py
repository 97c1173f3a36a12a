"""Renewals, step by step: load → lock → load again → compare → refresh → publish → save.

Each is a generator that yields what it found. The worker applies each step
before it takes the next one: so newer tokens are in use before they are saved, and while
the lock is held. This is plain blocking code, run on a worker thread. It has no state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ..clock import Clock, Instant, ServerClock
from ..exceptions import (
    AppSyncError,
    LockTimeout,
    NotSignedIn,
    RenewalFailed,
    SessionExpired,
    SignedOut,
    StorageCorrupt,
    StorageFailed,
)
from .saved_sessions import LOCKED, SavedSessions
from .steps import (
    Done,
    LoadFailed,
    NewerTokens,
    NewRefreshToken,
    Saved,
    SaveFailed,
    Step,
    WaitingFor,
)
from .validity import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from ..secret import Secret
    from ..session_key import SessionKey
    from ..tokens import Tokens, TokenUse
    from .provider_calls import ProviderCalls

__all__ = ["Renewal"]

_SHORT = 2.0
"""Seconds to wait for the lock where going on without it does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How one session is renewed, saved and ended; every method blocks while it is iterated over.

    Attributes:
        provider: called only if no newer tokens are saved.
        saved: where others may have saved them.
        use: which of the JWTs must be alive for tokens to be of use.
        clock: this machine's clocks.
    """

    provider: ProviderCalls
    saved: SavedSessions
    use: TokenUse
    clock: Clock

    def renew(
        self, known: Tokens | None, key: SessionKey, server: ServerClock
    ) -> Generator[Step, None, None]:
        """Obtain newer tokens than the known ones, and save them.

        Args:
            known: the tokens that are no longer good enough; ``None`` if there are none.
            key: whose they are.
            server: what is known of the server's time.

        Raises:
            AppSyncError: there are no newer tokens now.
        """
        alone = known is not None and known.rotates is False
        delays = self.saved.delays(_SHORT if alone else None)
        try:
            yield from self._renew_with_lock(known, key, server, delays)
        except StorageFailed as error:
            if not alone or known is None:
                raise
            # Refresh tokens do not rotate, so a refresh without the lock does no harm.
            yield LoadFailed(error=error)
            yield WaitingFor(what="provider")
            newer = self.provider.refresh(known, key)
            yield newer
            yield SaveFailed(tokens=newer.tokens, error=error)
            _check_usable(newer)

    def save_unsaved(self, tokens: Tokens, key: SessionKey) -> Generator[Step, None, None]:
        """Save tokens, unless newer ones are saved: then yield those.

        Raises:
            SignedOut: the session was signed out meanwhile.
        """
        yield WaitingFor(what="persistence")
        try:
            with self.saved.lock(key, _SHORT):
                stored, corrupt = self.saved.load_or_error(key, tokens)
                if corrupt is not None:
                    yield LoadFailed(error=corrupt)
                if stored is not None and stored.newer_than(tokens):
                    yield self._found(stored, key)
                else:
                    yield Saved(tokens=tokens) if stored == tokens else self._save(key, tokens)
        except SignedOut:
            raise
        except AppSyncError as error:
            yield SaveFailed(tokens=tokens, error=error)

    def save_at_close(self, tokens: Tokens, key: SessionKey) -> Generator[Step, None, None]:
        """Save tokens for the last time.

        Raises:
            StorageFailed, ConfigurationError: they are not saved.
        """
        for step in self.save_unsaved(tokens, key):
            yield step
            if isinstance(step, SaveFailed):
                raise self.saved.unsaved_error("The store is closed", step.error) from step.error

    def sign_in(
        self,
        username: str,
        password: Secret | None,
        flow: str | None,
        before: SessionKey,
        former: Tokens | None = None,
    ) -> Generator[Step, None, None]:
        """Sign in, and save the new session; it replaces what is saved for its user.

        Args:
            username: the user.
            password: the user's password; ``None`` for ways to sign in without one.
            flow: the provider's name of the way to sign in; ``None`` for its default.
            before: the key of the store's former session.
            former: its tokens, whose remembered device signs in again; ``None``: the saved ones.

        Raises:
            StorageFailed, ConfigurationError: the user is signed in, and the tokens are not saved.
            AppSyncError: the provider did not sign the user in.
        """
        if former is None:
            yield WaitingFor(what="persistence")
            former = self.saved.load_if_possible(before)
        call = partial(self.provider.sign_in, username, password, flow, before, former)
        yield from self.first_tokens(call)

    def first_tokens(self, call: Callable[[], NewerTokens]) -> Generator[Step, None, None]:
        """Obtain the first tokens of a session, and save it; errors as ``sign_in``."""
        yield WaitingFor(what="provider")
        yield from self._begin_session(call())

    def use_tokens(self, tokens: Tokens, before: SessionKey) -> Generator[Step, None, None]:
        """Use and save a session that began elsewhere; errors as ``sign_in``."""
        newer = self.provider.given(tokens, before)
        if tokens.any_claims is None:
            yield newer  # the first renewal shows whose it is, and saves it
        else:
            yield from self._begin_session(newer)

    def _begin_session(self, newer: NewerTokens) -> Generator[Step, None, None]:
        yield newer
        yield WaitingFor(what="persistence")
        try:
            with self.saved.lock(newer.key):
                outcome = self._save(newer.key, newer.tokens)
        except AppSyncError as error:
            outcome = SaveFailed(tokens=newer.tokens, error=error)
        yield outcome
        if isinstance(outcome, SaveFailed):
            cause = outcome.error
            raise self.saved.unsaved_error("The user is signed in", cause) from cause

    def sign_out(self, known: Tokens | None, key: SessionKey) -> Generator[Step, None, None]:
        """Revoke the session and delete it in the persistence.

        Raises:
            AppSyncError: it could not be done, and nothing is changed.
        """
        yield WaitingFor(what="persistence")
        with self.saved.lock(key):
            try:
                stored, _ = self.saved.load_or_error(key, known)
            except SignedOut:
                return
            newest = stored if stored is not None and stored.newer_than(known) else known
            if newest is not None:
                yield WaitingFor(what="provider")
                self.provider.revoke(newest)
            yield WaitingFor(what="persistence")
            self.saved.delete(key.with_tokens(newest))

    # -- with the lock ---------------------------------------------------------------

    def _renew_with_lock(
        self,
        known: Tokens | None,
        key: SessionKey,
        server: ServerClock,
        delays: Iterator[float],
    ) -> Generator[Step, None, None]:
        for wait in delays:
            yield WaitingFor(what="persistence")
            found = self._saved_by_others(known, key, server)
            if found is not None:
                yield found
                return
            lock = self.saved.try_lock(key)
            if lock is not None:
                with lock:
                    yield from self._renew_locked(known, key, server)
                return
            yield WaitingFor(what="lock")
            self.saved.sleep(wait)
        raise LockTimeout(LOCKED)

    def _renew_locked(
        self, known: Tokens | None, key: SessionKey, server: ServerClock
    ) -> Generator[Step, None, None]:
        newer = yield from self._newer_tokens(known, key, server)
        yield newer
        if isinstance(newer, NewRefreshToken) or newer.api is not None:
            yield WaitingFor(what="persistence")
            yield self._save(key, newer.tokens)
            _check_usable(newer)
        yield Done()

    def _newer_tokens(
        self, known: Tokens | None, key: SessionKey, server: ServerClock
    ) -> Generator[Step, None, NewerTokens | NewRefreshToken]:
        stored, corrupt = self.saved.load_or_error(key, known)
        if corrupt is not None:
            yield LoadFailed(error=corrupt)
        best = known
        if stored is not None and stored.newer_than(known):
            if self._is_alive(stored, server):
                return self._found(stored, key)
            best = stored
        if best is None:
            raise NotSignedIn(
                f"No user is signed in ({key}): call sign_in(), or pass tokens= to the store."
            )
        yield WaitingFor(what="provider")
        try:
            return self.provider.refresh(best, key)
        except SessionExpired:
            # A process that does not use the lock may have used the refresh token.
            again, _ = self.saved.load_or_error(key, known)
            if again is None or again.refresh_token in {best.refresh_token, None}:
                raise
            if self._is_alive(again, server):
                return self._found(again, key)
            return self.provider.refresh(again, key)

    # -- the persistence ----------------------------------------------------------------

    def _save(self, key: SessionKey, tokens: Tokens) -> Saved | SaveFailed:
        error = self.saved.save(key, tokens)
        return Saved(tokens=tokens) if error is None else SaveFailed(tokens=tokens, error=error)

    def _saved_by_others(
        self, known: Tokens | None, key: SessionKey, server: ServerClock
    ) -> NewerTokens | None:
        """Return newer tokens that another process has saved already; the lock is not needed."""
        try:
            stored = self.saved.load(key)
        except StorageCorrupt:
            return None  # it is reported, and replaced, with the lock
        if stored is not None and stored.newer_than(known) and self._is_alive(stored, server):
            return self._found(stored, key)
        return None

    def _is_alive(self, tokens: Tokens, server: ServerClock) -> bool:
        return is_alive(tokens.claims(self.use), server, Instant.now(self.clock))

    def _found(self, tokens: Tokens, key: SessionKey) -> NewerTokens:
        now = self.clock.monotonic()
        return NewerTokens(
            tokens=tokens,
            key=key.with_tokens(tokens),
            api=None,
            just_issued=False,
            sent=now,
            received=now,
        )


def _check_usable(newer: NewerTokens | NewRefreshToken) -> None:
    if isinstance(newer, NewRefreshToken):
        raise RenewalFailed(
            "The identity provider responded without a usable access or ID token. Its new refresh "
            "token is kept, and the next attempt uses it."
        )
