"""``ChallengeParameters`` of each challenge. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .users import User

__all__ = ["challenge_parameters", "delivery"]

_BY_EMAIL = {"EMAIL_OTP"}
_BY_SMS = {"SMS_MFA", "SMS_OTP"}


def challenge_parameters(name: str, user: User) -> dict[str, str]:
    """Return what Cognito says of a challenge."""
    parameters = {"USERNAME": user.username, "USER_ID_FOR_SRP": user.username}
    if name == "NEW_PASSWORD_REQUIRED":
        required = [f"userAttributes.{attribute}" for attribute in user.required_attributes]
        parameters["requiredAttributes"] = json.dumps(required)
        parameters["userAttributes"] = json.dumps(dict(user.attributes))
    elif name == "SELECT_MFA_TYPE":
        parameters["MFAS_CAN_CHOOSE"] = json.dumps(list(user.mfa))
    elif name == "MFA_SETUP":
        parameters["MFAS_CAN_SETUP"] = json.dumps(list(user.must_set_up_mfa))
    elif name in _BY_EMAIL | _BY_SMS:
        medium, destination = delivery(user, by_sms=name in _BY_SMS)
        parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] = medium
        parameters["CODE_DELIVERY_DESTINATION"] = destination
    elif name == "CUSTOM_CHALLENGE":
        parameters["question"] = "What is the answer?"
    return parameters


def delivery(user: User, *, by_sms: bool) -> tuple[str, str]:
    """Return how a code is sent, and where to, most of it hidden as Cognito does."""
    if by_sms:
        return "SMS", f"+*******{user.attributes.get('phone_number', '')[-4:]}"
    name, _, domain = user.attributes.get("email", "").partition("@")
    return "EMAIL", f"{name[:1]}***@{domain[:1]}***"
