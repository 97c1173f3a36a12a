"""The options that choose an API, which most commands have, and the client that they make.

The client is imported when it is made, so that ``--help`` and a shell's completion do not wait.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..config import PREFIX, ApiConfig, config_of_environment
from ..exceptions import ConfigurationError
from . import profiles
from .settings import OUTPUTS, Choice, FromFile, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..client import AppSyncClient
    from ..store.token_store import TokenStore

__all__ = ["TOKEN_VARIABLE", "ApiOptions", "api_options"]

TOKEN_VARIABLE = f"{PREFIX}TOKEN"
"""The environment variable with the token for the modes ``oidc`` and ``lambda``."""

_Config = Annotated[
    Path | None,
    typer.Option(
        help=f"amplify_outputs.json, amplifyconfiguration.json or aws-exports.js. "
        f"Without: ./{OUTPUTS}, else the profile, else the environment (APPSYNC_URL, …).",
        show_default=False,
    ),
]
_Profile = Annotated[
    str | None,
    typer.Option(help="A configuration that was saved with 'appsync-gql profile save'."),
]
_Auth = Annotated[
    str | None,
    typer.Option(
        metavar="MODE",
        help="api_key, userpool, iam, identity_pool, oidc or lambda. Without: the API's default.",
    ),
]
_User = Annotated[
    str | None,
    typer.Option(help="Whose session, where those of several users are saved."),
]
_Url = Annotated[str | None, typer.Option(help="The GraphQL endpoint, in place of a file.")]
_Region = Annotated[str | None, typer.Option(help="The AWS region, with --url.")]
_UserPool = Annotated[str | None, typer.Option(help="The user pool's id, with --url.")]
_ClientId = Annotated[str | None, typer.Option(help="The app client's id, with --url.")]
_IdentityPool = Annotated[str | None, typer.Option(help="The identity pool's id, with --url.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOptions:
    """The API that the command line names.

    Attributes:
        choice: the configuration.
        auth: the authorization mode; ``None`` for the API's default.
        user: whose saved session; ``None`` for the only one.
        environment: the environment variables.
    """

    choice: Choice
    auth: str | None = None
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def config(self) -> ApiConfig:
        """Return the API's configuration.

        Raises:
            ConfigurationError: there is none, or it is wrong.
        """
        from ..client import read_config  # noqa: PLC0415

        source = source_of(
            self.choice,
            environment=self.environment,
            profiles=profiles.names(),
            folder=profiles.folder(),
            has_outputs=Path(OUTPUTS).exists(),
        )
        if isinstance(source, FromFile):
            found = read_config(source.path)
        else:
            found = config_of_environment(source.variables, PREFIX)
        if found is None:  # source_of() has made sure that there is a URL
            raise ConfigurationError("There is no configuration.", setting="config")
        return replace(found, source=source.name, username=self.user or found.username)

    def mode(self) -> str:
        """Return the name of the authorization mode.

        Raises:
            ConfigurationError: there is no configuration, or it is wrong.
        """
        return self.auth or self.config().default_mode

    def client(self, **transport_arguments: Any) -> AppSyncClient:
        """Return a client for the API.

        Args:
            transport_arguments: as for :class:`AppSyncTransport`.

        Raises:
            ConfigurationError: the configuration lacks something.
        """
        from ..client import connect  # noqa: PLC0415

        config = self.config()
        auth = self.auth or config.default_mode
        if auth in {"oidc", "lambda"}:
            return connect(config, auth=self._auth_with_token(auth), **transport_arguments)
        return connect(config, auth=auth, **transport_arguments)

    def store(self) -> TokenStore:
        """Return the token store of the API's user pool, whatever mode the API has by default.

        Raises:
            ConfigurationError: the API has no user pool.
        """
        from ..client import authorization  # noqa: PLC0415

        store: TokenStore = authorization(self.config(), "userpool", None)  # type: ignore[assignment]
        return store

    def _auth_with_token(self, mode: str) -> object:
        from ..auth.source import LambdaAuth, OidcAuth  # noqa: PLC0415

        token = self.environment.get(TOKEN_VARIABLE)
        if not token:
            raise ConfigurationError(
                f"The mode {mode!r} needs a token in the environment variable {TOKEN_VARIABLE}.",
                setting="auth",
            )
        return OidcAuth(token) if mode == "oidc" else LambdaAuth(token)


def api_options(
    *,
    config: _Config = None,
    profile: _Profile = None,
    auth: _Auth = None,
    user: _User = None,
    url: _Url = None,
    region: _Region = None,
    user_pool_id: _UserPool = None,
    client_id: _ClientId = None,
    identity_pool_id: _IdentityPool = None,
) -> ApiOptions:
    """Return what these options say; see :func:`with_options`."""
    flags = {
        "URL": url,
        "REGION": region,
        "USER_POOL_ID": user_pool_id,
        "CLIENT_ID": client_id,
        "IDENTITY_POOL_ID": identity_pool_id,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    return ApiOptions(
        choice=Choice(config=config, profile=profile, flags=given),
        auth=auth,
        user=user,
        environment=os.environ,
    )
