"""What the token store requires of an identity provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..challenges import Answer, ChallengeRequired
    from ..session_key import SessionKey
    from ..tokens import Tokens

__all__ = ["Grant", "SignInSteps", "TokenProvider", "UserAccounts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Tokens that a provider issued.

    Attributes:
        tokens: the whole set. Where the provider's response had no refresh token or device key,
            the one that the request was made with. A set without any JWT is the result of a
            refresh that changed the refresh token but whose JWTs can't be used: the store keeps
            and saves the new refresh token, and treats the attempt as failed.
        api: the provider's name of the call.
        just_issued: whether the JWTs were made for this very call, so that their ``iat`` is the
            provider's present time.
    """

    tokens: Tokens
    api: str
    just_issued: bool = True


class TokenProvider(Protocol):
    """An identity provider. Plain blocking code: the store calls it on a worker thread.

    The store decides by the class of an error. ``SessionExpired``: the refresh token can't be
    used any more. ``ConfigurationError``: the developer must act; the tokens are kept.
    ``RenewalFailed`` and *any* other exception: transient; the tokens are kept.
    """

    @property
    def session_key(self) -> SessionKey:
        """The sessions that it renews, as far as configured; for finding them in a persistence."""
        ...

    def refresh(self, tokens: Tokens) -> Grant:
        """Return newer tokens than these, which always have a refresh token."""
        ...

    def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Grant:
        """Return the first tokens of a session.

        Args:
            username: the user.
            password: the user's password.
            flow: the provider's name of the way to sign in; ``None`` for its default.

        Raises:
            SignInFailed: wrong name or password, or the account is locked or disabled.
            ChallengeRequired: one more step is needed.
        """
        ...

    def revoke(self, tokens: Tokens) -> None:
        """End a session: its refresh token and, where possible, the JWTs issued from it.

        A session that has ended already is no error, nor is a provider that can't revoke.
        """
        ...


class SignInSteps(Protocol):
    """What a provider whose ``sign_in`` raises ``ChallengeRequired`` has in addition.

    Its ``sign_in`` may also take ``password=None``, for ways to sign in without one, and
    ``before=``, the user's former tokens: the store passes these only if they have a
    ``device_password``.
    """

    def answer(self, challenge: ChallengeRequired, answer: Answer) -> Grant:
        """Go on with a sign-in.

        Raises:
            ChallengeRequired: another step is needed.
            WrongAnswer: the same challenge can be answered again.
            ChallengeExpired: the user starts to sign in again.
        """
        ...


class UserAccounts(Protocol):
    """What a provider has in addition if users can act on their accounts through the store."""

    def sign_up(
        self, username: str, password: str, attributes: Mapping[str, str] | None = None
    ) -> str | None:
        """Create a user.

        Returns:
            Where a code for ``confirm_sign_up`` was sent; ``None`` if none is needed.

        Raises:
            AccountFailed: by this and all other methods: the user must act; the message says how.
        """
        ...

    def confirm_sign_up(self, username: str, code: str) -> None:
        """Confirm a new user with the code that was sent."""
        ...

    def forgot_password(self, username: str) -> str | None:
        """Send a code for ``confirm_forgot_password``; return where it was sent, if known."""
        ...

    def confirm_forgot_password(self, username: str, code: str, new_password: str) -> None:
        """Set a new password with the code that was sent."""
        ...

    def change_password(self, tokens: Tokens, old: str, new: str) -> None:
        """Replace the password of the user whose tokens these are."""
        ...
