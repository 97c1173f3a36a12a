"""The identity-pool mode: user-pool tokens are exchanged for AWS credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..backoff import delays as default_delays
from ..boto3_client import client_for, without_debug_logs
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed
from ..secret import Secret
from .iam import AwsCredentials, SignedAuth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from boto3.session import Session
    from botocore.config import Config

    from ..clock import Clock
    from ..store.token_store import TokenStore

__all__ = ["IdentityPoolAuth"]

_POOL_ID = re.compile(r"([a-z]{2,4}(?:-[a-z]+)+-\d+):[0-9a-fA-F-]+\Z")

_CONFIGURATION = {
    "InvalidIdentityPoolConfigurationException": "The identity pool has no role for this user",
    "InvalidParameterException": "Cognito rejects the identity pool's id, or its login provider",
    "ResourceNotFoundException": "There is no such identity pool",
}


class IdentityPoolAuth(SignedAuth):
    """Signs requests with the AWS credentials of a Cognito identity pool.

    The user's ID token is exchanged for them (``GetId`` once, then
    ``GetCredentialsForIdentity``,
    https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html); they are
    renewed a minute before they expire, with the ID token of that moment.

    Args:
        store: whose user; ``None`` for a guest, where the pool admits guests.
        identity_pool_id: as ``eu-west-1:00000000-0000-0000-0000-000000000000``.
        region: the API's region; ``None``: from the host name, or the identity pool's.
        endpoint_url: an emulator's address of Cognito Identity; ``None`` for AWS, or
            ``AWS_ENDPOINT_URL_COGNITO_IDENTITY``.
        boto3_session: used to make the client; ``None`` for a plain one.
        config: botocore settings that replace this package's.
        clock: where the time comes from; ``None`` for this machine's.
        delays: returns the seconds to wait after the first, second, … failed attempt.
        patience: seconds that a request without credentials waits through failures.

    Raises:
        ConfigurationError: ``identity_pool_id`` is none.
    """

    def __init__(
        self,
        store: TokenStore | None,
        identity_pool_id: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        boto3_session: Session | None = None,
        config: Config | None = None,
        clock: Clock | None = None,
        delays: Callable[[], Iterator[float]] = default_delays,
        patience: float = 20.0,
    ) -> None:
        found = _POOL_ID.match(str(identity_pool_id))
        if found is None:
            raise ConfigurationError(
                "identity_pool_id is a region, a colon and an id: eu-west-1:01234567-….",
                setting="identity_pool_id",
            )
        self._store, self._pool_id = store, identity_pool_id
        self._pool_region = found.group(1)
        self._client_settings = (self._pool_region, endpoint_url, boto3_session, config)
        self._identity: tuple[str | None, str] | None = None
        self._client: Any = None
        super().__init__(
            self._load_from_pool, region=region, clock=clock, delays=delays, patience=patience
        )

    def __repr__(self) -> str:
        who = "guest" if self._store is None else "user"
        return f"<IdentityPoolAuth {self._pool_id} {who}>"

    def _load_from_pool(self, rejected: bool) -> AwsCredentials:  # noqa: FBT001 - see SignedAuth
        del rejected  # credentials are new each time
        user, logins = self._logins()
        if self._identity is None or self._identity[0] != user:
            got = self._call("get_id", IdentityPoolId=self._pool_id, **logins)
            self._identity = user, str(got["IdentityId"])
        answer = self._call("get_credentials_for_identity", IdentityId=self._identity[1], **logins)
        from botocore.credentials import ReadOnlyCredentials  # noqa: PLC0415 - slow to import

        found = answer["Credentials"]
        keys = ReadOnlyCredentials(
            found["AccessKeyId"], Secret(found["SecretKey"]), Secret(found["SessionToken"]), None
        )
        expires: datetime = found["Expiration"]
        return AwsCredentials(keys, expires.timestamp(), self._pool_region)

    def _logins(self) -> tuple[str | None, dict[str, Any]]:
        """Return the user, and the ``Logins`` with the ID token; nothing for a guest.

        Raises:
            ConfigurationError: the store has no ID token.
        """
        if self._store is None:
            return None, {}
        tokens = self._store.blocking.tokens()
        claims = tokens.id
        if tokens.id_token is None or claims is None or claims.issuer is None:
            raise ConfigurationError(
                "An identity pool needs the user's ID token: sign in with the openid scope, or "
                "pass Tokens with an id_token to the store.",
                setting="store",
            )
        provider = claims.issuer.removeprefix("https://")
        return claims.subject or claims.username, {"Logins": {provider: tokens.id_token}}

    def _call(self, operation: str, **parameters: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow

        error: AppSyncError
        try:
            self._client = client_for("cognito-identity", *self._client_settings)
            with without_debug_logs():
                return getattr(self._client, operation)(**parameters)
        except ClientError as failed:
            about = failed.response.get("Error", {})
            error = _error_of(str(about.get("Code", "Unknown")), str(about.get("Message", "")))
        except BotoCoreError as failed:
            error = RenewalFailed(
                f"Cognito Identity could not be reached ({type(failed).__name__}).", kind="network"
            )
        raise error


def _error_of(code: str, message: str) -> AppSyncError:
    said = f"({code}: {message})"
    if code in _CONFIGURATION:
        return ConfigurationError(
            f"{_CONFIGURATION[code]} {said}.", setting="identity_pool_id", error_type=code
        )
    if code == "NotAuthorizedException" and "guest" in message.lower():
        return ConfigurationError(
            f"The identity pool admits no guests {said}: pass a store to IdentityPoolAuth.",
            setting="store",
            error_type=code,
        )
    return RenewalFailed(f"Cognito Identity returned no credentials {said}.", error_type=code)
