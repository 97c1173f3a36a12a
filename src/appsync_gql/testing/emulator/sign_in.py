"""Sign-ins: passwords, SRP, remembered devices, and all challenges. It opens no sockets.

Challenges: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...providers.srp import SrpIdentity
from .challenge_parameters import challenge_parameters
from .cognito_error import CognitoError, wrong_password
from .parameters import check_password_policy, equal
from .pending_challenges import (
    Challenge,
    PendingChallenges,
    SignedIn,
    challenge_shape,
)
from .srp import SrpServer
from .totp import new_totp_secret, totp_code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .pending_challenges import Step
    from .users import User

__all__ = ["SignIn"]

_MOST_CUSTOM_ATTEMPTS = 3
_TIMESTAMP = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [1-9]\d? \d\d:\d\d:\d\d UTC \d{4}")


class SignIn:
    """The users of one pool, and their sign-ins in progress.

    Each step returns ``SignedIn`` if the sign-in is complete, and otherwise the next challenge
    in Cognito's shape.

    Args:
        pool_id: SRP needs the pool's name.
        now: the server's clock, seconds since the epoch.
    """

    def __init__(self, pool_id: str, now: Callable[[], float]) -> None:
        self.users: dict[str, User] = {}
        self._pool_name, self._now = pool_id.split("_", 1)[1], now
        self._pending = PendingChallenges(now)

    def begin(self, flow: object, parameters: Mapping[str, str]) -> Step:
        """Begin a sign-in.

        Args:
            flow: ``AuthFlow``.
            parameters: ``AuthParameters``.

        Raises:
            CognitoError: the name or the password is wrong, or there is no such flow.
        """
        if flow not in {"USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "CUSTOM_AUTH"}:
            raise CognitoError("InvalidParameterException", f"{flow} is not enabled for the client")
        user = self._enabled_user(parameters.get("USERNAME", ""))
        device_key = parameters.get("DEVICE_KEY")
        if device_key and device_key not in user.devices:
            raise CognitoError("ResourceNotFoundException", "Device does not exist.")
        begun = Challenge(name="", user=user, device_key=device_key)
        if flow == "USER_PASSWORD_AUTH":
            return self._check_password(begun, parameters)
        if flow == "USER_SRP_AUTH" or (flow == "CUSTOM_AUTH" and parameters.get("SRP_A")):
            custom = "CUSTOM_CHALLENGE" if flow == "CUSTOM_AUTH" else ""
            return self._begin_srp(replace(begun, name=custom), parameters)
        if flow == "CUSTOM_AUTH":
            return self._ask(replace(begun, name="CUSTOM_CHALLENGE"))
        preferred = parameters.get("PREFERRED_CHALLENGE")
        if preferred in user.first_factors:
            return self._choose(begun, {**parameters, "ANSWER": str(preferred)})
        return self._ask(replace(begun, name="SELECT_CHALLENGE"))

    def respond(self, name: object, session: object, responses: Mapping[str, str]) -> Step:
        """Continue a sign-in with the response to a challenge.

        Args:
            name: ``ChallengeName``.
            session: ``Session``.
            responses: ``ChallengeResponses``.

        Raises:
            CognitoError: the response is wrong, or there is no such challenge.
        """
        if name in {"PASSWORD_VERIFIER", "DEVICE_PASSWORD_VERIFIER"}:
            return self._verify_proof(str(name), responses)
        challenge = self._pending.get(session, responses.get("USERNAME", ""))
        if challenge.name != name:
            raise CognitoError("InvalidParameterException", f"The challenge is {challenge.name}")
        challenge = replace(
            challenge, device_key=responses.get("DEVICE_KEY") or challenge.device_key
        )
        step = self._next_step(challenge, responses)
        self._pending.remove(session)
        return step

    def associate(self, session: object) -> dict[str, Any]:
        """Return the secret for a new authenticator application (``AssociateSoftwareToken``)."""
        challenge = self._pending.get(session, None)
        self._pending.remove(session)
        secret = new_totp_secret()
        return {
            "SecretCode": secret,
            "Session": self._pending.put(replace(challenge, new_secret=secret)),
        }

    def verify(self, session: object, code: str) -> dict[str, Any]:
        """Check the first code of a new authenticator application (``VerifySoftwareToken``)."""
        challenge = self._pending.get(session, None)
        secret = challenge.new_secret
        if secret is None or not equal(totp_code(secret, self._now()), code):
            raise CognitoError("EnableSoftwareTokenMFAException", "Code mismatch")
        self._pending.remove(session)
        return {
            "Status": "SUCCESS",
            "Session": self._pending.put(replace(challenge, verified=True)),
        }

    # -- steps ------------------------------------------------------------------------

    def _next_step(self, challenge: Challenge, responses: Mapping[str, str]) -> Step:
        """Check the response to a challenge; return the next step."""
        steps = {
            "CUSTOM_CHALLENGE": self._check_custom_answer,
            "DEVICE_SRP_AUTH": self._begin_device_srp,
            "MFA_SETUP": self._finish_mfa_setup,
            "NEW_PASSWORD_REQUIRED": self._change_password,
            "SELECT_CHALLENGE": self._choose,
            "SELECT_MFA_TYPE": self._choose_mfa,
        }
        return steps.get(challenge.name, self._check_code)(challenge, responses)

    def _choose_mfa(self, challenge: Challenge, given: Mapping[str, str]) -> Step:
        if given.get("ANSWER") not in challenge.user.mfa:
            raise CognitoError("InvalidParameterException", "Invalid MFA type")
        return self._ask(replace(challenge, name=given["ANSWER"]))

    def _finish_mfa_setup(self, challenge: Challenge, given: Mapping[str, str]) -> Step:
        user, email = challenge.user, given.get("EMAIL")
        if email and "EMAIL_OTP" in user.must_set_up_mfa:
            user.use_codes_by_email(email)
            return self._ask(replace(challenge, name="EMAIL_OTP"))
        if not challenge.verified:
            raise CognitoError("InvalidParameterException", "Software token is not verified")
        user.totp_secret, user.must_set_up_mfa = challenge.new_secret, ()
        return _done(challenge)

    def _choose(self, challenge: Challenge, given: Mapping[str, str]) -> Step:
        choice = given.get("ANSWER")
        if choice not in challenge.user.first_factors:
            raise CognitoError("InvalidParameterException", f"Invalid challenge {choice}")
        if choice == "PASSWORD":
            return self._check_password(challenge, given)
        if choice == "PASSWORD_SRP":
            return self._begin_srp(replace(challenge, name=""), given)
        return self._ask(replace(challenge, name=str(choice), first_factor=True))

    def _check_password(self, challenge: Challenge, given: Mapping[str, str]) -> Step:
        if not equal(challenge.user.password, given.get("PASSWORD", "")):
            raise wrong_password()
        return self._after_password(challenge)

    def _check_code(self, challenge: Challenge, given: Mapping[str, str]) -> Step:
        user = challenge.user
        expected = user.mfa_code or ""
        if challenge.first_factor:
            expected = user.sent_code
        elif challenge.name == "SOFTWARE_TOKEN_MFA" and user.totp_secret is not None:
            expected = totp_code(user.totp_secret, self._now())
        if not equal(expected, given.get(f"{challenge.name}_CODE", "")):
            raise CognitoError("CodeMismatchException", "Invalid code received for user")
        return self._after_password(challenge) if challenge.first_factor else _done(challenge)

    def _check_custom_answer(self, challenge: Challenge, given: Mapping[str, str]) -> Step:
        """Check an answer as Lambda triggers usually do: three attempts for each."""
        answers, answer = challenge.user.custom_answers, given.get("ANSWER", "")
        if challenge.answered >= len(answers):
            raise wrong_password()
        if not equal(answers[challenge.answered], answer):
            if challenge.attempt + 1 >= _MOST_CUSTOM_ATTEMPTS:
                raise wrong_password()
            return self._ask(replace(challenge, attempt=challenge.attempt + 1))
        if challenge.answered + 1 == len(answers):
            return _done(challenge)
        return self._ask(replace(challenge, answered=challenge.answered + 1, attempt=0))

    def _change_password(self, challenge: Challenge, responses: Mapping[str, str]) -> Step:
        user, new = challenge.user, responses.get("NEW_PASSWORD")
        if not new:
            raise CognitoError("InvalidParameterException", "Missing required parameter")
        check_password_policy(new)
        prefix = "userAttributes."
        given = {k.removeprefix(prefix): v for k, v in responses.items() if k.startswith(prefix)}
        if not set(user.required_attributes) <= given.keys():
            message = "Invalid attributes given, a required attribute is missing"
            raise CognitoError("InvalidParameterException", message)
        user.attributes = {**user.attributes, **given}
        user.password, user.must_change_password = new, False
        return self._after_password(challenge)

    def _after_password(self, challenge: Challenge) -> Step:
        user = challenge.user
        device = user.devices.get(challenge.device_key or "")
        if user.must_change_password:
            return self._ask(replace(challenge, name="NEW_PASSWORD_REQUIRED"))
        if device is not None and device.verifier is not None:
            return self._ask(replace(challenge, name="DEVICE_SRP_AUTH"))
        if challenge.name == "CUSTOM_CHALLENGE":
            return self._ask(challenge)
        if user.must_set_up_mfa:
            return self._ask(replace(challenge, name="MFA_SETUP"))
        if user.has_mfa:
            name = user.mfa[0] if len(user.mfa) == 1 else "SELECT_MFA_TYPE"
            return self._ask(replace(challenge, name=name, first_factor=False))
        return _done(challenge)

    # -- SRP ------------------------------------------------------------------------------

    def _begin_srp(self, challenge: Challenge, given: Mapping[str, str]) -> dict[str, Any]:
        user = challenge.user
        identity = SrpIdentity(self._pool_name, user.username)
        try:
            server = SrpServer.of_password(identity, user.password, given.get("SRP_A", ""))
        except ValueError as error:
            raise CognitoError("InvalidParameterException", str(error)) from None
        names = {"USERNAME": user.username, "USER_ID_FOR_SRP": user.username}
        return challenge_shape(
            "PASSWORD_VERIFIER",
            self._pending.put(replace(challenge, srp=server)),
            names | server.parameters(),
        )

    def _begin_device_srp(self, challenge: Challenge, given: Mapping[str, str]) -> dict[str, Any]:
        key = challenge.device_key or ""
        device = challenge.user.devices.get(key)
        if device is None or device.verifier is None:
            raise CognitoError("ResourceNotFoundException", "Device does not exist.")
        identity = SrpIdentity(device.group_key, key)
        try:
            server = SrpServer(identity, device.salt, device.verifier, given.get("SRP_A", ""))
        except ValueError as error:
            raise CognitoError("InvalidParameterException", str(error)) from None
        proof = replace(challenge, name="DEVICE_PASSWORD_VERIFIER", srp=server)
        names = {"USERNAME": challenge.user.username, "DEVICE_KEY": key}
        return challenge_shape(proof.name, self._pending.put(proof), names | server.parameters())

    def _verify_proof(self, name: str, responses: Mapping[str, str]) -> Step:
        if not _TIMESTAMP.fullmatch(responses.get("TIMESTAMP", "")):
            raise CognitoError(
                "InvalidParameterException",
                "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.",
            )
        block = responses.get("PASSWORD_CLAIM_SECRET_BLOCK", "")
        challenge = self._pending.take_proof(block)
        of_device = name == "DEVICE_PASSWORD_VERIFIER"
        if (
            challenge is None
            or challenge.srp is None
            or challenge.user.username != responses.get("USERNAME")
            or (challenge.name == "DEVICE_PASSWORD_VERIFIER") is not of_device
            or not challenge.srp.proves_password(responses)
        ):
            raise wrong_password()
        if of_device:
            return _done(challenge)
        key = responses.get("DEVICE_KEY") or challenge.device_key
        return self._after_password(replace(challenge, srp=None, device_key=key))

    def _enabled_user(self, username: str) -> User:
        user = self.users.get(username)
        if user is None:
            raise wrong_password()
        if user.disabled:
            raise CognitoError("NotAuthorizedException", "User is disabled.")
        if not user.confirmed:
            raise CognitoError("UserNotConfirmedException", "User is not confirmed.")
        return user

    def _ask(self, challenge: Challenge) -> dict[str, Any]:
        """Return the next challenge."""
        user, name = challenge.user, challenge.name
        shape = challenge_shape(
            name, self._pending.put(challenge), challenge_parameters(name, user)
        )
        if name == "SELECT_CHALLENGE":
            shape["AvailableChallenges"] = user.first_factors
        return shape


def _done(challenge: Challenge) -> SignedIn:
    return SignedIn(challenge.user, challenge.device_key)
