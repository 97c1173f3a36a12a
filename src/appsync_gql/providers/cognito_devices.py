"""Remembered devices of a user pool: registering one, and proving its password.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-device-tracking.html
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..exceptions import AppSyncError, SignInFailed
from ..secret import Secret
from .cognito_answers import error_of_answer
from .cognito_errors import error_of_refresh
from .cognito_srp import SrpExchange, device_verifier, new_device_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..tokens import Tokens
    from .base import Grant
    from .cognito_app_client import AppClient

__all__ = ["Device", "DeviceRefused", "Devices"]

log = logging.getLogger(__name__)

_DEVICE_NAME = "appsync-gql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that was confirmed, and can prove itself.

    Attributes:
        key: Cognito's name of it.
        group_key: Cognito's name of the group that it belongs to.
        password: was made at random when it was confirmed.
    """

    key: str
    group_key: str
    password: Secret = field(repr=False)

    @classmethod
    def of(cls, tokens: Tokens | None) -> Device | None:
        """Return the device of a session; ``None`` if it has none that can prove itself."""
        if tokens is None or not tokens.device_key:
            return None
        if not tokens.device_group_key or not tokens.device_password:
            return None
        return cls(
            key=tokens.device_key,
            group_key=tokens.device_group_key,
            password=Secret(tokens.device_password),
        )


class DeviceRefused(SignInFailed):
    """The user pool does not accept the proof of a remembered device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """Makes the calls about devices.

    Attributes:
        app: the app client.
        remember: whether to remember a new device where the user pool leaves that to the user.
    """

    app: AppClient
    remember: bool

    def register(self, grant: Grant, result: Mapping[str, Any]) -> Grant:
        """Confirm the new device in the result of a sign-in, if there is one.

        The tokens returned contain what the device needs to prove itself. If it can't be
        confirmed now, a WARNING is logged, and the tokens are returned as they are.
        """
        found = (result.get("AuthenticationResult") or {}).get("NewDeviceMetadata") or {}
        key, group_key = found.get("DeviceKey"), found.get("DeviceGroupKey")
        if not key or not group_key or not grant.tokens.access_token:
            return grant
        password = new_device_password()
        try:
            self._confirm(grant.tokens, str(key), str(group_key), password)
        except AppSyncError as error:
            log.warning("This device is not remembered: %s", error)
            return grant
        tokens = replace(grant.tokens, device_group_key=str(group_key), device_password=password)
        return replace(grant, tokens=tokens)

    def _confirm(self, tokens: Tokens, key: str, group_key: str, password: Secret) -> None:
        common = {"AccessToken": tokens.access_token, "DeviceKey": key}
        config = device_verifier(group_key, key, password)
        confirmed = self.app.call(
            "confirm_device",
            {**common, "DeviceName": _DEVICE_NAME, "DeviceSecretVerifierConfig": config},
            error_of_refresh,
            tokens=tokens,
        )
        if confirmed.get("UserConfirmationNecessary") and self.remember:
            status = {**common, "DeviceRememberedStatus": "remembered"}
            self.app.call("update_device_status", status, error_of_refresh, tokens=tokens)

    def prove(self, device: Device, username: str, session: str | None) -> Mapping[str, Any]:
        """Answer ``DEVICE_SRP_AUTH`` and the challenge after it; return the last result.

        Raises:
            DeviceRefused: the device was forgotten, or has another password.
            AppSyncError: the calls failed for another reason.
        """
        try:
            return self._prove(device, username, session)
        except SignInFailed as error:
            raise DeviceRefused(
                f"The user pool refused this remembered device ({error}). Sign in again.",
                status=error.status,
                error_type=error.error_type,
                request_id=error.request_id,
            ) from None

    def _prove(self, device: Device, username: str, session: str | None) -> Mapping[str, Any]:
        exchange = SrpExchange(device.password)
        names = {"USERNAME": username, "DEVICE_KEY": device.key}
        first = {**names, "SRP_A": exchange.public}
        result = self.app.respond("DEVICE_SRP_AUTH", session, first, error_of_answer)
        if result.get("ChallengeName") != "DEVICE_PASSWORD_VERIFIER":
            return result
        challenge = result.get("ChallengeParameters") or {}
        names["USERNAME"] = str(challenge.get("USERNAME") or username)
        now = datetime.now(timezone.utc)
        proof = exchange.responses(device.group_key, device.key, challenge, now)
        return self.app.respond(
            "DEVICE_PASSWORD_VERIFIER", result.get("Session"), {**names, **proof}, error_of_answer
        )
