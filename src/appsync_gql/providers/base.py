"""What the token store asks of an identity provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["Grant", "TokenProvider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Tokens that a provider gave.

    Attributes:
        tokens: the whole set: where the provider's answer had no refresh token
            or device key, the one used to ask for it.
        api: the provider's name for the call.
        just_issued: whether the JWTs were made for this very call, so that
            their ``iat`` tells the provider's time.
    """

    tokens: Tokens
    api: str
    just_issued: bool = True


class TokenProvider(Protocol):
    """An identity provider. Plain blocking code: the store calls it on a worker thread.

    Errors tell the store what to do. ``SessionExpired``: the refresh token is
    dead. ``ConfigurationError``: the developer must act, the tokens are kept.
    ``RenewalFailed`` and *any* other exception: transient, the tokens are kept.
    """

    @property
    def session_key(self) -> SessionKey:
        """Whose sessions it renews, as far as it was told: finds them in a persistence."""
        ...

    def refresh(self, tokens: Tokens) -> Grant:
        """Get newer tokens for these, which always have a refresh token."""
        ...

    def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Grant:
        """Get the first tokens of a session.

        Args:
            username: the user.
            password: the user's password.
            flow: the provider's name of the way to sign in; ``None`` for its default.

        Raises:
            SignInFailed: wrong name or password.
            ChallengeRequired: one more step is needed.
        """
        ...

    def revoke(self, tokens: Tokens) -> None:
        """End a session: its refresh token, and where that is possible all that came of it.

        A token that is over already is no error, nor is a provider that can't revoke.
        """
        ...
