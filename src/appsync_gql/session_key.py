"""Whose session it is that is kept somewhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tokens import Tokens

__all__ = ["SessionKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKey:
    """User pool, app client and user of a session, as far as they are known.

    What is ``None`` is not known, and fits anything: a program that knows no
    more than its app client finds the one session that is kept for it.

    Attributes:
        user_pool_id: the user pool.
        client_id: the app client.
        username: the pool's own name of the user.
        seed: a digest of the refresh token that the session began with, for
            programs that are given nothing else; ``None`` without.
        signed_in_at: when the user signed in, in the issuer's seconds since the epoch.
    """

    user_pool_id: str | None = None
    client_id: str | None = None
    username: str | None = None
    seed: str | None = None
    signed_in_at: float | None = None

    @classmethod
    def of(cls, tokens: Tokens) -> SessionKey:
        """Read from tokens whose they are."""
        claims = tokens.any_claims
        return cls(
            user_pool_id=tokens.user_pool_id,
            client_id=claims.client_id if claims else None,
            username=tokens.username,
            seed=digest(tokens.refresh_token),
            signed_in_at=(claims.signed_in_at or claims.issued_at) if claims else None,
        )

    def with_tokens(self, tokens: Tokens | None) -> SessionKey:
        """Add what tokens tell, which counts more than what was expected."""
        if tokens is None:
            return self
        told = SessionKey.of(tokens)
        return replace(
            self,
            user_pool_id=told.user_pool_id or self.user_pool_id,
            client_id=told.client_id or self.client_id,
            username=told.username or self.username,
            seed=told.seed if self.seed is None else self.seed,
            signed_in_at=told.signed_in_at or self.signed_in_at,
        )

    def fits(self, other: SessionKey) -> bool:
        """Tell whether both may be the same user's sessions: nothing known contradicts."""
        mine = (self.user_pool_id, self.client_id, self.username)
        others = (other.user_pool_id, other.client_id, other.username)
        return all(a is None or b is None or a == b for a, b in zip(mine, others, strict=True))

    def __str__(self) -> str:
        named = (
            ("pool", self.user_pool_id),
            ("app client", self.client_id),
            ("user", self.username),
        )
        return ", ".join(f"{name} {value}" for name, value in named if value) or "anybody"


def digest(secret: str | None) -> str | None:
    """Give something by which a long random secret is known again, but not found out."""
    return None if secret is None else hashlib.sha256(secret.encode()).hexdigest()
