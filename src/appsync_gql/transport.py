"""The gql transport: authorize → send → classify the response → replay at most once."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportAlreadyConnected
from gql.transport.file_upload import close_files

from .auth.adapters import authorizer_of
from .compat.gql import in_reconnecting_session, printed_request
from .endpoint import ApiHosts, check_endpoint
from .http.arguments import authorization_of, check_arguments, check_closing, check_functions
from .http.batch import execute_each
from .http.executor import Executor
from .http.json import reader_of_bytes
from .http.pool import SessionPool
from .http.request import prepare, signable_request
from .http.request_body import text_of
from .http.response import Classifier, Replay
from .http.sender import Sender
from .http.session import session_arguments, socket_session_arguments, warn_of_headers
from .pickling import not_pickled
from .realtime.stream import Subscriptions
from .secret import arguments_hidden

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from ssl import SSLContext

    from aiohttp.typedefs import LooseCookies, LooseHeaders
    from gql import GraphQLRequest
    from gql.transport.appsync_auth import AppSyncAuthentication
    from graphql import ExecutionResult

    from .auth.base import Auth, SigningAuth
    from .events import RealtimeListener
    from .realtime.handshake import RealtimeAuth
    from .realtime.settings import RealtimeSettings

__all__ = ["AppSyncTransport"]


class AppSyncTransport(AIOHTTPTransport):
    """gql's ``AIOHTTPTransport``, which gets its authorization right before each request.

    With ``auth=None`` it behaves as its parent does. With a :class:`TokenStore` every request
    carries a token that is alive, and one that AppSync refuses all the same is sent once more
    with a newer token. Redirects are not followed, since a token would be sent along. It serves
    any number of tasks, threads and event loops at once; each loop has its own connections.

    Args:
        url: the API's GraphQL endpoint.
        auth: the authorization mode, for example a :class:`TokenStore`; ``None`` for none.
        replay: which requests may be sent twice; see :class:`Replay`.
        allow_insecure: permit ``http://`` to other machines than this one.
        classify: a function that classifies responses, for a backend that refuses in another
            way than AppSync; where it returns ``None``, AppSync's rules apply.
        headers: sent with every request, as are ``cookies``; an ``Authorization`` or
            ``x-api-key`` only with requests without another authorization: ``auth=`` wins over
            it, with a warning. These and the arguments after them are the parent's.
        timeout: seconds for one POST; ``None`` for aiohttp's 300. AppSync ends one after 30 s.
        json_serialize: with the default, as with ``json_deserialize``, msgspec and orjson are
            used where ``appsync-gql[fast]`` is installed, with the results of ``json``.
        keep_open: whether idle connections stay open after :meth:`close` for up to 15 s, for
            the next session on the same event loop, as ``execute_async`` opens one for every
            call. They are closed with their loop (by ``shutdown_asyncgens()``, which
            ``asyncio.run`` calls) or thread at the latest; not with a connector of your own.
        api_host: for a private API whose URL has the host of a VPC endpoint, the API's own host
            (``….appsync-api.eu-west-1.amazonaws.com``); ``None`` if the URL has it.
        realtime_url: the real-time endpoint; ``None`` to derive it from ``url``.
        realtime_auth: ``"query"`` puts the token of a handshake into the URL, for emulators.
        realtime: timeouts and other settings of subscriptions; see :class:`RealtimeSettings`.
        on_event: called with the real-time events of :mod:`appsync_gql.events`, on a thread.

    Raises:
        ConfigurationError: an argument can't be used.
        InsecureEndpoint: the URL is ``http://`` to another machine.
    """

    @arguments_hidden
    def __init__(
        self,
        url: str,
        *,
        auth: Auth | SigningAuth | aiohttp.BasicAuth | AppSyncAuthentication | None = None,
        replay: Replay | str = Replay.REFUSED_AND_DENIED,
        allow_insecure: bool = False,
        classify: Classifier | None = None,
        headers: LooseHeaders | None = None,
        cookies: LooseCookies | None = None,
        ssl: SSLContext | bool | aiohttp.Fingerprint = True,
        timeout: int | None = None,
        ssl_close_timeout: float | None = 10,
        json_serialize: Callable[..., str] = json.dumps,
        json_deserialize: Callable[..., Any] = json.loads,
        client_session_args: dict[str, Any] | None = None,
        keep_open: bool = True,
        api_host: str | None = None,
        realtime_url: str | None = None,
        realtime_auth: RealtimeAuth = "subprotocol",
        realtime: RealtimeSettings | None = None,
        on_event: RealtimeListener | None = None,
    ) -> None:
        check_endpoint(str(url), allow_insecure=allow_insecure)  # a yarl.URL works too
        check_arguments(
            headers=headers, cookies=cookies, timeout=timeout, ssl=ssl, session=client_session_args
        )
        check_functions(classify=classify, on_event=on_event)
        check_closing(ssl_close_timeout=ssl_close_timeout, keep_open=keep_open)
        check_functions(json_serialize=json_serialize, json_deserialize=json_deserialize)
        self._hosts = hosts = ApiHosts.of(str(url), api_host=api_host, realtime_url=realtime_url)
        basic = auth if isinstance(auth, aiohttp.BasicAuth) else None
        self.authorization: Any = auth
        self.authorizer = None if auth is None or basic else authorizer_of(auth)
        self._pool = SessionPool(
            partial(session_arguments, self, hosts.request_headers, self.authorizer is not None),
            keep_open=keep_open and not (client_session_args or {}).get("connector"),
            ssl_close_timeout=ssl_close_timeout,
        )
        super().__init__(
            url,
            headers=headers,
            cookies=cookies,
            auth=basic,
            ssl=ssl,
            timeout=timeout,
            ssl_close_timeout=ssl_close_timeout,
            json_serialize=json_serialize,
            json_deserialize=json_deserialize,
            client_session_args=client_session_args,
        )
        if self.authorizer is not None:
            warn_of_headers(self)
        self._executor = Executor(
            Sender(json_deserialize),
            self._pool.opened,
            replay=Replay.of(replay),
            classifier=classify,
            signable=partial(signable_request, self, hosts.url),
        )
        self._subscriptions = Subscriptions(
            hosts.url,
            realtime_url=hosts.realtime_url,
            realtime_auth=realtime_auth,
            settings=realtime,
            ssl=ssl,
            loads=reader_of_bytes(json_deserialize) or json_deserialize,
            listener=on_event,
            allow_insecure=allow_insecure,
            signed_headers=hosts.handshake_headers,
        )

    __reduce__ = not_pickled

    # -- sessions ------------------------------------------------------------------------

    @property
    def session(self) -> aiohttp.ClientSession | None:
        """The aiohttp session of the running event loop; ``None`` if it is not connected."""
        try:
            found = self._pool.current()
        except RuntimeError:  # no loop is running
            found = self._pool.any_open()
        return None if found is None else found.session

    @session.setter  # gql has a variable here
    def session(self, value: object) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Ignore what the parent's constructor assigns: sessions are the pool's."""

    async def connect(self) -> None:
        """Open the session of the running event loop, on connections that are open already.

        Raises:
            TransportAlreadyConnected: it is open, and ``auth`` is ``None``, as in the parent.
        """
        if self.authorizer is None and self._pool.current() is not None:
            raise TransportAlreadyConnected("Transport is already connected")
        if in_reconnecting_session():
            self._executor.forbid_repeats()
        await self._pool.open()

    async def close(self) -> None:
        """End the subscriptions and the session; see ``keep_open``."""
        try:  # the reconnecting session connects again at once: its subscriptions go on
            if not in_reconnecting_session():
                await self._subscriptions.close()
        finally:
            await self._pool.close()

    def _socket_arguments(self) -> dict[str, Any]:
        """Return the arguments for the aiohttp session of sockets."""
        self._pool.opened()
        return socket_session_arguments(self, self._hosts.handshake_headers)

    # -- requests ------------------------------------------------------------------------

    async def execute(
        self,
        request: GraphQLRequest,
        *,
        extra_args: dict[str, Any] | None = None,
        upload_files: bool = False,
    ) -> ExecutionResult:
        """Execute a query or mutation; called by ``execute`` of a gql client or session.

        Args:
            request: what to execute.
            extra_args: more arguments of aiohttp's ``post``. Its ``headers`` are sent on the
                replay too; an ``Authorization`` or ``x-api-key`` among them replaces the
                transport's authorization. ``auth``: another authorization for this request.
            upload_files: send variables that are files in a multipart body. AppSync accepts
                none; such a request is never sent twice.

        Returns:
            The result, with GraphQL errors in it as gql expects.

        Raises:
            Denied: a permission is missing; the response's data is in the error.
            Refused: AppSync does not accept the tokens, nor newer ones.
            OutcomeUnknown: a mutation may or may not have been executed.
            ConnectionFailed: AppSync could not be reached, or a query's response was lost.
            Throttled, BlockedByWaf, BadRequest, ServerFailed: as their names say.
            SessionExpired, RenewalFailed, ConfigurationError: there is no token to send.
        """
        authorizer, extra_args = authorization_of(extra_args, self.authorizer, self)
        if authorizer is None and self.authorizer is None:
            request = printed_request(request, text_of)
            return await super().execute(request, extra_args=extra_args, upload_files=upload_files)
        opened = self._pool.opened()
        prepared = prepare(self, request, extra_args, upload_files=upload_files)
        files = list(self.files.values()) if upload_files else []  # another upload replaces them
        try:
            result, self.response_headers = await self._executor.execute(
                opened, prepared, authorizer
            )
        finally:
            if files:
                close_files(files)
        return result

    async def execute_batch(
        self, reqs: list[GraphQLRequest], extra_args: dict[str, Any] | None = None
    ) -> list[ExecutionResult]:
        """Execute several requests. AppSync accepts no arrays, so each is sent on its own.

        Ten are under way at a time. A request that failed has its error in its own result.

        Args:
            reqs: what to execute.
            extra_args: as for :meth:`execute`.

        Returns:
            The results, in the order of the requests.

        Raises:
            TransportError: all requests failed in the same way; the first one's error.
        """
        if self.authorizer is None and "auth" not in (extra_args or {}):
            return await super().execute_batch(reqs, extra_args)
        return await execute_each(partial(self.execute, extra_args=extra_args), reqs)

    def subscribe(
        self,
        request: GraphQLRequest,
        *,
        auth: Auth | SigningAuth | AppSyncAuthentication | None = None,
        **options: Any,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Subscribe at AppSync's real-time endpoint; called by ``subscribe`` of a gql session.

        The subscription continues through token renewals and lost connections.

        Args:
            request: one subscription.
            auth: another authorization for this subscription than the transport's.
            options: ``gaps=True``: yield a :class:`Gap` where events may have been missed.
                ``on_gap=``: called with it, async or not, before anything that came later.
                ``buffer=1000``: how many events wait for the consumer at most.
                ``on_full="drop_oldest"``: then the oldest is dropped, which leaves a gap;
                ``"fail"``: the subscription ends with ``SubscriptionOverflow``; ``"wait"``: it
                has a connection of its own, and the server has to wait.

        Raises:
            Denied, Refused, BadRequest: AppSync does not let the caller subscribe.
            ServerFailed, TransportConnectionFailed: the first start or connection failed.
            SessionExpired, RenewalFailed, ConfigurationError: there is no token.
            SubscriptionOverflow: see ``on_full``.
            TransportClosed: the transport is not connected, or was closed meanwhile.
        """
        given = self.authorization if auth is None else auth
        if self.authorizer is None and auth is None:
            return super().subscribe(request, **options)
        self._pool.opened()
        return self._subscriptions.subscribe(request, given, self._socket_arguments, **options)
