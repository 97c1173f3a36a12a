"""Amazon Cognito user pools, through boto3. Nothing else calls Cognito."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from ..exceptions import AppSyncError, ConfigurationError, SessionExpired
from ..secret import hidden
from ..session_key import SessionKey
from .base import Grant
from .cognito_accounts import CognitoAccounts
from .cognito_api import NoSuchOperation, grant_of
from .cognito_app_client import AppClient
from .cognito_client import CognitoClient
from .cognito_devices import Device, Devices
from .cognito_errors import (
    ErrorResponse,
    error_of_refresh,
    error_of_revocation,
    lacks_operation,
    was_refused,
)
from .cognito_settings import (
    check_optional_text,
    check_text,
    checked_endpoint_url,
    checked_secret,
    region_of_pool,
)
from .cognito_sign_in import CognitoSignIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3.session import Session
    from botocore.config import Config

    from ..challenges import Answer, ChallengeRequired
    from ..tokens import Tokens
    from .cognito_browser import BrowserSignIn

__all__ = ["CognitoProvider"]

log = logging.getLogger(__name__)

_FALLBACK_SECONDS = 300.0
"""How long the older call is made first, once it has succeeded where the newer one is unknown."""


class CognitoProvider(CognitoAccounts):
    """Signs users of a Cognito user pool in and renews their tokens.

    Renewal is ``GetTokensFromRefreshToken``, which works with refresh-token rotation on or off.
    Where the server does not know that call (older emulators), it is ``InitiateAuth`` with
    ``REFRESH_TOKEN_AUTH``, for five minutes at a time or until that is refused.

    All methods block: the token store calls them on a worker thread. Providers with equal
    settings share one boto3 client. No AWS credentials are needed.

    Args:
        client_id: the app client.
        region: the user pool's region; ``None`` takes it from ``user_pool_id`` or, at the first
            renewal, from the tokens' ``iss``. For a replica of a pool, its own region.
        user_pool_id: needed to sign in with SRP.
        client_secret: of an app client that has one.
        device_key: where the pool remembers devices; ``Tokens.device_key`` takes precedence.
        remember_device: whether a new device is remembered where the pool leaves that to the
            user. Where it remembers all devices, they are always confirmed.
        username: the name that the user pool itself uses for the user, for the secret hash of
            the older call; ``None`` takes it from the tokens.
        endpoint_url: an emulator's address; ``None`` for AWS.
        allow_insecure: whether ``endpoint_url`` may be plain ``http://`` to another machine.
        boto3_session: used to make the client; ``None`` for a new one.
        config: botocore settings that replace this package's: 5 s to connect; 4 s, at later
            attempts 10 s, to read; one request an attempt.
        monotonic: a clock, in seconds, for how long the older call is remembered.

    Raises:
        ConfigurationError: an argument is wrong.
    """

    def __init__(
        self,
        client_id: str,
        *,
        region: str | None = None,
        user_pool_id: str | None = None,
        client_secret: str | None = None,
        device_key: str | None = None,
        remember_device: bool = False,
        username: str | None = None,
        endpoint_url: str | None = None,
        allow_insecure: bool = False,
        boto3_session: Session | None = None,
        config: Config | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        hidden_secret, hidden_url = hidden(client_secret), hidden(endpoint_url)
        del client_secret, endpoint_url  # no traceback shows a secret or a URL's password
        check_text(client_id, "client_id")
        check_optional_text(user_pool_id, "user_pool_id")
        check_optional_text(device_key, "device_key")
        check_optional_text(username, "username")
        checked = checked_secret(hidden_secret, "client_secret")
        self._client = CognitoClient(
            region=region or region_of_pool(user_pool_id),
            endpoint_url=checked_endpoint_url(hidden_url, allow_insecure=allow_insecure),
            allow_insecure=allow_insecure,
            session=boto3_session,
            config=config,
        )
        self.client_id = client_id
        self.user_pool_id = user_pool_id
        self._app = AppClient(
            client=self._client,
            client_id=client_id,
            client_secret=checked,
            user_pool_id=user_pool_id,
        )
        devices = Devices(app=self._app, remember=remember_device)
        self._sign_in = CognitoSignIn(self._app, devices, monotonic)
        self._session_key = SessionKey(
            user_pool_id=user_pool_id, client_id=client_id, username=username
        )
        self._device_key = device_key
        self._username = username
        self._monotonic = monotonic
        self._fallback_until = -1.0

    @property
    def region(self) -> str | None:
        """The user pool's region; ``None`` if it is taken from the tokens."""
        return self._client.region

    @property
    def session_key(self) -> SessionKey:
        """The sessions that this provider renews, as far as configured."""
        return self._session_key

    def refresh(self, tokens: Tokens) -> Grant:
        """Return newer tokens than these; see :class:`TokenProvider`."""
        if tokens.refresh_token is None:
            raise ConfigurationError("There is no refresh token to refresh with.")
        newer, older = self._get_tokens, self._refresh_token_auth
        calls = [newer, older, newer]
        if self._monotonic() < self._fallback_until:
            calls = [older, newer]
        outcome: Grant | AppSyncError = NoSuchOperation("No call was made.")
        for call in calls:
            latest = _outcome(call, tokens)
            if isinstance(latest, NoSuchOperation):
                continue
            outcome = latest
            # A refusal of the older call may mean that rotation is on, and that the newer one is
            # known after all.
            if call is newer or isinstance(outcome, Grant) or not was_refused(outcome):
                break
        if isinstance(outcome, AppSyncError):
            raise outcome
        fell_back = outcome.api == "InitiateAuth"
        self._fallback_until = self._monotonic() + _FALLBACK_SECONDS if fell_back else -1.0
        return outcome

    def sign_in(
        self,
        username: str,
        password: str | None = None,
        *,
        flow: str | None = None,
        before: Tokens | None = None,
    ) -> Grant:
        """Return the first tokens of a session; see :class:`TokenProvider`.

        Args:
            username: the user.
            password: the user's password; ``None`` for ``"USER_AUTH"`` with a code, and for
                ``"CUSTOM_AUTH"`` that begins without one.
            flow: ``"USER_SRP_AUTH"`` (default), ``"USER_PASSWORD_AUTH"``, ``"USER_AUTH"`` or
                ``"CUSTOM_AUTH"``.
            before: the user's former tokens, whose remembered device signs in again.
        """
        secret = hidden(password)
        del password  # no traceback shows it
        check_text(username, "username")
        if isinstance(secret, type):
            raise ConfigurationError(
                f"password must be a str, not {secret.__name__}.", setting="password"
            )
        return self._sign_in.begin(username, secret, flow, Device.of(before))

    def answer(self, challenge: ChallengeRequired, answer: Answer) -> Grant:
        """Answer a challenge that ``sign_in`` or this method raised; see :class:`SignInSteps`."""
        return self._sign_in.answer(challenge, answer)

    def sign_in_with_browser(self, browser: BrowserSignIn) -> Grant:
        """Let the user sign in by a web page; see :class:`BrowserSignIn`."""
        return browser.run(self._app)

    def revoke(self, tokens: Tokens) -> None:
        """Revoke the refresh token and the JWTs issued from it; see :class:`TokenProvider`."""
        if tokens.refresh_token is None:
            return
        parameters = {"ClientId": self.client_id, "Token": tokens.refresh_token}
        if self._app.client_secret:
            parameters["ClientSecret"] = self._app.client_secret
        try:
            self._app.call("revoke_token", parameters, self._error_of_revocation, tokens=tokens)
        except SessionExpired:
            log.debug("The session to be revoked had ended already")
        except NoSuchOperation:
            log.warning("This app client can't revoke tokens: they are valid until they expire.")

    def __repr__(self) -> str:
        # Not all attributes exist when a traceback shows a provider whose __init__ raised.
        client: CognitoClient | None = getattr(self, "_client", None)
        client_id, region = getattr(self, "client_id", None), client.region if client else None
        return f"CognitoProvider({client_id!r}, region={region!r})"

    # -- the calls ------------------------------------------------------------

    def _get_tokens(self, tokens: Tokens) -> Grant:
        # This call takes the client secret itself, not a hash of it.
        given = {
            "ClientId": self.client_id,
            "RefreshToken": tokens.refresh_token,
            "ClientSecret": self._app.client_secret,
            "DeviceKey": self._device(tokens),
        }
        result = self._app.call(
            "get_tokens_from_refresh_token",
            {name: value for name, value in given.items() if value},
            self._error_of_refresh,
            tokens=tokens,
        )
        return grant_of(result, "GetTokensFromRefreshToken", tokens)

    def _refresh_token_auth(self, tokens: Tokens) -> Grant:
        given = {"REFRESH_TOKEN": tokens.refresh_token, "DEVICE_KEY": self._device(tokens)}
        result = self._app.initiate_auth(
            "REFRESH_TOKEN_AUTH",
            {name: value for name, value in given.items() if value},
            error_of_refresh,
            username=self._username or tokens.username,
            tokens=tokens,
        )
        return grant_of(result, "InitiateAuth", tokens)

    # -- their parts ----------------------------------------------------------

    def _error_of_refresh(self, response: ErrorResponse) -> AppSyncError:
        if lacks_operation(response, at_aws=self._client.at_aws):
            return NoSuchOperation("The server does not know GetTokensFromRefreshToken.")
        return error_of_refresh(response)

    def _error_of_revocation(self, response: ErrorResponse) -> AppSyncError:
        no_such = NoSuchOperation("The server does not know RevokeToken.")
        if lacks_operation(response, at_aws=self._client.at_aws):
            return no_such
        return error_of_revocation(response) or no_such

    def _device(self, tokens: Tokens) -> str | None:
        return tokens.device_key or self._device_key


def _outcome(call: Callable[[Tokens], Grant], tokens: Tokens) -> Grant | AppSyncError:
    try:
        return call(tokens)
    except AppSyncError as error:
        return error
