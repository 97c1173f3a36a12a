"""The gql transport: headers → send → read the answer → replay at most once."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import aiohttp
from gql.transport.appsync_auth import AppSyncAuthentication
from gql.transport.exceptions import TransportConnectionFailed, TransportError
from gql.transport.file_upload import close_files
from multidict import CIMultiDict

from .auth.base import Auth, Headers
from .endpoint import check_endpoint, check_ssl
from .exceptions import AppSyncError, ConfigurationError, OutcomeUnknown
from .http.errors import as_result, error_of
from .http.json import reader_of_bytes
from .http.lean import LeanTransport, arrived, is_about_to_connect_again, read_with
from .http.response import Classifier, NoResult, Replay, Verdict, is_query, may_replay, result_of
from .realtime.stream import Subscriptions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from ssl import SSLContext

    from aiohttp.typedefs import LooseCookies, LooseHeaders
    from gql import GraphQLRequest
    from graphql import ExecutionResult

    from .events import RealtimeListener
    from .http.lean import Post
    from .realtime.handshake import RealtimeAuth
    from .realtime.settings import RealtimeSettings

__all__ = ["AppSyncTransport"]

_BATCH_AT_ONCE = 10
"""Requests of one ``execute_batch`` that are under way at the same time."""

_NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    aiohttp.ServerFingerprintMismatch,
)
"""What aiohttp raises before a byte of the request has left."""

_NONE: Headers = {}


class AppSyncTransport(LeanTransport):
    """gql's ``AIOHTTPTransport``, with headers that are asked for at the last moment.

    With ``auth=None``, or with one of gql's own auth objects, it behaves as its
    parent does. With a :class:`TokenStore` every request carries a token that
    is alive, and one that AppSync refuses all the same is sent once more with a
    newer token. One call makes two POSTs at the most. Redirects are not
    followed, since a token would go along.

    Args:
        url: the API's GraphQL endpoint.
        auth: what gives headers to requests; ``None`` for none.
        replay: which requests may be sent twice; see :class:`Replay`.
        allow_insecure: permit ``http://`` to other machines than this one.
        classify: your own reading of answers, for a backend that refuses in
            another way; where it returns ``None``, AppSync's applies.
        headers: sent with every request, as are ``cookies``. These and the
            arguments after them are the parent's.
        timeout: seconds for one POST; ``None`` for aiohttp's 300, or little more.
            AppSync itself ends an operation after 30 s.
        json_serialize: leave it, and ``json_deserialize``, as they are: then msgspec
            and orjson do the work where ``pip install "appsync-gql[fast]"`` brought
            them, with the results of ``json``.
        keep_open: whether idle connections outlive :meth:`close` by up to 15 s, for the
            next session on the same event loop, as ``execute_async`` opens one for
            every call. They are closed with their loop at the latest, by its
            ``shutdown_asyncgens()``: ``asyncio.run`` calls that, and who closes a loop
            by hand should. A connector of your own in ``client_session_args`` is yours.
        realtime_url: the real-time endpoint; ``None`` to make it from ``url``.
        realtime_auth: how subscriptions prove who they are at the handshake:
            ``"query"`` puts the token into the URL, for emulators that know
            nothing else.
        realtime: timeouts and the like of subscriptions; see :class:`RealtimeSettings`.
        on_event: called with the real-time events of :mod:`appsync_gql.events`,
            on a thread of its own.

    Raises:
        ConfigurationError: the URL, or ``auth``, can't be used.
        InsecureEndpoint: the URL is ``http://`` to another machine.
    """

    def __init__(
        self,
        url: str,
        *,
        auth: Auth | aiohttp.BasicAuth | AppSyncAuthentication | None = None,
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
        realtime_url: str | None = None,
        realtime_auth: RealtimeAuth = "subprotocol",
        realtime: RealtimeSettings | None = None,
        on_event: RealtimeListener | None = None,
    ) -> None:
        check_endpoint(str(url), allow_insecure=allow_insecure)  # a yarl.URL works too
        gql_auth = auth if isinstance(auth, aiohttp.BasicAuth | AppSyncAuthentication) else None
        if not isinstance(auth, Auth | aiohttp.BasicAuth | AppSyncAuthentication | None):
            raise ConfigurationError(
                "auth is a TokenStore, an object with the methods of appsync_gql.Auth, or one of "
                f"gql's own auth objects; not {type(auth).__name__}.",
                setting="auth",
            )
        check_ssl(ssl)
        super().__init__(
            url,
            headers=headers,
            cookies=cookies,
            auth=gql_auth,
            ssl=ssl,
            timeout=timeout,
            ssl_close_timeout=ssl_close_timeout,
            json_serialize=json_serialize,
            json_deserialize=json_deserialize,
            client_session_args=client_session_args,
            keep_open=keep_open,
            coarse=isinstance(auth, Auth),
        )
        self.authorization = auth if isinstance(auth, Auth) else None
        self.replay = Replay.of(replay)
        self._classify = classify
        self._subscriptions = Subscriptions(
            str(url),
            realtime_url=realtime_url,
            way=realtime_auth,
            settings=realtime,
            ssl=ssl,
            loads=reader_of_bytes(json_deserialize) or json_deserialize,
            listener=on_event,
            allow_insecure=allow_insecure,
        )

    async def close(self) -> None:
        """End the subscriptions and the session; see ``keep_open``."""
        if not is_about_to_connect_again():
            await self._subscriptions.close()
        await super().close()

    async def execute(
        self,
        request: GraphQLRequest,
        *,
        extra_args: dict[str, Any] | None = None,
        upload_files: bool = False,
    ) -> ExecutionResult:
        """Execute a query or mutation.

        Don't call it directly: use ``execute`` of a gql client or session.

        Args:
            request: what to execute.
            extra_args: more arguments of aiohttp's ``post``. Its ``headers``
                are kept, on the replay too; an ``Authorization`` or
                ``x-api-key`` among them takes the place of the store's token.
            upload_files: send variables that are files in a multipart body.
                AppSync takes none; such a request is never sent twice.

        Returns:
            The result, with GraphQL errors in it as gql expects.

        Raises:
            Denied: a permission is missing; the answer's data is in it.
            Refused: AppSync does not accept the tokens, nor newer ones.
            OutcomeUnknown: a mutation may or may not have run.
            Throttled, BlockedByWaf, BadRequest, ServerFailed: as they say.
            SessionExpired, RenewalFailed, ConfigurationError: no token to send.
            TransportConnectionFailed: AppSync could not be reached.
        """
        auth = self.authorization
        if auth is None:
            return await super().execute(request, extra_args=extra_args, upload_files=upload_files)
        self._connected()
        post = self._post(request, extra_args, upload_files=upload_files)
        if extra_args and _brings_its_own(extra_args):
            auth = None
        try:
            # At the last moment, and without waiting for anything while they are at hand.
            headers = auth.headers_nowait() if auth is not None else _NONE
            if headers is None:
                headers = await auth.headers()  # type: ignore[union-attr] # it gave the None
            result = await self._send(request, post, headers, auth)
            if isinstance(result, NoResult) and auth is not None and not upload_files:
                newer = await self._newer(request, result, headers, auth)
                if newer is not None:
                    result = await self._send(request, post, newer, auth)
        finally:
            if upload_files:
                close_files(list(self.files.values()))
        if isinstance(result, NoResult):
            raise error_of(*result, query=_is_query(request))
        return result

    async def execute_batch(
        self,
        reqs: list[GraphQLRequest],
        extra_args: dict[str, Any] | None = None,
    ) -> list[ExecutionResult]:
        """Execute several requests; AppSync takes no arrays, so each goes on its own.

        Ten at a time are under way. All are finished before anything is
        raised or returned: a request that failed after others succeeded has its
        error in its own result.

        Args:
            reqs: what to execute.
            extra_args: as for :meth:`execute`.

        Returns:
            The results, in the order of the requests.

        Raises:
            TransportError: no request at all was answered; the first one's error.
        """
        if self.authorization is None:
            return await super().execute_batch(reqs, extra_args)
        turns = asyncio.Semaphore(_BATCH_AT_ONCE)

        async def one(request: GraphQLRequest) -> ExecutionResult | TransportError:
            async with turns:
                try:
                    return await self.execute(request, extra_args=extra_args)
                except TransportError as error:
                    return error

        outcomes = await asyncio.gather(*map(one, reqs))
        errors = [o for o in outcomes if isinstance(o, TransportError)]
        if errors and len(errors) == len(outcomes):
            raise errors[0]
        return [as_result(outcome) for outcome in outcomes]

    def subscribe(
        self,
        request: GraphQLRequest,
        *,
        auth: Auth | AppSyncAuthentication | None = None,
        **options: Any,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Subscribe at AppSync's real-time endpoint.

        Don't call it directly: use ``subscribe`` of a gql session, which passes
        these arguments on. The subscription outlives tokens and connections.

        Args:
            request: one subscription.
            auth: in place of the transport's own, for this subscription.
            options: ``gaps=True``: yield a :class:`Gap` where events may have been
                missed. ``on_gap=``: called with it, async or not, before anything
                that came later. ``buffer=1000``: events that wait for the
                consumer at the most. ``on_full="drop_oldest"``: then the oldest
                goes, and leaves a gap; ``"fail"``: the subscription ends with
                ``SubscriptionOverflow``; ``"wait"``: it has a connection of its
                own, and the server has to wait.

        Raises:
            Denied, Refused, BadRequest: AppSync does not let the caller subscribe.
            ServerFailed: the first start failed, and so did further attempts.
            SessionExpired, RenewalFailed, ConfigurationError: there is no token to be had.
            TransportConnectionFailed: the first connection, or the first start on one,
                did not come about.
            SubscriptionOverflow: see ``on_full``.
            TransportClosed: the transport is not connected, or is closed meanwhile.
        """
        given = auth or self.authorization or self.auth
        if not isinstance(given, Auth | AppSyncAuthentication):
            return super().subscribe(request, **options)
        self._connected()
        return self._subscriptions.subscribe(request, given, self._for_sockets, **options)

    # -- the line ------------------------------------------------------------------

    async def _newer(
        self, request: GraphQLRequest, found: NoResult, headers: Headers, auth: Auth
    ) -> Headers | None:
        """Get the headers to replay with; ``None`` when the answer stands."""
        verdict, query = found.verdict, _is_query(request)
        if not may_replay(verdict, query=query, policy=self.replay):
            return None
        denied = verdict is Verdict.DENIED
        try:
            newer = await auth.renew(headers, denied=denied)
        except AppSyncError as error:
            refused = error_of(*found, query=query)
            if denied:
                # The answer is the permission's; the renewal was only an attempt to mend it.
                raise refused from error
            raise error from refused
        if newer == headers:
            return None
        auth.replayed("denied" if denied else "refused")
        return newer

    async def _send(
        self, request: GraphQLRequest, post: Post, headers: Headers, auth: Auth | None
    ) -> ExecutionResult | NoResult:
        """Make one POST, and read what came of it."""
        session = self._connected()  # it may have been closed during a renewal
        response, sent, deadlines = None, time.monotonic(), self._deadlines
        task = deadlines.begin(sent) if deadlines is not None else None
        try:
            response = await self._begin(session, post, headers)
            headed = response.headers
            if auth is not None:
                auth.answered(headed.get("Date"), time.monotonic() - sent)
            loads = self._reader(headed)
            if loads is None:
                result = await self._unusual(response)
            else:
                text = arrived(response, session)
                result = read_with(loads, await response.read() if text is None else text)
                self.response_headers = headed
        except asyncio.CancelledError:
            if deadlines is not None and (late := deadlines.late(task)):
                raise _lost(request, late) from late
            raise
        except _NEVER_SENT as error:
            raise TransportConnectionFailed(str(error)) from error
        except Exception as error:
            raise _lost(request, error) from error
        finally:
            if response is not None and not response.closed:
                response.release()
            if deadlines is not None:
                deadlines.end(task)
        return result_of(response.status, headed, result, self._classify)

    async def _unusual(self, response: aiohttp.ClientResponse) -> Any:
        try:
            return await self._get_json_result(response)
        except TransportError:
            return None


def _brings_its_own(extra_args: dict[str, Any]) -> bool:
    headers = CIMultiDict(extra_args.get("headers") or {})
    return "Authorization" in headers or "x-api-key" in headers


def _is_query(request: GraphQLRequest) -> bool:
    return is_query(request.document, request.operation_name)


def _lost(request: GraphQLRequest, error: BaseException) -> TransportError:
    if _is_query(request):
        return TransportConnectionFailed(str(error))
    return OutcomeUnknown(
        f"The mutation was sent and its answer was lost ({type(error).__name__}: {error}). "
        "It may have run: look before you send it again."
    )
