"""The users of the emulated pool, with all that a sign-in may ask of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SENT_CODE", "RememberedDevice", "User"]

SENT_CODE = "123456"
"""What every code is that Cognito would send, unless a user has another one."""


@dataclass(slots=True, kw_only=True)
class RememberedDevice:
    """A device of a user.

    Attributes:
        group_key: Cognito's name of its group.
        verifier: proves the device's password; ``None`` until it is confirmed.
        salt: of the verifier.
    """

    group_key: str
    verifier: int | None = field(default=None, repr=False)
    salt: int = field(default=0, repr=False)


@dataclass(slots=True)
class User:
    """One user of the pool.

    Attributes:
        username: the pool's name of the user.
        password: the right one.
        groups: ``cognito:groups``.
        mfa_code: the right code of a second factor; ``None`` for no such challenge, unless
            ``totp_secret`` is set.
        must_change_password: whether sign-in ends in ``NEW_PASSWORD_REQUIRED``.
        attributes: claims of the ID token.
        disabled: whether sign-in and refresh fail.
        sub: the claim of that name.
        mfa: the second factors: one is asked for, of several one is chosen.
        must_set_up_mfa: what can be set up in ``MFA_SETUP``; empty for no such challenge.
        totp_secret: of an authenticator application, in Base32; ``None`` without one.
        sent_code: the right code wherever Cognito sends one.
        custom_answers: the right answers to ``CUSTOM_CHALLENGE``, one after the other.
        required_attributes: must be given with a new password.
        confirmed: whether a user who signed up has confirmed that.
        devices: by their keys.
    """

    username: str
    password: str = field(repr=False)
    groups: tuple[str, ...] = ()
    mfa_code: str | None = field(default=None, repr=False)
    must_change_password: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    disabled: bool = False
    sub: str = field(default_factory=lambda: str(uuid.uuid4()))
    mfa: tuple[str, ...] = ("SOFTWARE_TOKEN_MFA",)
    must_set_up_mfa: tuple[str, ...] = ()
    totp_secret: str | None = field(default=None, repr=False)
    sent_code: str = field(default=SENT_CODE, repr=False)
    custom_answers: tuple[str, ...] = field(default=(), repr=False)
    required_attributes: tuple[str, ...] = ()
    confirmed: bool = True
    devices: dict[str, RememberedDevice] = field(default_factory=dict, repr=False)

    @property
    def has_mfa(self) -> bool:
        """Whether a second factor is asked for."""
        return self.mfa_code is not None or self.totp_secret is not None

    @property
    def first_factors(self) -> list[str]:
        """The ways to sign in by ``USER_AUTH``."""
        factors = ["PASSWORD", "PASSWORD_SRP"]
        if "email" in self.attributes:
            factors.append("EMAIL_OTP")
        if "phone_number" in self.attributes:
            factors.append("SMS_OTP")
        return factors

    def use_codes_by_email(self, email: str) -> None:
        """Set up a second factor by e-mail."""
        self.attributes = {**self.attributes, "email": email}
        self.mfa, self.mfa_code, self.must_set_up_mfa = ("EMAIL_OTP",), self.sent_code, ()
