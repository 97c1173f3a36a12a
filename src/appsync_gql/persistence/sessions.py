"""What is kept in one place: the sessions of one or several users, as one value. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from ..exceptions import AppSyncError, ConfigurationError, SignedOut
from ..session_key import SessionKey, digest
from ..tokens import Tokens

__all__ = ["Document", "NewerFormat", "Record", "Unreadable"]

_FORMAT, _VERSION = "appsync-gql sessions", 1
_SEEDS = 8
"""How many beginnings of one session are remembered: programs come with tokens of their own."""


class Unreadable(ValueError):
    """These bytes are not a document; the text says why, and quotes none of them."""


class NewerFormat(ValueError):
    """A later version of this package wrote this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One user's session.

    Attributes:
        key: whose; its ``first_token_digest`` is not used.
        tokens: ``None`` after a sign-out: what is left tells others of it.
        seeds: digests of refresh tokens by which the session is known again.
    """

    key: SessionKey
    tokens: Tokens | None
    seeds: tuple[str, ...] = ()

    def known_by(self, key: SessionKey) -> bool:
        """Tell whether this is the session that the key tells of."""
        if not self.key.fits(key):
            return False
        if self.key.username is not None and key.username is not None:
            return True
        # Where one of the users is not known, the refresh token it began with tells; who
        # knows neither user nor token takes the one session that there is.
        return key.first_token_digest in self.seeds or (
            key.username is None and key.first_token_digest is None
        )

    def ended_after(self, key: SessionKey) -> bool:
        """Tell whether the key's own session is the one that was signed out."""
        mine, asked = self.key.signed_in_at, key.signed_in_at
        if mine is not None and asked is not None:
            return asked <= mine
        return key.first_token_digest is None or key.first_token_digest in self.seeds


@dataclass(frozen=True, slots=True)
class Document:
    """All sessions of one place."""

    records: tuple[Record, ...] = ()

    def find(self, key: SessionKey) -> Tokens | None:
        """Return the tokens kept for a key; ``None`` if there are none.

        Raises:
            SignedOut: the session was signed out.
            ConfigurationError: several users' sessions fit.
        """
        matching = [r for r in self.records if r.known_by(key)]
        alive = [r for r in matching if r.tokens is not None]
        if len(alive) > 1:
            users = " and ".join(sorted(str(r.key.username) for r in alive))
            raise ConfigurationError(
                f"The sessions of several users are kept here: {users}. Say which is meant: "
                "CognitoProvider(username=…).",
                setting="username",
            )
        if alive:
            return alive[0].tokens
        if any(r.ended_after(key) for r in matching):
            raise SignedOut("The session was signed out. Sign in again.")
        return None

    def with_tokens(self, key: SessionKey, tokens: Tokens) -> Document:
        """Give a document in which these are the key's tokens."""
        whole = key.with_tokens(tokens)
        seeds = tuple(s for s in (key.first_token_digest, digest(tokens.refresh_token)) if s)
        asked = replace(
            whole,
            first_token_digest=key.first_token_digest or digest(tokens.refresh_token) or "",
        )
        before = [r for r in self.records if r.known_by(asked)]
        old = [s for r in before if r.key.signed_in_at == whole.signed_in_at for s in r.seeds]
        # The first stays: it is what programs are configured with. Of the others, the last ones.
        kept = tuple(dict.fromkeys((*old, *seeds)))
        kept = kept[:1] + kept[1:][-(_SEEDS - 1) :]
        record = Record(key=replace(whole, first_token_digest=None), tokens=tokens, seeds=kept)
        return Document((*(r for r in self.records if r not in before), record))

    def without(self, key: SessionKey) -> Document:
        """Give a document in which the key's session is signed out."""
        ended = [r for r in self.records if r.known_by(key)]
        notes = tuple(replace(r, tokens=None) for r in ended)
        if not ended and (key.username or key.first_token_digest):
            seeds = (key.first_token_digest,) if key.first_token_digest else ()
            notes = (Record(key=replace(key, first_token_digest=None), tokens=None, seeds=seeds),)
        return Document((*(r for r in self.records if r not in ended), *notes))

    def expires_at(self, refresh_token_validity: float, now: float) -> float:
        """Seconds since the epoch from which nothing in here is of use any more.

        A rotated refresh token lives only as long as the first one of its line
        (https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html),
        so the time of the sign-in counts.
        """
        starts = [r.key.signed_in_at for r in self.records]
        return max((now if s is None else s for s in starts), default=now) + refresh_token_validity

    def dumps(self) -> bytes:
        """Write it as JSON."""
        sessions = [_written(record) for record in self.records]
        return json.dumps({"format": _FORMAT, "version": _VERSION, "sessions": sessions}).encode()

    @classmethod
    def loads(cls, raw: bytes | None) -> Document:
        """Read what :meth:`dumps` wrote, or one OAuth 2 token response (RFC 6749, 5.1).

        Raises:
            Unreadable: it is neither.
            NewerFormat: a later version of this package wrote it.
        """
        if raw is None:
            return cls()
        try:
            found = json.loads(raw)
        except ValueError:
            raise Unreadable("it is not JSON") from None
        if not isinstance(found, dict):
            raise Unreadable("it is not a JSON object")
        if "format" not in found:
            return cls((_plain(found),))
        if found["format"] != _FORMAT:
            raise Unreadable(f"its format is not {_FORMAT!r}")
        if found.get("version") != _VERSION:
            raise NewerFormat(f"version {found.get('version')!r} of the format")
        try:
            return cls(tuple(_read(session) for session in found["sessions"]))
        except (AppSyncError, AttributeError, KeyError, TypeError) as error:
            raise Unreadable(f"a session in it is not whole ({type(error).__name__})") from None


_TOKEN_FIELDS = (
    "access_token",
    "id_token",
    "refresh_token",
    "device_key",
    "clock_correction",
    "rotates",
    "renewals",
)
_KEY_FIELDS = ("user_pool_id", "client_id", "username", "signed_in_at")


def _written(record: Record) -> dict[str, Any]:
    key = {name: getattr(record.key, name) for name in _KEY_FIELDS}
    if record.tokens is None:
        return {**key, "seeds": record.seeds, "signed_out": True}
    tokens = {name: getattr(record.tokens, name) for name in _TOKEN_FIELDS}
    return {**key, "seeds": record.seeds, **tokens}


def _read(found: dict[str, Any]) -> Record:
    key = SessionKey(**{name: found.get(name) for name in _KEY_FIELDS})
    seeds = tuple(str(seed) for seed in found["seeds"])
    if found.get("signed_out"):
        return Record(key=key, tokens=None, seeds=seeds)
    tokens = Tokens(**{name: found[name] for name in _TOKEN_FIELDS if name in found})
    if not key.fits(SessionKey.of(tokens)):
        raise Unreadable("the tokens in it are of another session than it says")
    return Record(key=key, tokens=tokens, seeds=seeds)


def _plain(found: dict[str, Any]) -> Record:
    """Read a session that a program of the user's own may have kept before."""
    given = {n: found[n] for n in ("access_token", "id_token", "refresh_token") if found.get(n)}
    try:
        tokens = Tokens(**given)
    except AppSyncError:
        raise Unreadable("it has neither sessions nor tokens in it") from None
    key = SessionKey.of(tokens)
    seeds = (key.first_token_digest,) if key.first_token_digest else ()
    return Record(key=replace(key, first_token_digest=None), tokens=tokens, seeds=seeds)
