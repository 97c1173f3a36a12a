"""A gql client whose synchronous methods work everywhere, and the function that makes it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gql import Client

from .background_loop import background_loop
from .blocking import BlockingAppSyncTransport
from .config import (
    PREFIX,
    ApiConfig,
    config_of,
    config_of_environment,
    config_of_text,
)
from .exceptions import ConfigurationError
from .pickling import not_pickled
from .secret import Secret, arguments_hidden
from .transport import AppSyncTransport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from gql import GraphQLRequest
    from gql.client import SyncClientSession
    from graphql import GraphQLSchema

    from .events import Listener
    from .persistence.base import TokenPersistence
    from .store.token_store import TokenStore

__all__ = ["AppSyncClient", "authorization", "connect", "read_config"]


_BY_OBJECT = {"oidc": "OidcAuth(source)", "lambda": "LambdaAuth(source)"}


class AppSyncClient(Client):
    """gql's ``Client``, whose ``execute`` and ``subscribe`` work in any thread and any loop.

    ``execute``, ``execute_batch``, ``subscribe`` and ``with client`` are synchronous: in a
    script, in any thread, and inside a running event loop such as a notebook's.
    ``execute_async``, ``subscribe_async``, ``async with client`` are gql's, on the caller's loop.

    Args:
        transport: an :class:`AppSyncTransport` or :class:`BlockingAppSyncTransport`.
        client_arguments: as for gql's ``Client``: ``schema``, ``parse_results``, ….

    Attributes:
        auth: the transport's authorization mode; ``None`` without.

    Raises:
        ConfigurationError: it is another transport.
    """

    def __init__(
        self,
        *,
        transport: AppSyncTransport | BlockingAppSyncTransport,
        **client_arguments: Any,
    ) -> None:
        if isinstance(transport, BlockingAppSyncTransport):
            self._blocking = transport
        elif isinstance(transport, AppSyncTransport):
            self._blocking = BlockingAppSyncTransport.over(transport)
        else:
            raise ConfigurationError(
                "transport is an AppSyncTransport or a BlockingAppSyncTransport, not "
                f"{type(transport).__name__}.",
                setting="transport",
            )
        super().__init__(transport=self._blocking.transport, **client_arguments)
        # gql's client is synchronous or asynchronous by its transport: this one has both.
        self._synchronous = Client(transport=self._blocking, **client_arguments)
        self.auth = self._blocking.transport.authorization

    __reduce__ = not_pickled

    def execute(self, request: GraphQLRequest, **arguments: Any) -> Any:
        """Execute a query or mutation and return its data; see gql's ``Client.execute``."""
        return self._synchronous.execute(request, **arguments)

    def execute_batch(self, requests: list[GraphQLRequest], **arguments: Any) -> Any:
        """Execute several requests and return their data; see gql's ``Client.execute_batch``."""
        return self._synchronous.execute_batch(requests, **arguments)

    def execute_sync(self, request: GraphQLRequest, **arguments: Any) -> Any:
        """Execute a query or mutation; the same as :meth:`execute`."""
        return self._synchronous.execute(request, **arguments)

    def connect_sync(self) -> SyncClientSession:
        """Return a synchronous session, as ``with client as session`` does."""
        session: SyncClientSession = self._synchronous.connect_sync()  # type: ignore[no-untyped-call]
        self.schema = self._synchronous.schema
        return session

    def close_sync(self) -> None:
        """End a synchronous session; connections stay open for later calls."""
        self._synchronous.close_sync()  # type: ignore[no-untyped-call]

    def subscribe(self, request: GraphQLRequest, **arguments: Any) -> Generator[Any, None, None]:
        """Yield the results of a subscription, until it ends or the loop is left.

        Args:
            request: one subscription.
            arguments: as for gql's ``Client.subscribe`` and
                :meth:`AppSyncTransport.subscribe`.
        """
        results: AsyncGenerator[Any, None] = self.subscribe_async(request, **arguments)
        try:
            while (result := background_loop.run(_next(results))) is not _END:
                yield result
        finally:
            background_loop.finish(results)

    def close(self) -> None:
        """Close the connections of synchronous calls; a later call opens new ones."""
        self._blocking.disconnect()


_END = object()


async def _next(results: AsyncGenerator[Any, None]) -> Any:
    """Return the next result; called in the loop, so that the generator belongs to it."""
    return await anext(results, _END)


@arguments_hidden
def connect(
    config: str | os.PathLike[str] | Mapping[str, Any] | ApiConfig | None = None,
    *,
    url: str | None = None,
    auth: object | None = None,
    persistence: TokenPersistence | None = None,
    schema: GraphQLSchema | str | None = None,
    **transport_arguments: Any,
) -> AppSyncClient:
    """Return a client for an API: a gql ``Client`` that works in scripts, threads and notebooks.

    Nothing is sent before the first request.

    Args:
        config: the path of ``amplify_outputs.json``, ``amplifyconfiguration.json`` or
            ``aws-exports.js``, or its content; ``None``: from the environment variables
            ``APPSYNC_URL``, ``APPSYNC_AUTH``, ``APPSYNC_API_KEY``, ``APPSYNC_REGION``,
            ``APPSYNC_USER_POOL_ID``, ``APPSYNC_CLIENT_ID``, ``APPSYNC_IDENTITY_POOL_ID``,
            ``APPSYNC_USERNAME`` (whose saved session), unless ``url`` is given. Whatever the
            configuration, ``APPSYNC_CLIENT_SECRET`` is the secret of the user pool's app client.
        url: the GraphQL endpoint, in place of the configuration's.
        auth: an authorization mode by its name (``"api_key"``, ``"userpool"``, ``"iam"``,
            ``"identity_pool"``), or an object such as ``OidcAuth(source)``; ``None`` for the
            API's default mode.
        persistence: where the sessions of the user pool are kept; ``None`` for a file in the
            user's data folder, so that a session signed in once serves the next program.
        schema: of the API, for gql's client: queries are checked before they are sent, and
            ``execute(…, parse_result=True, serialize_variables=True)`` converts scalars. For
            those of AWS, pass ``add_aws_scalars(sdl)``. ``None``: AppSync checks queries.
        transport_arguments: as for :class:`AppSyncTransport`. ``on_event`` is called with the
            events of the user pool's token store, too.

    Raises:
        ConfigurationError: there is no configuration, or something is missing in it.
    """
    found = None
    if config is not None or url is None or isinstance(auth, str):
        found = read_config(config)
    if found is None and url is None:
        raise ConfigurationError(
            "connect() needs an API: pass the path of an amplify_outputs.json, or url= and auth=, "
            f"or set {PREFIX}URL.",
            setting="config",
        )
    if found is not None and (auth is None or isinstance(auth, str)):
        listener = transport_arguments.get("on_event")
        auth = authorization(found, auth, persistence, on_event=listener)
    elif isinstance(auth, str):
        raise ConfigurationError(
            f"auth={auth!r} needs a configuration; pass an object instead.", setting="auth"
        )
    endpoint = url or (found.url if found is not None else "")
    transport = AppSyncTransport(endpoint, auth=auth, **transport_arguments)  # type: ignore[arg-type]
    return AppSyncClient(transport=transport, schema=schema)


def read_config(
    config: str | os.PathLike[str] | Mapping[str, Any] | ApiConfig | None,
) -> ApiConfig | None:
    """Return a configuration as :func:`connect` takes it; ``None`` if there is none.

    Raises:
        ConfigurationError: the file can't be read, or something is missing in it.
    """
    if config is None:
        return config_of_environment(os.environ, PREFIX)
    if isinstance(config, ApiConfig):
        return config
    if isinstance(config, Mapping):
        return config_of(config, "The configuration")
    if not isinstance(config, str | os.PathLike):
        raise ConfigurationError(
            "connect() takes the path of a configuration file, or its content as a dict; not "
            f"{type(config).__name__}.",
            setting="config",
        )
    path = Path(config)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigurationError(f"{path} can't be read: {why}.", setting="config") from None
    return config_of_text(text, path.name)


def authorization(
    config: ApiConfig,
    mode: str | None,
    persistence: TokenPersistence | None,
    *,
    on_event: Listener | None = None,
) -> object:
    """Return the authorization mode of a configuration.

    Args:
        config: the configuration.
        mode: which of its modes; ``None`` for the default one.
        persistence: where the sessions of the user pool are kept; ``None`` for the default file.
        on_event: called with the events of the user pool's token store.

    Raises:
        ConfigurationError: the configuration lacks what the mode needs.
    """
    # Each mode imports what it needs, so that a query with an API key imports no boto3.
    mode = config.default_mode if mode is None else mode
    if mode == "api_key":
        from .auth.api_key import ApiKeyAuth  # noqa: PLC0415

        return ApiKeyAuth(config.needed("api_key", mode))
    if mode == "iam":
        from .auth.iam import IamAuth  # noqa: PLC0415

        return IamAuth(region=config.region)
    if mode == "userpool":
        return _token_store(config, persistence, on_event)
    if mode == "identity_pool":
        from .auth.identity_pool import IdentityPoolAuth  # noqa: PLC0415

        store = _token_store(config, persistence, on_event) if config.client_id else None
        pool_id = config.needed("identity_pool_id", mode)
        return IdentityPoolAuth(store, pool_id, region=config.region)
    if mode in _BY_OBJECT:
        raise ConfigurationError(
            f"The mode {mode!r} needs a source of tokens: pass auth={_BY_OBJECT[mode]}.",
            setting="auth",
        )
    raise ConfigurationError(
        f"There is no authorization mode {mode!r}; {config.source} has {', '.join(config.modes)}.",
        setting="auth",
    )


def _token_store(
    config: ApiConfig, persistence: TokenPersistence | None, on_event: Listener | None
) -> TokenStore:
    from .persistence.file import FilePersistence  # noqa: PLC0415
    from .providers.cognito import CognitoProvider  # noqa: PLC0415
    from .store.token_store import TokenStore  # noqa: PLC0415

    # Amplify's files have no client secret, and command lines must not.
    secret = os.environ.get(f"{PREFIX}CLIENT_SECRET")
    provider = CognitoProvider(
        config.needed("client_id", "userpool"),
        client_secret=Secret(secret) if secret else None,
        user_pool_id=config.needed("user_pool_id", "userpool"),
        region=config.user_pool_region,
        username=config.username,
    )
    return TokenStore(provider, persistence=persistence or FilePersistence(), on_event=on_event)
