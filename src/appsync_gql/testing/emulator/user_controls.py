"""The part of :class:`Emulator` that changes users, tokens and the server's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .arguments import strings
from .sign_in import User

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ...tokens import Tokens
    from .server_clock import ServerClock
    from .user_pool import UserPool

__all__ = ["UserControls"]


class UserControls:
    """Methods for tests. All of them work without a socket and from any thread."""

    _clock: ServerClock
    _pool: UserPool

    def now(self) -> float:
        """Return the server's time, seconds since the epoch."""
        return self._clock.now()

    def shift_clock(self, seconds: float) -> None:
        """Set the server's clock ahead by so many seconds; tokens expire accordingly.

        A negative number sets it back.
        """
        self._clock.shift(seconds)

    def add_user(
        self,
        username: str,
        password: str = "correct horse",
        *,
        groups: Collection[str] = (),
        attributes: Mapping[str, str] | None = None,
        mfa_code: str | None = None,
        temporary_password: bool = False,
    ) -> None:
        """Add a user, or replace one.

        Args:
            username: the pool's name of the user.
            password: for signing in.
            groups: ``cognito:groups``.
            attributes: claims of the ID token; ``None`` for an ``email`` at example.com.
            mfa_code: the right response to ``SOFTWARE_TOKEN_MFA``; ``None`` for no such challenge.
            temporary_password: whether sign-in ends in ``NEW_PASSWORD_REQUIRED``.
        """
        default = {"email": f"{username}@example.com"}
        claims = default if attributes is None else dict(attributes)
        self._pool.add_user(
            User(
                username, password, strings(groups, "groups"), mfa_code, temporary_password, claims
            )
        )

    def set_groups(self, username: str, groups: Collection[str]) -> None:
        """Change a user's groups; tokens issued from now on contain them."""
        self._pool.user(username).groups = strings(groups, "groups")

    def disable_user(self, username: str) -> None:
        """Let sign-in and refresh fail for a user; JWTs are accepted until they expire."""
        self._pool.user(username).disabled = True

    def enable_user(self, username: str) -> None:
        """Undo :meth:`disable_user`."""
        self._pool.user(username).disabled = False

    def sign_out(self, username: str) -> None:
        """Revoke all refresh tokens of a user; JWTs are accepted until they expire."""
        self._pool.sign_out(username)

    def issue_tokens(
        self, username: str = "ada", *, lifetime: int | None = None, issued_ago: float = 0.0
    ) -> Tokens:
        """Sign a user in.

        Args:
            username: the user.
            lifetime: seconds that the JWTs live; ``None`` for ``token_lifetime``.
            issued_ago: seconds by which the JWTs are older than now.
        """
        return self._pool.tokens(username, lifetime, issued_ago)

    def forge_token(self, username: str = "ada") -> str:
        """Return an access token whose claims are right, signed with another key."""
        return self._pool.forged_token(username)
