"""Signing in to a user pool, from the first call to the tokens or the next challenge."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..exceptions import ChallengeExpired, ConfigurationError, SignInFailed
from .cognito_answers import ATTEMPT_LOST, error_of_answer, responses_to
from .cognito_api import challenge_of, grant_of
from .cognito_devices import DeviceRefused
from .cognito_errors import error_of_sign_in
from .cognito_srp import SrpExchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..challenges import Answer, ChallengeRequired
    from ..exceptions import AppSyncError
    from ..secret import Secret
    from .base import Grant
    from .cognito_app_client import AppClient
    from .cognito_devices import Device, Devices
    from .cognito_errors import ErrorResponse

__all__ = ["CognitoSignIn"]

log = logging.getLogger(__name__)

_FLOWS = ("USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH", "CUSTOM_AUTH")
_WITHOUT_PASSWORD = ("USER_AUTH", "CUSTOM_AUTH")
_SESSION_SECONDS = 900.0
"""The longest time that a challenge can be answered (``AuthSessionValidity``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """A sign-in in progress.

    Attributes:
        username: whom to sign in; the pool's own name as soon as it is known.
        api: the flow, for the grant.
        device: sent along; ``None`` without.
        exchange: the SRP exchange that was begun; ``None`` without.
    """

    username: str
    api: str
    device: Device | None = None
    exchange: SrpExchange | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """What is needed to answer a challenge, beside the challenge itself.

    Attributes:
        attempt: the sign-in that it belongs to.
        session: the string that the next call needs.
        until: monotonic seconds at which it is forgotten.
        verified: whether the code of a new authenticator application was right already.
    """

    attempt: _Attempt
    session: Secret
    until: float
    verified: bool = False


class CognitoSignIn:
    """Signs users in. All methods block.

    Args:
        app: the app client.
        devices: registers new devices.
        monotonic: a clock, in seconds, for how long challenges are remembered.
    """

    def __init__(self, app: AppClient, devices: Devices, monotonic: Callable[[], float]) -> None:
        self._app, self._devices, self._monotonic = app, devices, monotonic
        self._lock = threading.Lock()
        self._pending: OrderedDict[str, _Pending] = OrderedDict()

    def begin(
        self, username: str, password: Secret | None, flow: str | None, device: Device | None
    ) -> Grant:
        """Begin a sign-in.

        Args:
            username: the user.
            password: the user's password; ``None`` without.
            flow: Cognito's ``AuthFlow``; ``None`` for ``USER_SRP_AUTH``.
            device: a remembered device; ``None`` without.

        Raises:
            ChallengeRequired: one more step is needed.
            AppSyncError: the user is not signed in.
        """
        flow = flow or "USER_SRP_AUTH"
        if flow not in _FLOWS:
            raise ConfigurationError(f"flow is one of {', '.join(_FLOWS)}.", setting="flow")
        if not password and flow not in _WITHOUT_PASSWORD:
            raise ConfigurationError(
                f"{flow} needs a password, which must be a str that is not empty.",
                setting="password",
            )
        try:
            return self._begin(username, password, flow, device)
        except DeviceRefused as error:
            log.warning("Signing in without the remembered device: %s", error)
        except ConfigurationError as error:
            if error.setting != "device_key" or device is None:
                raise
            # The pool has forgotten the device.
        return self._begin(username, password, flow, None)

    def _begin(
        self, username: str, password: Secret | None, flow: str, device: Device | None
    ) -> Grant:
        exchange, parameters = self._first_parameters(flow, password)
        attempt = _Attempt(username=username, api=flow, device=device, exchange=exchange)
        return self._continue(attempt, self._initiate(attempt, parameters))

    def answer(self, challenge: ChallengeRequired, answer: Answer) -> Grant:
        """Answer a challenge; raises as :meth:`begin`.

        Raises:
            WrongAnswer: the same challenge can be answered again.
            ChallengeExpired: it can't.
        """
        with self._lock:
            pending = self._pending.get(challenge.id)
        session = challenge.session if pending is None else pending.session
        if not session:
            raise ChallengeExpired(ATTEMPT_LOST)
        attempt = (
            pending.attempt
            if pending
            else _Attempt(username=challenge.username, api="RespondToAuthChallenge")
        )
        responses = responses_to(challenge, answer)
        if "PASSWORD_SRP" in {challenge.challenge_name, responses.get("ANSWER")}:
            if not answer.password:
                raise ConfigurationError("PASSWORD_SRP needs password=.", setting="password")
            attempt = replace(attempt, exchange=SrpExchange(answer.password))
            responses |= _srp_a(attempt.exchange)
        if challenge.challenge_name == "MFA_SETUP" and "EMAIL" not in responses:
            session = self._verify_authenticator(challenge, session, answer.code)
        if attempt.device is not None:
            responses["DEVICE_KEY"] = attempt.device.key
        result = self._app.respond(challenge.challenge_name, session, responses, error_of_answer)
        with self._lock:
            self._pending.pop(challenge.id, None)
        return self._continue(replace(attempt, username=challenge.username), result)

    # -- the first call ---------------------------------------------------------------

    def _first_parameters(
        self, flow: str, password: Secret | None
    ) -> tuple[SrpExchange | None, dict[str, str]]:
        if password is None:
            return None, {}
        if flow == "USER_PASSWORD_AUTH":
            return None, {"PASSWORD": password}
        _ = self._app.pool_name  # fails before anything is sent if SRP is not possible
        exchange = SrpExchange(password)
        more = {
            "CUSTOM_AUTH": {"CHALLENGE_NAME": "SRP_A"},
            "USER_AUTH": {"PREFERRED_CHALLENGE": "PASSWORD_SRP"},
        }
        return exchange, _srp_a(exchange) | more.get(flow, {})

    def _initiate(self, attempt: _Attempt, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        device = {"DEVICE_KEY": attempt.device.key} if attempt.device else {}
        return self._app.initiate_auth(
            attempt.api,
            {"USERNAME": attempt.username, **parameters, **device},
            error_of_sign_in,
            username=attempt.username,
        )

    # -- what follows a call ------------------------------------------------------------

    def _continue(self, attempt: _Attempt, result: Mapping[str, Any]) -> Grant:
        """Answer what needs no user; return the tokens or raise the next challenge."""
        name = result.get("ChallengeName")
        if name == "PASSWORD_VERIFIER" and attempt.exchange is not None:
            attempt, result = self._prove_password(attempt, attempt.exchange, result)
            name = result.get("ChallengeName")
        if name == "DEVICE_SRP_AUTH" and attempt.device is not None:
            parameters = result.get("ChallengeParameters") or {}
            username = str(parameters.get("USERNAME") or attempt.username)
            result = self._devices.prove(attempt.device, username, result.get("Session"))
            name = result.get("ChallengeName")
        if name:
            raise self._challenge(attempt, result)
        grant = grant_of(result, attempt.api)
        if attempt.device is not None and grant.tokens.device_key is None:
            device = attempt.device
            tokens = replace(
                grant.tokens,
                device_key=device.key,
                device_group_key=device.group_key,
                device_password=device.password,
            )
            return replace(grant, tokens=tokens)
        return self._devices.register(grant, result)

    def _prove_password(
        self, attempt: _Attempt, exchange: SrpExchange, result: Mapping[str, Any]
    ) -> tuple[_Attempt, Mapping[str, Any]]:
        challenge = result.get("ChallengeParameters") or {}
        username = str(challenge.get("USERNAME") or attempt.username)
        name = str(challenge.get("USER_ID_FOR_SRP") or username)
        now = datetime.now(timezone.utc)
        responses = {
            "USERNAME": username,
            **exchange.responses(self._app.pool_name, name, challenge, now),
        }
        if attempt.device is not None:
            responses["DEVICE_KEY"] = attempt.device.key
        proven = self._app.respond(
            "PASSWORD_VERIFIER", result.get("Session"), responses, self._error_of_proof
        )
        return replace(attempt, username=username, exchange=None), proven

    def _error_of_proof(self, response: ErrorResponse) -> AppSyncError:
        """Return what the refusal of a password means that was proven for this user pool."""
        error = error_of_sign_in(response)
        if type(error) is SignInFailed and "password" in response.message.lower():
            return SignInFailed(
                f"{error} Cognito responds the same if the app client does not belong to the user "
                f"pool {self._app.user_pool_id} (user_pool_id=).",
                **response.facts,
            )
        return error

    def _challenge(self, attempt: _Attempt, result: Mapping[str, Any]) -> ChallengeRequired:
        challenge = challenge_of(result, attempt.username)
        if challenge.challenge_name == "MFA_SETUP" and challenge.argument == "code":
            self._associate_authenticator(challenge)
        now = self._monotonic()
        pending = _Pending(
            attempt=replace(attempt, exchange=None),
            session=challenge.session,
            until=now + _SESSION_SECONDS,
        )
        with self._lock:
            while self._pending and next(iter(self._pending.values())).until <= now:
                self._pending.popitem(last=False)
            self._pending[challenge.id] = pending
        return challenge

    # -- authenticator applications --------------------------------------------------------

    def _associate_authenticator(self, challenge: ChallengeRequired) -> None:
        if challenge.choices and "SOFTWARE_TOKEN_MFA" not in challenge.choices:
            raise SignInFailed(
                "The user pool requires a second factor that can't be set up by a sign-in "
                f"({', '.join(challenge.choices)}): set the user's phone_number, then sign in "
                "again."
            )
        parameters = {"Session": challenge.session}
        result = self._app.call("associate_software_token", parameters, error_of_answer)
        challenge.secret_code = result["SecretCode"]
        challenge.session = result.get("Session") or challenge.session

    def _verify_authenticator(
        self, challenge: ChallengeRequired, session: Secret, code: Secret | None
    ) -> Secret:
        """Return the session that proves the code; it is kept in case the next call fails."""
        with self._lock:
            pending = self._pending.get(challenge.id)
        if pending is not None and pending.verified:
            return pending.session
        parameters = {"Session": session, "UserCode": code}
        result = self._app.call(
            "verify_software_token", parameters, error_of_answer, repeatable=False
        )
        verified: Secret = result.get("Session") or session
        if pending is not None:
            with self._lock:
                self._pending[challenge.id] = replace(pending, session=verified, verified=True)
        return verified


def _srp_a(exchange: SrpExchange | None) -> dict[str, str]:
    return {} if exchange is None else {"SRP_A": exchange.public}
