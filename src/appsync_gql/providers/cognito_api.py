"""Calls of Cognito through boto3: attempts, responses, and errors whose tracebacks are harmless.

Nothing here raises inside an ``except`` block: botocore's frames contain request bodies
in clear, and an error raised there would keep them as its ``__context__``.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..boto3_client import without_debug_logs
from ..challenges import ChallengeRequired
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed
from ..secret import Secret
from ..tokens import Tokens
from .base import Grant
from .cognito_errors import ErrorResponse, firewall_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Attempts", "NoSuchOperation", "challenge_of", "grant_of"]

_READ_SECONDS = (4.0, 10.0, 10.0)
"""How long each attempt waits for the response.

The first waits 4 s. If Cognito carried a refresh out and its response is lost, the second attempt
then begins early enough for a grace period of 5 s
(https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html#using-the-refresh-token-rotation).
The others wait 10 s, longer than the 5 s that Cognito lets a Lambda trigger run
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html).
"""
_LAST_START = 6.0
"""No attempt is made if the ones before took more than this many seconds."""
_LONGEST_PAUSE = 0.5
"""Seconds. What may take longer is left to the store's back-off."""

_PARAMETERS = {
    "ClientId": "client_id",
    "ClientSecret": "client_secret",
    "DeviceKey": "device_key",
    "RefreshToken": "refresh_token",
    "Token": "refresh_token",
}
"""boto3's names of parameters, and this package's names of the arguments they come from."""


class NoSuchOperation(RenewalFailed):
    """The server does not know the operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Makes calls, each up to three times.

    Attributes:
        client: returns the boto3 client that waits so many seconds for a response and sends each
            request once.
        sleep: waits for a number of seconds.
        monotonic: a clock, in seconds.
        pause: returns the seconds between the beginnings of two attempts, at least.
    """

    client: Callable[[float], Any]
    sleep: Callable[[float], object] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[], float] = lambda: random.uniform(0, _LONGEST_PAUSE)  # noqa: S311

    def call(
        self,
        operation: str,
        parameters: Mapping[str, object],
        error_of: Callable[[ErrorResponse], AppSyncError],
        *,
        repeatable: bool = True,
    ) -> Mapping[str, Any]:
        """Return the result of a call, with all its texts as ``Secret``.

        Args:
            operation: the method of the boto3 client.
            parameters: boto3's parameters; secret ones as ``Secret``.
            error_of: returns the error to raise for an error response.
            repeatable: whether the call may be repeated after a response was lost or Cognito
                failed; one that was throttled always may.

        Raises:
            AppSyncError: what ``error_of`` returned, or ``RenewalFailed`` without a response.
            ConfigurationError: boto3 does not accept a parameter.
        """
        started = begun = self.monotonic()
        outcome: Mapping[str, Any] | AppSyncError = RenewalFailed("Cognito was not called.")
        for attempt, read_seconds in enumerate(_READ_SECONDS):
            if attempt and self.monotonic() - started > _LAST_START:
                break
            if attempt:
                self.sleep(max(self.pause() - (self.monotonic() - begun), 0.0))
            begun = self.monotonic()
            outcome = _send(getattr(self.client(read_seconds), operation), parameters, error_of)
            if not isinstance(outcome, AppSyncError) or not _may_repeat(outcome, repeatable):
                break
        if isinstance(outcome, AppSyncError):
            raise outcome
        return outcome


def _may_repeat(error: AppSyncError, repeatable: bool) -> bool:  # noqa: FBT001
    if not isinstance(error, RenewalFailed) or isinstance(error, NoSuchOperation):
        return False
    if error.kind == "throttled":
        return True
    failed = (error.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return repeatable and (error.kind == "network" or failed)


def _send(
    operation: Callable[..., Any],
    parameters: Mapping[str, Any],
    error_of: Callable[[ErrorResponse], AppSyncError],
) -> Mapping[str, Any] | AppSyncError:
    """Make one attempt; return its result or its error."""
    from botocore import exceptions  # noqa: PLC0415

    try:
        with without_debug_logs():
            result = operation(**parameters)
        meta = result["ResponseMetadata"]
    except exceptions.ClientError as error:
        return error_of(_error_response(error.response, parameters))
    except exceptions.ParamValidationError as error:
        return _invalid_parameter(str(error))
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        return _unreachable(error)
    except Exception as error:  # noqa: BLE001 - whatever botocore raises for a wrong shape
        return RenewalFailed(
            f"Cognito's response is not of the documented form ({type(error).__name__}). Tokens "
            "that are still valid are kept.",
            kind="server",
        )
    if meta["HTTPStatusCode"] != HTTPStatus.OK:
        # AWS WAF answers 202 to ask for a challenge.
        return firewall_error(_error_response(result, parameters))
    return {name: _as_secret(value) for name, value in result.items()}


def _unreachable(error: Exception) -> RenewalFailed:
    said = f"{type(error).__name__}: {error}"
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return RenewalFailed(
            f"The certificate of Cognito's endpoint is not trusted ({said}). If a proxy of your "
            "network replaces certificates, name its CA file in AWS_CA_BUNDLE; else check the "
            "endpoint and this machine's clock. Tokens that are still valid are kept.",
            kind="certificate",
        )
    return RenewalFailed(
        f"Cognito could not be reached ({said}). Tokens that are still valid are kept.",
        kind="network",
    )


def _error_response(response: Mapping[str, Any], parameters: Mapping[str, Any]) -> ErrorResponse:
    about, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    status = int(meta.get("HTTPStatusCode", 0))
    name, message = str(about.get("Code", "")), str(about.get("Message", ""))
    if name in {str(status), "Unknown"}:
        # boto3 found no name: a page of a proxy or a firewall, whose text helps nobody.
        name = message = ""
    quoted = message
    for secret in _secrets_in(parameters):
        quoted = quoted.replace(str(secret), "<redacted>")
    return ErrorResponse(
        name=name.rpartition("#")[2],
        message=message,
        quoted=quoted[:300],
        status=status,
        request_id=meta.get("RequestId"),
        headers=meta.get("HTTPHeaders", {}),
    )


def _invalid_parameter(text: str) -> ConfigurationError:
    # The text may quote a value, so only the names in it are used.
    names = [name for name in _PARAMETERS if f"parameter {name}," in text] or [""]
    setting = _PARAMETERS.get(names[0])
    return ConfigurationError(
        f"boto3 does not accept {setting or 'an argument'}: compare it with the app client's.",
        setting=setting,
    )


def _secrets_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [secret for item in value.values() for secret in _secrets_in(item)]
    return [value] if isinstance(value, Secret) and value else []


def _as_secret(value: object) -> Any:
    """Return a copy of a JSON value in which every text is a ``Secret``."""
    if isinstance(value, dict):
        return {key: _as_secret(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_secret(item) for item in value]
    return Secret(value) if isinstance(value, str) else value


def grant_of(result: Mapping[str, Any], api: str, before: Tokens | None = None) -> Grant:
    """Return the tokens in the result of a call; what it lacks is taken from the ones before.

    Args:
        result: the result of a call.
        api: the name of the call.
        before: the tokens that were refreshed; ``None`` after a sign-in.

    Raises:
        RenewalFailed: there are no usable tokens in it.
    """
    found = result.get("AuthenticationResult") or {}
    device = (found.get("NewDeviceMetadata") or {}).get("DeviceKey")
    jwts = {"access_token": found.get("AccessToken"), "id_token": found.get("IdToken")}
    rest = {
        "refresh_token": found.get("RefreshToken") or (before.refresh_token if before else None),
        **_device_of(before),
    }
    if device:
        rest |= {"device_key": str(device), "device_group_key": None, "device_password": None}
    if jwts["access_token"] is None and jwts["id_token"] is None:
        problem = "Cognito's response has no tokens in it"
    else:
        tokens = _tokens_or_problem(jwts | rest)
        if isinstance(tokens, Tokens):
            return Grant(tokens=tokens, api=api)
        problem = f"Cognito's response can't be used: {tokens}"
    if before is not None and rest["refresh_token"] != before.refresh_token:
        # The old refresh token is invalid now, so the new one must not be lost.
        tokens = _tokens_or_problem({**rest, **_device_of(before)})
        if isinstance(tokens, Tokens):
            return Grant(tokens=tokens, api=api, just_issued=False)
    raise RenewalFailed(f"{problem}. Tokens that are still valid are kept.", kind="server")


def _device_of(tokens: Tokens | None) -> dict[str, Any]:
    names = ("device_key", "device_group_key", "device_password")
    return {name: getattr(tokens, name, None) for name in names}


def _tokens_or_problem(arguments: dict[str, Any]) -> Tokens | str:
    """Return the tokens, or a text that says why there are none."""
    try:
        return Tokens(**arguments)
    except AppSyncError as error:
        return str(error).rstrip(".")


def challenge_of(result: Mapping[str, Any], username: str) -> ChallengeRequired:
    """Return the error that says which step comes next.

    Args:
        result: the result of a sign-in call, with a ``ChallengeName``.
        username: the name that the user signed in with.
    """
    name = str(result["ChallengeName"])
    given = result.get("ChallengeParameters") or {}
    parameters = {key: str(value) for key, value in given.items() if key not in _SRP_PARAMETERS}
    challenge = ChallengeRequired(
        "",
        challenge_name=name,
        parameters=parameters,
        session=result.get("Session") or "",
        username=parameters.get("USERNAME") or parameters.get("USER_ID_FOR_SRP") or username,
        choices=tuple(str(choice) for choice in result.get("AvailableChallenges") or ()),
    )
    sent = f", sent to {challenge.destination}" if challenge.destination else ""
    one_of = f" ({', '.join(challenge.choices)})" if challenge.choices else ""
    argument = f", {challenge.argument}=…" if challenge.argument else ""
    message = (
        f"Cognito requires one more step before it signs the user in: {name}{sent}{one_of}. "
        f"Go on with store.answer(challenge{argument})."
    )
    challenge.args = (message,)
    return challenge


_SRP_PARAMETERS = {"SALT", "SECRET_BLOCK", "SRP_B"}
"""Of no use to a caller, who can't continue an exchange that this package began."""
