"""The part of :class:`Emulator` that changes users, tokens and the server's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .arguments import strings
from .users import SENT_CODE, User

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
        mfa: Collection[str] = ("SOFTWARE_TOKEN_MFA",),
        set_up_mfa: bool | Collection[str] = False,
        totp_secret: str | None = None,
        sent_code: str = SENT_CODE,
        custom_answers: Collection[str] = (),
        temporary_password: bool = False,
        required_attributes: Collection[str] = (),
    ) -> None:
        """Add a user, or replace one.

        Args:
            username: the pool's name of the user.
            password: for signing in.
            groups: ``cognito:groups``.
            attributes: claims of the ID token; ``None`` for an ``email`` at example.com. With
                ``USER_AUTH``, a user who has ``email`` or ``phone_number`` may sign in with
                a code.
            mfa_code: the right code of the second factor; ``None`` for no such challenge.
            mfa: the second factors: ``SOFTWARE_TOKEN_MFA``, ``SMS_MFA``, ``EMAIL_OTP``. Of
                several, the user chooses one (``SELECT_MFA_TYPE``).
            set_up_mfa: whether sign-in ends in ``MFA_SETUP`` of an authenticator application;
                or what can be set up: ``SOFTWARE_TOKEN_MFA``, ``EMAIL_OTP``, ``SMS_MFA``.
            totp_secret: of an authenticator application, in Base32: its codes are right in
                place of ``mfa_code``. ``None`` without.
            sent_code: the right code to sign in without a password, to confirm a new user, and
                to reset a password.
            custom_answers: the right answers to ``CUSTOM_CHALLENGE``, one after the other.
            temporary_password: whether sign-in ends in ``NEW_PASSWORD_REQUIRED``.
            required_attributes: those that must be given with the new password.
        """
        default = {"email": f"{username}@example.com"}
        totp: Collection[str] = ("SOFTWARE_TOKEN_MFA",) if set_up_mfa else ()
        set_ups = totp if isinstance(set_up_mfa, bool) else set_up_mfa
        user = User(
            username,
            password,
            groups=strings(groups, "groups"),
            mfa_code=mfa_code,
            must_change_password=temporary_password,
            attributes=default if attributes is None else dict(attributes),
            mfa=strings(mfa, "mfa"),
            must_set_up_mfa=strings(set_ups, "set_up_mfa"),
            totp_secret=totp_secret,
            sent_code=sent_code,
            custom_answers=strings(custom_answers, "custom_answers"),
            required_attributes=strings(required_attributes, "required_attributes"),
        )
        self._pool.add_user(user)

    def set_groups(self, username: str, groups: Collection[str]) -> None:
        """Change a user's groups; tokens issued from now on contain them."""
        self._pool.user(username).groups = strings(groups, "groups")

    def disable_user(self, username: str) -> None:
        """Let sign-in and refresh fail for a user; JWTs are accepted until they expire."""
        self._pool.user(username).disabled = True

    def enable_user(self, username: str) -> None:
        """Undo :meth:`disable_user`."""
        self._pool.user(username).disabled = False

    def forget_devices(self, username: str) -> None:
        """Forget all remembered devices of a user."""
        self._pool.user(username).devices.clear()

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
