"""The tokens that a store has at present, what follows from newer ones, and whether they are saved.

Not locked: :class:`~.state.StoreState` calls this with its own lock held.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..clock import Instant, ServerClock, seconds_of
from ..exceptions import AppSyncError, RenewalFailed
from .outcomes import renewed_event
from .snapshot import Snapshot, TokenSettings
from .validity import is_alive

if TYPE_CHECKING:
    from .. import events
    from ..clock import Clock
    from ..session_key import SessionKey
    from ..tokens import Tokens
    from .job import Job
    from .steps import NewerTokens

__all__ = ["CurrentTokens"]


class CurrentTokens:
    """The present tokens of one store.

    Args:
        tokens: the tokens to begin with; ``None`` for none.
        key: whose session it is, as far as is known.
        settings: how tokens are sent, and when they are renewed.
        shared: whether there is a persistence, which others may use too.
        clock: this machine's clocks.
        spread: where in the first half of the window this process renews, 0.0 to 1.0.

    Attributes:
        snapshot: the present tokens for readers, which need no lock.
        key: whose session it is.
        unsaved: the newest tokens, if they are not known to be saved; else ``None``.
        loaded: whether the persistence was read, or there is none.
        closed: whether the store is closed: then the snapshot has no tokens.
    """

    snapshot: Snapshot

    def __init__(
        self,
        tokens: Tokens | None,
        key: SessionKey,
        *,
        settings: TokenSettings,
        shared: bool,
        clock: Clock,
        spread: float,
    ) -> None:
        self.settings = settings
        self.spread = spread
        self.key = key
        self.loaded = not shared and tokens is None
        self.closed = False
        # Given tokens are saved at first use, if there is a persistence.
        self.unsaved = tokens if tokens and tokens.any_claims and shared else None
        self._clock = clock
        self._known_at_close: Tokens | None = None
        self._publisher: Job | None = None
        now = Instant.now(clock)
        server = ServerClock.assumed(now, (tokens and tokens.clock_correction) or 0.0)
        self._use(tokens, server, now, save_at=now if self.unsaved else None)

    # -- newer tokens ---------------------------------------------------------------

    def wanted_by(self, job: Job) -> bool:
        """Return whether the job's tokens are wanted: no sign-in or sign-out since it began.

        A job that has published its own tokens is still wanted after that.
        """
        present = self._known_at_close if self.closed else self.snapshot.tokens
        return job.kind == "sign_in" or present is job.known or self._publisher is job

    def publish(self, job: Job, step: NewerTokens) -> events.Renewed | None:
        """Use newer tokens from now on; return the event that reports them, if there is one."""
        tokens, snapshot = step.tokens, self.snapshot
        claims = tokens.claims(self.settings.use) or tokens.any_claims
        now, server = Instant.now(self._clock), snapshot.server
        if step.just_issued and claims is not None and claims.issued_at is not None:
            server = server.observe_issue(claims.issued_at, step.sent, step.received)
        elif not server.observed and tokens.clock_correction is not None:
            server = ServerClock.assumed(now, tokens.clock_correction)
        self.key = step.key
        self._published(job, None if step.api is None else tokens)
        self._use(tokens, server, now, now if step.just_issued else None)
        if claims is None:
            return None
        took = now.monotonic - job.began
        return renewed_event(claims, reason=job.reason, took=took, api=step.api)

    def publish_refresh_token(self, job: Job, tokens: Tokens) -> None:
        """Use the former tokens with a new refresh token from now on."""
        self._published(job, tokens)
        self._keep_token(tokens=tokens)

    def _published(self, job: Job, unsaved: Tokens | None) -> None:
        self.loaded = True
        self._publisher = job
        self.unsaved = unsaved

    def problem(self) -> AppSyncError | None:
        """Return why the tokens that were just published are of no use; ``None`` if they are."""
        if self.closed:
            return None
        if self.snapshot.headers is None:
            return RenewalFailed(f"The identity provider returned no {self.settings.use} token.")
        if self.snapshot.expired(Instant.now(self._clock)):
            return RenewalFailed(
                "The tokens just received count as expired already. Compare the clocks of this "
                "machine and of the identity provider, and the token's lifetime.",
                kind="clock",
            )
        return None

    # -- saving --------------------------------------------------------------------------

    def saved(self, tokens: Tokens) -> bool:
        """Note that these tokens are saved; return whether they are the present ones."""
        if self.unsaved is tokens:
            self.unsaved = None
        if self.snapshot.tokens is not tokens:
            return False
        self._keep_token()
        return True

    def save_again_in(self, seconds: float) -> None:
        """Note that the present tokens could not be saved, and when to try again."""
        self._keep_token(save_at=Instant.now(self._clock).plus(seconds))

    # -- other changes -------------------------------------------------------------------

    def observe_dates(self, *dates: tuple[str | None, float, float]) -> None:
        """Take ``Date`` headers into account: each with the monotonic seconds around it."""
        before = server = self.snapshot.server
        for text, sent, received in dates:
            second = seconds_of(text)
            if second is not None:
                server = server.observe_date(second, sent, received)
        if server is not before:
            self._use_server(server, Instant.now(self._clock))

    def after_refusal(self, now: Instant) -> Snapshot:
        """Return the snapshot, after AppSync refused this or an older token.

        The ``Date`` of the refusal counts at once if the token has expired by it: the one explains
        the other. So a machine whose clock is behind does not take saved tokens that have expired
        for newer ones.
        """
        snapshot = self.snapshot
        server = snapshot.server.confirmed_date(now.monotonic)
        if server is snapshot.server or snapshot.young(now, self.settings.use):
            return snapshot
        claims = snapshot.tokens.claims(self.settings.use) if snapshot.tokens else None
        if not is_alive(claims, server, now):
            self._use_server(server, now)
        return self.snapshot

    def _use_server(self, server: ServerClock, now: Instant) -> None:
        """Use another estimate of the server's time."""
        snapshot = self.snapshot
        if server.offset == snapshot.server.offset:
            self._keep_token(server=server, save_at=snapshot.save_at)
        else:
            self._use(snapshot.tokens, server, now, snapshot.received, snapshot.save_at)

    def at(self, now: Instant) -> Snapshot:
        """Return the snapshot, after dropping what ``Date`` headers said too long ago."""
        server = self.snapshot.server.without_old_dates(now.monotonic)
        if server is not self.snapshot.server:
            self._use_server(server, now)
        return self.snapshot

    def drop(self) -> None:
        """Have no tokens from now on: the user has signed out."""
        self.loaded = True
        self._publisher = self.unsaved = None
        self._use(None, self.snapshot.server, Instant.now(self._clock))

    def close(self) -> None:
        """Return no tokens from now on; those of a renewal under way are still to be saved."""
        if not self.closed:
            self.closed = True
            self._known_at_close = self.snapshot.tokens
            self._use(None, self.snapshot.server, Instant.now(self._clock))

    def _keep_token(
        self,
        *,
        tokens: Tokens | None = None,
        server: ServerClock | None = None,
        save_at: Instant | None = None,
    ) -> None:
        """Replace the snapshot by one with the same token; ``None`` keeps tokens and server."""
        snapshot = self.snapshot
        self.snapshot = snapshot.with_the_same_token(
            tokens=tokens if tokens is not None and not self.closed else snapshot.tokens,
            server=server or snapshot.server,
            save_at=None if self.closed else save_at,
        )

    def _use(
        self,
        tokens: Tokens | None,
        server: ServerClock,
        now: Instant,
        received: Instant | None = None,
        save_at: Instant | None = None,
    ) -> None:
        self.snapshot = Snapshot.of(
            None if self.closed else tokens,
            self.settings,
            server=server,
            now=now,
            spread=self.spread,
            received=received,
            save_at=None if self.closed else save_at,
        )
