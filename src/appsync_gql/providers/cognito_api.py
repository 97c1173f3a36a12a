"""One call of Cognito through boto3, and what comes back: tokens, a challenge, a sorted error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..boto3_client import no_tokens_in_logs
from ..exceptions import AppSyncError, ChallengeRequired, ConfigurationError, RenewalFailed
from ..tokens import Tokens
from .base import Grant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["NoSuchCall", "call", "challenge_of", "grant_of"]

_PARAMETERS = {
    "ClientId": "client_id",
    "ClientSecret": "client_secret",
    "DeviceKey": "device_key",
    "RefreshToken": "refresh_token",
}
"""boto3's names of what was given to this package, and this package's."""


class NoSuchCall(Exception):
    """This endpoint does not know the call."""


def call(
    sort: Callable[[str, str, int, str | None], Exception],
    operation: Callable[..., Any],
    **parameters: object,
) -> Mapping[str, Any]:
    """Make one call; errors come out sorted, with nothing in their traceback that quotes tokens."""
    from botocore.exceptions import (  # noqa: PLC0415
        BotoCoreError,
        ClientError,
        ParamValidationError,
    )

    try:
        with no_tokens_in_logs():
            answer: Mapping[str, Any] = operation(**parameters)
    except ClientError as error:
        about, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        raise sort(
            str(about.get("Code", "Unknown")),
            str(about.get("Message", "")),
            int(meta.get("HTTPStatusCode", 0)),
            meta.get("RequestId"),
        ) from None
    except ParamValidationError as error:
        # Its text may quote a value, so only the names in it go on.
        named = [n for n in _PARAMETERS if f"parameter {n}," in str(error)] or [""]
        setting = _PARAMETERS.get(named[0])
        raise ConfigurationError(
            f"boto3 finds {setting or 'an argument'} invalid: compare it with the app client's.",
            setting=setting,
        ) from None
    except BotoCoreError as error:
        raise RenewalFailed(
            f"Cognito could not be reached ({type(error).__name__}: {error}). The tokens are kept.",
            kind="network",
        ) from None
    return answer


def grant_of(answer: Mapping[str, Any], api: str, before: Tokens | None = None) -> Grant:
    """Read the tokens out of an answer; what it leaves out stays as it was before."""
    result = answer.get("AuthenticationResult") or {}
    device = (result.get("NewDeviceMetadata") or {}).get("DeviceKey")
    try:
        tokens = Tokens(
            access_token=result.get("AccessToken"),
            id_token=result.get("IdToken"),
            refresh_token=result.get("RefreshToken") or (before.refresh_token if before else None),
            device_key=device or (before.device_key if before else None),
        )
    except AppSyncError as error:
        raise RenewalFailed(f"Cognito's answer can't be used: {error}") from None
    if tokens.any_claims is None:
        raise RenewalFailed("Cognito's answer has no tokens in it.")
    return Grant(tokens=tokens, api=api)


def challenge_of(answer: Mapping[str, Any], username: str) -> ChallengeRequired:
    """Read out of an answer which step is wanted next."""
    name = str(answer["ChallengeName"])
    parameters = answer.get("ChallengeParameters") or {}
    return ChallengeRequired(
        f"Cognito wants one more step before it signs the user in: {name}. Answer it with "
        "RespondToAuthChallenge and give the store the tokens.",
        challenge_name=name,
        parameters=parameters,
        session=answer.get("Session") or "",
        username=parameters.get("USERNAME") or parameters.get("USER_ID_FOR_SRP") or username,
    )
