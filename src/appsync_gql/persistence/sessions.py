"""The saved sessions of one or several users, as one immutable value. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError, SignedOut
from ..session_key import SessionKey, digest

if TYPE_CHECKING:
    from ..tokens import Tokens

__all__ = ["DEFAULT_VALIDITY", "SavedSession", "SavedSessions"]

_DAY = 86_400.0

DEFAULT_VALIDITY = 30 * _DAY
"""Seconds: Cognito's default for refresh tokens."""

_MOST_DIGESTS = 8
"""How many refresh tokens of one session are recognised."""

_SIGN_OUT_KEPT = 7 * _DAY
"""Seconds for which a sign-out is recorded. An access token lives for a day at most, so within
these every other process has tried to renew the session and got the error that it was revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSession:
    """One user's session.

    Attributes:
        key: whose session it is; ``key.first_token_digest`` is not used.
        tokens: ``None`` after a sign-out, which is recorded for other processes.
        refresh_token_digests: digests of refresh tokens that the session had, by which
            a program that knows nothing but a refresh token finds it.
        signed_out_at: seconds since the epoch; ``None`` before a sign-out.
    """

    key: SessionKey
    tokens: Tokens | None
    refresh_token_digests: tuple[str, ...] = ()
    signed_out_at: float | None = None

    def matches(self, key: SessionKey) -> bool:
        """Return whether this may be the session that is searched for."""
        if not self.key.fits(key):
            return False
        if self.key.username is not None and key.username is not None:
            return True
        # With one of the two users unknown, the refresh token decides. A search that names
        # neither user nor refresh token matches every session of the app client.
        return key.first_token_digest in self.refresh_token_digests or (
            key.username is None and key.first_token_digest is None
        )

    def was_signed_out(self, key: SessionKey) -> bool:
        """Return whether the recorded sign-out ended the session that is searched for.

        A session of a later sign-in is not affected by it.
        """
        saved, searched = self.key.signed_in_at, key.signed_in_at
        if saved is not None and searched is not None:
            return searched <= saved
        return (
            key.first_token_digest is None or key.first_token_digest in self.refresh_token_digests
        )

    @property
    def issued_at(self) -> float | None:
        """When the tokens were issued, in the issuer's seconds since the epoch; or ``None``."""
        claims = self.tokens.any_claims if self.tokens else None
        return claims.issued_at if claims else None

    def ends_at(self, refresh_token_validity: float) -> float | None:
        """Return the time from which this can't be used any more; ``None`` if it is unknown."""
        if self.signed_out_at is not None:
            return self.signed_out_at + _SIGN_OUT_KEPT
        # A renewal proves that the session was alive, even if it is older than the validity.
        known = [at for at in (self.key.signed_in_at, self.issued_at) if at is not None]
        return max(known) + refresh_token_validity if known else None


@dataclass(frozen=True, slots=True)
class SavedSessions:
    """All sessions that are stored together."""

    sessions: tuple[SavedSession, ...] = ()

    def find(self, key: SessionKey) -> Tokens | None:
        """Return the saved tokens of a session; ``None`` if there are none.

        Raises:
            SignedOut: the session was signed out.
            ConfigurationError: the sessions of several users match.
        """
        matching = [s for s in self.sessions if s.matches(key)]
        alive = [s for s in matching if s.tokens is not None]
        if len(alive) > 1:
            users = " and ".join(sorted(str(s.key.username) for s in alive))
            raise ConfigurationError(
                f"The sessions of several users are saved here: {users}. Name the user: "
                "CognitoProvider(username=…).",
                setting="username",
            )
        if alive:
            return alive[0].tokens
        if any(s.was_signed_out(key) for s in matching):
            raise SignedOut("The session was signed out. Sign in again.")
        return None

    def with_tokens(self, key: SessionKey, tokens: Tokens) -> SavedSessions:
        """Return the sessions with these tokens in place of the key's earlier ones."""
        full_key = key.with_tokens(tokens)
        search = replace(
            full_key,
            first_token_digest=key.first_token_digest or digest(tokens.refresh_token) or "",
        )
        replaced = [s for s in self.sessions if s.matches(search)]
        session = SavedSession(
            key=replace(full_key, first_token_digest=None),
            tokens=tokens,
            refresh_token_digests=_digests(full_key, key.first_token_digest, tokens, replaced),
        )
        return SavedSessions((*(s for s in self.sessions if s not in replaced), session))

    def signed_out(self, key: SessionKey, now: float) -> SavedSessions:
        """Return the sessions with the key's one signed out.

        Args:
            key: the session.
            now: seconds since the epoch.
        """
        ended = [s for s in self.sessions if s.matches(key)]
        records = tuple(replace(s, tokens=None, signed_out_at=now) for s in ended)
        if not ended and (key.username or key.first_token_digest):
            digests = (key.first_token_digest,) if key.first_token_digest else ()
            unsaved = SavedSession(
                key=replace(key, first_token_digest=None),
                tokens=None,
                refresh_token_digests=digests,
                signed_out_at=now,
            )
            records = (unsaved,)
        return SavedSessions((*(s for s in self.sessions if s not in ended), *records))

    def without_ended(self, refresh_token_validity: float, now: float) -> SavedSessions:
        """Return the sessions without those that can't be used any more.

        This machine's clock alone does not decide: a time counts as past
        when the newest token was issued after it as well.

        Args:
            refresh_token_validity: seconds from the sign-in.
            now: seconds since the epoch.
        """
        issued = [s.issued_at for s in self.sessions if s.issued_at is not None]
        if not issued:
            return self
        certain = min(now, max(issued))
        ends = [(s, s.ends_at(refresh_token_validity)) for s in self.sessions]
        return SavedSessions(tuple(s for s, end in ends if end is None or end > certain))

    def seconds_to_keep(self, refresh_token_validity: float, now: float) -> float:
        """Return for how many seconds from now a database should keep these sessions.

        Cognito's refresh tokens end ``refresh_token_validity`` seconds after the sign-in,
        also rotated ones
        (https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html).
        But what is saved now is alive, so it is kept for at least half of that, however long
        ago the sign-in was: the app client's validity may be longer than what is set here.
        """
        starts = [s.key.signed_in_at for s in self.sessions]
        left = [at + refresh_token_validity - now for at in starts if at is not None]
        unknown = [refresh_token_validity] if None in starts else []
        return max(*left, *unknown, refresh_token_validity / 2, 0.0)


def _digests(
    key: SessionKey, searched: str | None, tokens: Tokens, replaced: list[SavedSession]
) -> tuple[str, ...]:
    """Return the digests of the first refresh token of a session and of the latest ones."""
    earlier = [
        found
        for session in replaced
        if session.key.signed_in_at == key.signed_in_at
        for found in session.refresh_token_digests
    ]
    new = [found for found in (searched, digest(tokens.refresh_token)) if found]
    # The first one stays: programs are configured with it.
    all_of_them = tuple(dict.fromkeys((*earlier, *new)))
    return all_of_them[:1] + all_of_them[1:][-(_MOST_DIGESTS - 1) :]
