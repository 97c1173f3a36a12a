"""Calls by which users sign up, reset and change passwords, and confirm devices."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .challenge_parameters import delivery
from .cognito_error import CognitoError
from .parameters import check_password_policy, equal, text
from .users import RememberedDevice, User

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Accounts"]

_Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The users, and what they can do themselves.

    Attributes:
        users: by their names.
        user_of: returns the user of an access token, or raises ``CognitoError``.
    """

    users: dict[str, User]
    user_of: Callable[[str], User]

    def sign_up(self, body: _Body) -> _Body:
        """Execute ``SignUp``."""
        username, password = text(body, "Username"), text(body, "Password")
        if username in self.users:
            raise CognitoError("UsernameExistsException", "User already exists")
        check_password_policy(password)
        given = body.get("UserAttributes") or []
        attributes = {item["Name"]: item["Value"] for item in given}
        attributes.setdefault("email", f"{username}@example.com")
        user = User(username, password, attributes=attributes, confirmed=False)
        self.users[username] = user
        return {
            "UserConfirmed": False,
            "UserSub": user.sub,
            "CodeDeliveryDetails": _details(user, "email"),
        }

    def confirm_sign_up(self, body: _Body) -> _Body:
        """Execute ``ConfirmSignUp``."""
        user = self._user(body)
        if user.confirmed:
            message = "User cannot be confirmed. Current status is CONFIRMED"
            raise CognitoError("NotAuthorizedException", message)
        self._check_code(user, body)
        user.confirmed = True
        return {}

    def forgot_password(self, body: _Body) -> _Body:
        """Execute ``ForgotPassword``."""
        return {"CodeDeliveryDetails": _details(self._user(body), "email")}

    def confirm_forgot_password(self, body: _Body) -> _Body:
        """Execute ``ConfirmForgotPassword``."""
        user, password = self._user(body), text(body, "Password")
        self._check_code(user, body)
        check_password_policy(password)
        user.password = password
        return {}

    def change_password(self, body: _Body) -> _Body:
        """Execute ``ChangePassword``."""
        user = self.user_of(text(body, "AccessToken"))
        if not equal(user.password, text(body, "PreviousPassword")):
            raise CognitoError("NotAuthorizedException", "Incorrect username or password.")
        new = text(body, "ProposedPassword")
        check_password_policy(new)
        user.password = new
        return {}

    def confirm_device(self, body: _Body) -> _Body:
        """Execute ``ConfirmDevice``."""
        device = self._device(body)
        config = body.get("DeviceSecretVerifierConfig") or {}
        device.verifier = _number(text(config, "PasswordVerifier"))
        device.salt = _number(text(config, "Salt"))
        return {"UserConfirmationNecessary": False}

    def update_device_status(self, body: _Body) -> _Body:
        """Execute ``UpdateDeviceStatus``; a device that is not remembered proves nothing."""
        device = self._device(body)
        if text(body, "DeviceRememberedStatus") == "not_remembered":
            device.verifier = None
        return {}

    def _user(self, body: _Body) -> User:
        user = self.users.get(text(body, "Username"))
        if user is None:
            raise CognitoError("UserNotFoundException", "Username/client id combination not found.")
        return user

    def _device(self, body: _Body) -> RememberedDevice:
        devices = self.user_of(text(body, "AccessToken")).devices
        key = text(body, "DeviceKey")
        if key not in devices:
            raise CognitoError("ResourceNotFoundException", "Device does not exist.")
        return devices[key]

    def _check_code(self, user: User, body: _Body) -> None:
        if not equal(user.sent_code, text(body, "ConfirmationCode")):
            message = "Invalid verification code provided, please try again."
            raise CognitoError("CodeMismatchException", message)


def _details(user: User, attribute: str) -> _Body:
    medium, destination = delivery(user, by_sms=False)
    return {"AttributeName": attribute, "DeliveryMedium": medium, "Destination": destination}


def _number(encoded: str) -> int:
    try:
        return int.from_bytes(base64.b64decode(encoded, validate=True), "big")
    except ValueError:
        raise CognitoError("InvalidParameterException", "Invalid verifier") from None
