"""Amazon Cognito user pools, through boto3. Nothing else talks to Cognito."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
from typing import TYPE_CHECKING, Any

from ..boto3_client import client_for
from ..exceptions import ConfigurationError, MissingExtra, SessionExpired
from ..secret import Secret
from ..session_key import SessionKey
from .cognito_api import NoSuchCall, call, challenge_of, grant_of
from .cognito_errors import lacks_call, revoke_error, sign_in_error, sort_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boto3.session import Session
    from botocore.config import Config
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from ..tokens import Tokens
    from .base import Grant

__all__ = ["CognitoProvider"]

log = logging.getLogger(__name__)

_POOL_ID = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d+)_[0-9A-Za-z]+\Z")
_ISSUER = re.compile(r"https://cognito-idp\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/")


class CognitoProvider:
    """Signs users of a Cognito user pool in and renews their tokens.

    Renewal is ``GetTokensFromRefreshToken``, which works with refresh-token
    rotation on or off; where an endpoint lacks that call (older emulators),
    ``InitiateAuth`` with ``REFRESH_TOKEN_AUTH``, which is then remembered.

    Blocking by design: the token store calls it on a worker thread. Providers
    with equal settings share one boto3 client. No AWS credentials are needed.

    Args:
        client_id: the app client.
        region: the user pool's region; ``None`` takes it from ``user_pool_id``
            or, at the first renewal, from the tokens' ``iss``.
        user_pool_id: needed to sign in with SRP.
        client_secret: of an app client that has one.
        device_key: where the pool remembers devices; ``Tokens.device_key`` comes first.
        username: the pool's own name of the user, for the secret hash of the
            older call; ``None`` takes it from the tokens.
        endpoint_url: an emulator's address; ``None`` for AWS.
        boto3_session: used to make the client; ``None`` for a plain one.
        config: botocore settings laid over this package's (standard retries,
            5 s to connect, 10 s to read).

    Raises:
        ConfigurationError: an argument is empty or contradicts another.
    """

    def __init__(
        self,
        client_id: str,
        *,
        region: str | None = None,
        user_pool_id: str | None = None,
        client_secret: str | None = None,
        device_key: str | None = None,
        username: str | None = None,
        endpoint_url: str | None = None,
        boto3_session: Session | None = None,
        config: Config | None = None,
    ) -> None:
        if not client_id:
            raise ConfigurationError("client_id is empty.", setting="client_id")
        self.client_id = client_id
        self.user_pool_id = user_pool_id
        self.region = _region(region, user_pool_id)
        self._client_secret = None if client_secret is None else Secret(client_secret)
        self._device_key = device_key
        self._username = username
        self._endpoint_url = endpoint_url
        self._boto3_session = boto3_session
        self._config = config
        self._lacks_new_call = False
        self._kept: CognitoIdentityProviderClient | None = None

    @property
    def session_key(self) -> SessionKey:
        """Whose sessions this provider renews, as far as it was told."""
        return SessionKey(
            user_pool_id=self.user_pool_id, client_id=self.client_id, username=self._username
        )

    def refresh(self, tokens: Tokens) -> Grant:
        """Get newer tokens for these; see :class:`TokenProvider`."""
        if tokens.refresh_token is None:
            raise ConfigurationError("There is no refresh token to refresh with.")
        client = self._client(tokens)
        if not self._lacks_new_call:
            try:
                return self._get_tokens(client, tokens)
            except NoSuchCall:
                log.info("No GetTokensFromRefreshToken at this endpoint: REFRESH_TOKEN_AUTH it is")
                self._lacks_new_call = True
        return self._refresh_token_auth(client, tokens)

    def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Grant:
        """Get the first tokens of a session; see :class:`TokenProvider`.

        Args:
            username: the user.
            password: the user's password.
            flow: ``"USER_SRP_AUTH"`` (default) or ``"USER_PASSWORD_AUTH"``.
        """
        flow = flow or "USER_SRP_AUTH"
        if flow not in {"USER_SRP_AUTH", "USER_PASSWORD_AUTH"}:
            raise ConfigurationError(
                'flow is "USER_SRP_AUTH" or "USER_PASSWORD_AUTH".', setting="flow"
            )
        client = self._client(None)
        if flow == "USER_SRP_AUTH":
            answer = self._srp(client, username, password)
        else:
            parameters = {"USERNAME": username, "PASSWORD": password}
            self._add_secret_hash(parameters, username)
            answer = call(
                sign_in_error,
                client.initiate_auth,
                ClientId=self.client_id,
                AuthFlow=flow,
                AuthParameters=parameters,
            )
        if answer.get("ChallengeName"):
            raise challenge_of(answer, username)
        return grant_of(answer, flow)

    def revoke(self, tokens: Tokens) -> None:
        """Revoke the refresh token and all that came of it; see :class:`TokenProvider`."""
        if tokens.refresh_token is None:
            return
        secret = {"ClientSecret": self._client_secret} if self._client_secret else {}
        try:
            call(
                self._revoke_error,
                self._client(tokens).revoke_token,
                ClientId=self.client_id,
                Token=tokens.refresh_token,
                **secret,
            )
        except SessionExpired:
            log.debug("The session to be revoked was over already")
        except NoSuchCall:
            log.warning("This app client can't revoke tokens: they live until they expire.")

    def __repr__(self) -> str:
        return f"CognitoProvider({self.client_id!r}, region={self.region!r})"

    # -- the calls ------------------------------------------------------------

    def _get_tokens(self, client: CognitoIdentityProviderClient, tokens: Tokens) -> Grant:
        # The plain client secret here, no hash of it.
        optional = {"ClientSecret": self._client_secret, "DeviceKey": self._device(tokens)}
        answer = call(
            self._refresh_error,
            client.get_tokens_from_refresh_token,
            ClientId=self.client_id,
            RefreshToken=tokens.refresh_token,
            **{name: value for name, value in optional.items() if value},
        )
        return grant_of(answer, "GetTokensFromRefreshToken", tokens)

    def _refresh_token_auth(self, client: CognitoIdentityProviderClient, tokens: Tokens) -> Grant:
        parameters = {"REFRESH_TOKEN": str(tokens.refresh_token)}
        if device_key := self._device(tokens):
            parameters["DEVICE_KEY"] = device_key
        self._add_secret_hash(parameters, self._username or tokens.username)
        answer = call(
            sort_error,
            client.initiate_auth,
            ClientId=self.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters=parameters,
        )
        return grant_of(answer, "InitiateAuth", tokens)

    def _srp(
        self, client: CognitoIdentityProviderClient, username: str, password: str
    ) -> Mapping[str, Any]:
        if not self.user_pool_id:
            raise ConfigurationError(
                "Signing in with SRP needs CognitoProvider(user_pool_id=…).", setting="user_pool_id"
            )
        try:
            from pycognito.aws_srp import AWSSRP  # noqa: PLC0415
        except ImportError as error:
            raise MissingExtra(
                'Signing in with SRP needs pycognito: pip install "appsync-gql[srp]"'
            ) from error
        secret = None if self._client_secret is None else str(self._client_secret)
        srp = AWSSRP(
            username=username,
            password=password,
            pool_id=self.user_pool_id,
            client_id=self.client_id,
            client=client,
            client_secret=secret,
        )
        parameters = srp.get_auth_params()
        answer = call(
            sign_in_error,
            client.initiate_auth,
            ClientId=self.client_id,
            AuthFlow="USER_SRP_AUTH",
            AuthParameters=parameters,
        )
        if answer.get("ChallengeName") != "PASSWORD_VERIFIER":
            return answer
        return call(
            sign_in_error,
            client.respond_to_auth_challenge,
            ClientId=self.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=srp.process_challenge(answer["ChallengeParameters"], parameters),
        )

    # -- small things -----------------------------------------------------------

    def _client(self, tokens: Tokens | None) -> CognitoIdentityProviderClient:
        region = self.region
        if region is None and tokens is not None and tokens.any_claims is not None:
            found = _ISSUER.match(tokens.any_claims.issuer or "")
            region = found.group(1) if found else None
        if region is None:
            raise ConfigurationError(
                "Which region is the user pool in? Give CognitoProvider region= or user_pool_id=.",
                setting="region",
            )
        client: CognitoIdentityProviderClient = client_for(
            "cognito-idp", region, self._endpoint_url, self._boto3_session, self._config
        )
        self._kept = client
        return client

    def _refresh_error(
        self, code: str, message: str, status: int, request_id: str | None
    ) -> Exception:
        if lacks_call(code, status, emulated=self._endpoint_url is not None):
            return NoSuchCall()
        return sort_error(code, message, status, request_id)

    def _revoke_error(
        self, code: str, message: str, status: int, request_id: str | None
    ) -> Exception:
        if lacks_call(code, status, emulated=self._endpoint_url is not None):
            return NoSuchCall()
        return revoke_error(code, message, status, request_id) or NoSuchCall()

    def _device(self, tokens: Tokens) -> str | None:
        return tokens.device_key or self._device_key

    def _add_secret_hash(self, parameters: dict[str, str], username: str | None) -> None:
        if self._client_secret is None:
            return
        if not username:
            raise ConfigurationError(
                "The app client has a secret, and its hash needs the pool's own name of the user: "
                "give CognitoProvider username=, or Tokens with an access or ID token.",
                setting="username",
            )
        # https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html#cognito-user-pools-computing-secret-hash
        text = (username + self.client_id).encode()
        digest = hmac.new(self._client_secret.encode(), text, hashlib.sha256).digest()
        parameters["SECRET_HASH"] = base64.b64encode(digest).decode()


def _region(region: str | None, user_pool_id: str | None) -> str | None:
    if user_pool_id is None:
        return region
    found = _POOL_ID.match(user_pool_id)
    if found is None:
        # An emulator's pool may have any name; then the region must be given.
        return region
    if region is not None and region != found.group(1):
        raise ConfigurationError(
            f"region={region!r} contradicts user_pool_id={user_pool_id!r}.", setting="region"
        )
    return found.group(1)
