"""The identity-pool mode: user-pool tokens are exchanged for AWS credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..backoff import delays as default_delays
from ..boto3_client import check_boto3_arguments, client_for, without_debug_logs
from ..endpoint import check_service_url
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed
from ..forks import importing
from ..secret import Secret, arguments_hidden, hidden
from ..store.validity import TokenState
from .signed import AwsCredentials, SignedAuth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from boto3.session import Session
    from botocore.config import Config

    from ..clock import Clock
    from ..store.token_store import TokenStore
    from ..tokens import Tokens

__all__ = ["IdentityPoolAuth"]

_POOL_ID = re.compile(r"([a-z]{2,4}(?:-[a-z]+)+-\d+):[0-9a-fA-F-]+\Z")
_ISSUER = re.compile(r"https://(?:issuer-)?(cognito-idp\..+)\Z")

_CONFIGURATION = {
    "InvalidIdentityPoolConfigurationException": (
        "The identity pool has no role for this user {}: its owner sets one."
    ),
    "InvalidParameterException": (
        "Cognito rejects the identity pool's id, or its login provider {}: check identity_pool_id."
    ),
    "ResourceNotFoundException": (
        "There is no such identity pool {}: check the whole identity_pool_id, with its region."
    ),
}
_KINDS = {
    "TooManyRequestsException": "throttled",
    "LimitExceededException": "throttled",
    "InternalErrorException": "server",
    "ForbiddenException": "firewall",
}


class IdentityPoolAuth(SignedAuth):
    """Signs requests with the AWS credentials of a Cognito identity pool.

    The user's ID token is exchanged for them (``GetId`` once, then
    ``GetCredentialsForIdentity``,
    https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html); they are
    renewed a minute before they expire, with the ID token of that moment. When the user of the
    store signs out, or another one signs in, they are not used any more.

    Args:
        store: whose user; ``None`` for a guest, where the pool admits guests.
        identity_pool_id: as ``eu-west-1:00000000-0000-0000-0000-000000000000``.
        region: the API's region; ``None``: from the host name, or the identity pool's.
        endpoint_url: an emulator's address of Cognito Identity; ``None`` for AWS, or
            ``AWS_ENDPOINT_URL_COGNITO_IDENTITY``.
        allow_insecure: permit an address with ``http://`` to other machines than this one.
        boto3_session: used to make the client; ``None`` for a plain one.
        config: botocore settings that replace this package's.
        clock: where the time comes from; ``None`` for this machine's.
        delays: returns the seconds to wait after the first, second, … failed attempt.
        patience: seconds that a request without credentials waits through failures.

    Raises:
        ConfigurationError: an argument can't be used.
        InsecureEndpoint: ``endpoint_url`` is ``http://`` to another machine.
    """

    @arguments_hidden
    def __init__(
        self,
        store: TokenStore | None,
        identity_pool_id: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        allow_insecure: bool = False,
        boto3_session: Session | None = None,
        config: Config | None = None,
        clock: Clock | None = None,
        delays: Callable[[], Iterator[float]] = default_delays,
        patience: float = 20.0,
    ) -> None:
        self._pool_region = _region_of(identity_pool_id)
        _check_store(store)
        check_boto3_arguments(boto3_session, config)
        self._allow_insecure = allow_insecure
        if endpoint_url is not None:
            endpoint_url = hidden(endpoint_url)  # type: ignore[assignment] # see check_service_url
            self._check_url(endpoint_url)
        self._store, self._pool_id = store, identity_pool_id
        self._client_settings = (self._pool_region, endpoint_url, boto3_session, config)
        self._identity: tuple[str | None, str] | None = None
        self._client: Any = None
        super().__init__(
            self._load_from_pool,
            _unexpected,
            region=region,
            clock=clock,
            delays=delays,
            patience=patience,
        )

    @property
    def store(self) -> TokenStore | None:
        """The token store of the user; ``None`` for a guest."""
        return self._store

    def __repr__(self) -> str:
        # Not all attributes exist when a traceback shows an object whose __init__ raised.
        who = "guest" if getattr(self, "_store", None) is None else "user"
        return f"<IdentityPoolAuth {getattr(self, '_pool_id', None)} {who}>"

    def _may_be_used(self, credentials: AwsCredentials) -> bool:
        if self._store is None:
            return True
        status = self._store.status()
        return status.state is not TokenState.NOT_SIGNED_IN and status.username == credentials.user

    def _load_from_pool(self, rejected: bool) -> AwsCredentials:  # noqa: FBT001 - see SignedAuth
        del rejected  # credentials are new each time
        if self._store is None:
            return self._exchange(None, {})
        tokens = self._store.blocking.tokens()
        if self._has_expired(tokens):
            tokens = self._renewed(tokens)
        try:
            return self._exchange(tokens.username, _logins(tokens))
        except _TokenExpired:
            tokens = self._renewed(tokens)
        return self._exchange(tokens.username, _logins(tokens))

    def _has_expired(self, tokens: Tokens) -> bool:
        """Return whether the ID token has expired, which is not the token that AppSync gets."""
        if tokens.id is None:
            return False
        return tokens.id.expires_at <= self._server.time_at(self._clock.monotonic())

    def _renewed(self, tokens: Tokens) -> Tokens:
        """Return tokens with another ID token than these, or these without any."""
        if self._store is not None:
            newer = self._store.blocking.tokens()
            if newer.id_token == tokens.id_token:
                self._store.blocking.renew()
                newer = self._store.blocking.tokens()
            return newer
        return tokens

    # -- calls -----------------------------------------------------------------------------

    def _check_url(self, url: Any) -> None:
        check_service_url(url, setting="endpoint_url", allow_insecure=self._allow_insecure)

    def _exchange(self, user: str | None, logins: dict[str, Any]) -> AwsCredentials:
        if self._identity is None or self._identity[0] != user:
            self._identity = user, self._get_id(logins)
        try:
            found = self._call(
                "get_credentials_for_identity", IdentityId=self._identity[1], **logins
            )
        except ConfigurationError as error:
            if error.error_type != "ResourceNotFoundException":
                raise
            found = None
        if found is None:  # the identity was deleted
            self._identity = user, self._get_id(logins)
            found = self._call(
                "get_credentials_for_identity", IdentityId=self._identity[1], **logins
            )
        return self._credentials_of(found["Credentials"], user)

    def _get_id(self, logins: dict[str, Any]) -> str:
        return str(self._call("get_id", IdentityPoolId=self._pool_id, **logins)["IdentityId"])

    def _credentials_of(self, found: Any, user: str | None) -> AwsCredentials:
        with importing():
            from botocore.credentials import ReadOnlyCredentials  # noqa: PLC0415 - slow to import

        keys = ReadOnlyCredentials(
            found["AccessKeyId"], Secret(found["SecretKey"]), Secret(found["SessionToken"]), None
        )
        expires: datetime = found["Expiration"]
        return AwsCredentials(keys, expires.timestamp(), self._pool_region, user)

    def _call(self, operation: str, **parameters: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow

        error: AppSyncError
        try:
            client = client_for("cognito-identity", *self._client_settings)
            self._check_url(client.meta.endpoint_url)
            self._client = client  # it exists as long as somebody uses it
            with without_debug_logs():
                return getattr(client, operation)(**parameters)
        except ClientError as failed:
            about = failed.response.get("Error", {})
            error = _error_of(str(about.get("Code", "Unknown")), str(about.get("Message", "")))
        except BotoCoreError as failed:
            error = RenewalFailed(
                f"Cognito Identity could not be reached ({type(failed).__name__}).", kind="network"
            )
        raise error


class _TokenExpired(RenewalFailed):
    """Cognito Identity says that the ID token has expired."""


def _logins(tokens: Tokens) -> dict[str, Any]:
    """Return the parameter ``Logins`` with the ID token.

    Raises:
        ConfigurationError: there is none.
    """
    issuer = tokens.id.issuer if tokens.id is not None else None
    if tokens.id_token is None or issuer is None:
        raise ConfigurationError(
            "An identity pool needs the user's ID token: sign in with the openid scope, or "
            "pass Tokens with an id_token to the store.",
            setting="store",
        )
    cognito = _ISSUER.match(issuer)
    provider = cognito.group(1) if cognito else issuer.removeprefix("https://")
    return {"Logins": {provider: tokens.id_token}}


def _error_of(code: str, message: str) -> AppSyncError:
    said = f"({code}: {message})"
    if code in _CONFIGURATION:
        return ConfigurationError(
            _CONFIGURATION[code].format(said), setting="identity_pool_id", error_type=code
        )
    if code == "NotAuthorizedException":
        text = message.lower()
        if "expired" in text:
            return _TokenExpired(
                f"Cognito Identity does not accept the ID token {said}.", error_type=code
            )
        if "unauthenticated" in text or "guest" in text:
            return ConfigurationError(
                f"The identity pool admits no guests {said}: pass a TokenStore to "
                "IdentityPoolAuth, or let the pool's owner admit them.",
                setting="store",
                error_type=code,
            )
        return ConfigurationError(
            f"Cognito Identity does not accept the user's ID token {said}: the identity pool must "
            "have the user pool and its app client as a login provider.",
            setting="identity_pool_id",
            error_type=code,
        )
    return RenewalFailed(
        f"Cognito Identity gave no credentials {said}.",
        kind=_KINDS.get(code, "provider"),
        error_type=code,
    )


def _check_store(store: object) -> None:
    """Raise ``ConfigurationError`` unless this is a token store, or ``None``."""
    if isinstance(store, type):
        raise ConfigurationError(
            f"store is the class {store.__name__}; pass an instance of it.", setting="store"
        )
    if store is not None and not hasattr(store, "blocking"):
        raise ConfigurationError(
            f"store is a TokenStore, or None for a guest; not {type(store).__name__}.",
            setting="store",
        )


def _region_of(identity_pool_id: object) -> str:
    """Return an identity pool's region, or raise ``ConfigurationError``."""
    found = _POOL_ID.match(str(identity_pool_id))
    if found is None:
        raise ConfigurationError(
            "identity_pool_id is a region, a colon and an id: eu-west-1:01234567-….",
            setting="identity_pool_id",
        )
    return found.group(1)


def _unexpected(error: Exception) -> AppSyncError:
    return RenewalFailed(f"Cognito Identity's response could not be used ({type(error).__name__}).")
