"""Tokens for programs that sign in as themselves, without a user (RFC 6749, 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..endpoint import check_service_url
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed
from ..pickling import not_pickled
from ..secret import hidden
from .cognito_settings import check_text, checked_secret
from .token_endpoint import token_response

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ClientCredentials"]


class ClientCredentials:
    """A source for :class:`OidcAuth`: access tokens of an app client, by client credentials.

    ::

        source = ClientCredentials(
            "https://….auth.eu-west-1.amazoncognito.com",
            client_id="…",
            client_secret=os.environ["CLIENT_SECRET"],
            scopes=["todos/read"],
        )
        AppSyncTransport(url, auth=OidcAuth(source))

    The app client must allow the ``client_credentials`` grant, and have a secret and a scope of a
    resource server. There is no refresh token: ``OidcAuth`` asks for a new token 30 seconds
    before the old one expires, and after a refusal. AppSync takes the tokens in the mode of
    Cognito user pools; they have no user name.
    https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html

    Args:
        domain: of the user pool, ``https://``; ``http://`` only for this machine.
        client_id: of the app client.
        client_secret: its secret.
        scopes: what is asked for; empty for all that the app client may have.
        timeout: seconds that the token endpoint may take.

    Raises:
        ConfigurationError: an argument is wrong.
    """

    def __init__(
        self,
        domain: str,
        *,
        client_id: str,
        client_secret: str,
        scopes: Sequence[str] = (),
        timeout: float = 10.0,
    ) -> None:
        secret = hidden(client_secret)
        del client_secret  # no traceback shows it
        checked = checked_secret(secret, "client_secret")
        if checked is None:
            raise ConfigurationError(
                "client_secret is needed: the grant is only for app clients with a secret.",
                setting="client_secret",
            )
        check_text(client_id, "client_id")
        if isinstance(scopes, str):
            raise ConfigurationError(
                'scopes is a list: ["resource-server/scope"].', setting="scopes"
            )
        check_service_url(domain, setting="domain")
        self._domain, self._timeout = domain, timeout
        self._form = {"grant_type": "client_credentials", "client_id": client_id}
        if scopes:
            self._form["scope"] = " ".join(scopes)
        self._form["client_secret"] = checked

    __reduce__ = not_pickled

    def __repr__(self) -> str:
        client_id = getattr(self, "_form", {}).get("client_id")  # without, if __init__ failed
        return f"<ClientCredentials {client_id} at {getattr(self, '_domain', None)}>"

    def __call__(self) -> str:
        """Return a new access token. Blocks; ``OidcAuth`` calls it on a worker thread.

        Raises:
            ConfigurationError: the app client's settings are not accepted.
            RenewalFailed: the token endpoint can't be reached, or failed.
        """
        found = token_response(self._domain, self._form, timeout=self._timeout)
        if isinstance(found, AppSyncError):
            raise found
        token: str | None = found.get("access_token")
        if not token:
            raise RenewalFailed("The token endpoint sent no access token.", kind="server")
        return token
