"""The identity of a session: user pool, app client and user."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .exceptions import ConfigurationError

if TYPE_CHECKING:
    from .tokens import Tokens

__all__ = ["SessionKey", "digest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKey:
    """User pool, app client and user of a session, as far as they are known.

    ``None`` means "not known" and matches any value: a program that knows only its app client
    finds the one session that is saved for that app client.

    Attributes:
        user_pool_id: the user pool.
        client_id: the app client.
        username: the name that the user pool itself uses for the user.
        first_token_digest: the SHA-256 digest of the refresh token with which the session began,
            for programs that are configured with nothing but a refresh token; ``None`` without.
        signed_in_at: when the user signed in, in seconds since the epoch, by the issuer's clock.

    Raises:
        ConfigurationError: a name is not a string, or is empty, or has line ends or other
            control characters in it.
    """

    user_pool_id: str | None = None
    client_id: str | None = None
    username: str | None = None
    first_token_digest: str | None = None
    signed_in_at: float | None = None

    def __post_init__(self) -> None:
        for name in ("user_pool_id", "client_id", "username"):
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, str) or not value or not value.isprintable():
                raise ConfigurationError(
                    f"{name} must be None or a str that is not empty and has no line ends or "
                    "other control characters.",
                    setting=name,
                )

    @classmethod
    def of(cls, tokens: Tokens) -> SessionKey:
        """Return the key of the session that tokens belong to, read from their claims."""
        claims = tokens.any_claims
        return cls(
            user_pool_id=tokens.user_pool_id,
            client_id=claims.client_id if claims else None,
            username=tokens.username,
            first_token_digest=digest(tokens.refresh_token),
            signed_in_at=(claims.signed_in_at or claims.issued_at) if claims else None,
        )

    def with_tokens(self, tokens: Tokens | None) -> SessionKey:
        """Return this key completed by what tokens say, which replaces what was assumed before.

        ``first_token_digest`` stays, because renewals change the refresh token but not the
        session; it is replaced when the tokens belong to another user, app client or user pool.
        """
        if tokens is None:
            return self
        found = SessionKey.of(tokens)
        same_session = self.first_token_digest is not None and self.conflict(found) is None
        return replace(
            self,
            user_pool_id=found.user_pool_id or self.user_pool_id,
            client_id=found.client_id or self.client_id,
            username=found.username or self.username,
            first_token_digest=self.first_token_digest
            if same_session
            else found.first_token_digest,
            signed_in_at=found.signed_in_at or self.signed_in_at,
        )

    def conflict(self, other: SessionKey) -> str | None:
        """Return what proves that the keys belong to different identities.

        Returns:
            ``"user pool"``, ``"app client"`` or ``"user"``, the first that differs; ``None``
            where nothing that both keys know differs.
        """
        compared = (
            ("user pool", self.user_pool_id, other.user_pool_id),
            ("app client", self.client_id, other.client_id),
            ("user", self.username, other.username),
        )
        for name, mine, theirs in compared:
            if mine is not None and theirs is not None and mine != theirs:
                return name
        return None

    def fits(self, other: SessionKey) -> bool:
        """Return whether both keys may belong to the same user: nothing known contradicts it."""
        return self.conflict(other) is None

    def __str__(self) -> str:
        named = (
            ("pool", self.user_pool_id),
            ("app client", self.client_id),
            ("user", self.username),
        )
        return ", ".join(f"{name} {value}" for name, value in named if value) or "anybody"


def digest(secret: str | None) -> str | None:
    """Return the SHA-256 digest of a long random secret, in hexadecimal; ``None`` for ``None``.

    It identifies the secret without revealing it.
    """
    return None if secret is None else hashlib.sha256(secret.encode()).hexdigest()
