"""Everything that relies on undocumented parts of gql, aiohttp or asyncio, each with its reason.

``tests/test_compat.py`` fails when one of them changes. Seen in gql 4.0 and 4.4, aiohttp 3.11
to 3.14, Python 3.10 to 3.13.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import select
import selectors
import socket
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gql import GraphQLRequest
from gql.client import ReconnectingAsyncClientSession
from gql.transport.common.aiohttp_closed_event import create_aiohttp_closed_event
from graphql import ExecutionResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp
    from botocore.credentials import ReadOnlyCredentials
    from gql.transport.aiohttp import AIOHTTPTransport
    from graphql import DocumentNode

__all__ = [
    "UnparsedResult",
    "abort_idle",
    "add_sigv4",
    "close_connections",
    "detach_connections",
    "detach_loop",
    "expiry_of",
    "import_signer",
    "in_reconnecting_session",
    "keep_for_ever",
    "post_arguments",
    "printed_request",
    "refresh_credentials",
    "replace_inherited_loop",
    "wait_until_closed",
]


class _PrintedRequest(GraphQLRequest):
    """A request whose payload takes the document's text from a cache.

    gql prints the document for every request, which is most of the time that it spends on one.
    It builds the payload in the property ``payload``, which is overridden here.

    Args:
        request: the request to copy.
        text_of: returns the text of a document.
    """

    def __init__(self, request: GraphQLRequest, text_of: Callable[[DocumentNode], str]) -> None:
        vars(self).update(vars(request))
        self._text_of = text_of

    @property
    def payload(self) -> dict[str, Any]:
        """The JSON object that is sent."""
        optional = {
            "operationName": self.operation_name,
            "variables": self.variable_values,
            "extensions": getattr(self, "extensions", None),  # gql 4.0 has none
        }
        given = {name: value for name, value in optional.items() if value}
        return {"query": self._text_of(self.document), **given}


def printed_request(
    request: GraphQLRequest, text_of: Callable[[DocumentNode], str]
) -> GraphQLRequest:
    """Return a request with the same payload that is not printed anew each time.

    A request of a subclass is returned as it is: its payload may be another.
    """
    return _PrintedRequest(request, text_of) if type(request) is GraphQLRequest else request


def post_arguments(
    transport: AIOHTTPTransport,
    request: GraphQLRequest,
    extra_args: dict[str, Any] | None,
    *,
    upload_files: bool,
) -> dict[str, Any]:
    """Return the arguments of aiohttp's ``post`` as gql prepares them.

    gql has no public function for it; needed for file uploads, whose multipart body gql builds.
    """
    return transport._prepare_request(request, extra_args, upload_files)  # noqa: SLF001


_RECONNECTING = getattr(
    getattr(ReconnectingAsyncClientSession, "_connection_loop", None), "__code__", None
)


def in_reconnecting_session() -> bool:
    """Return whether the current task is the connection task of gql's reconnecting session.

    gql does not tell its transport that it will be closed and connected again, nor that it
    repeats requests. ``False`` with a gql that has no such task any more.
    """
    task = asyncio.current_task()
    code = getattr(task and task.get_coro(), "cr_code", None)
    return code is not None and code is _RECONNECTING


async def wait_until_closed(session: aiohttp.ClientSession, seconds: float | None) -> None:
    """Close a session and wait until its connections are closed, TLS included.

    aiohttp's ``close`` does not wait for TLS; gql has a function for that, which is not in its
    documentation.

    Args:
        session: the session.
        seconds: how long to wait at most; ``None`` for no limit.
    """
    if not session.connector_owner:  # its connections stay open
        await session.close()
        return
    closed = create_aiohttp_closed_event(session)
    await session.close()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(closed.wait(), seconds)


# -- connections whose loop does not run ---------------------------------------------------


def close_connections(connector: aiohttp.BaseConnector) -> None:
    """Close the connections of a connector at once, without its loop.

    The loop is closed, or does not run and may never run again. aiohttp's own ``close`` would
    raise an error, or wait for the loop; asyncio's ``abort`` closes the socket in the loop.
    """
    for transport in _take_transports(connector):
        _close_now(transport)


def abort_idle(connector: aiohttp.BaseConnector) -> None:
    """Close a connector's idle connections at once; those of requests under way stay open.

    Called in the connector's loop. A connection may be dead, so nothing is sent on it: not even
    the end of its TLS. aiohttp has no public function for it.
    """
    waiting: dict[Any, Any] = getattr(connector, "_conns", {})
    idle = [entry[0] for entries in waiting.values() for entry in entries]
    waiting.clear()
    for protocol in idle:
        transport = getattr(protocol, "transport", None)
        if transport is not None:
            transport.abort()


def detach_connections(connector: aiohttp.BaseConnector) -> None:
    """Drop the connections that a forked child inherited, without a byte to the server.

    Called in the child. The parent goes on with the same sockets and TLS sessions, so the
    descriptors are replaced by ``/dev/null``, in the child alone, before they are closed.
    """
    for transport in _take_transports(connector):
        _replace_socket(transport)
        _close_now(transport)


def detach_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cut an event loop that a forked child inherited off from the parent's.

    Called in the child. Both have the same ``epoll`` object and the same pair of sockets by which
    threads wake the loop: if the child closed a socket, the parent's loop would stop watching
    its own, and either could take a wake-up that is meant for the other. So they are replaced,
    in the child alone, under the same descriptors. asyncio has no public function for it.
    """
    selector: Any = getattr(loop, "_selector", None)
    ends: list[Any] = [getattr(loop, name, None) for name in ("_ssock", "_csock")]
    if sys.platform != "linux" or not isinstance(selector, selectors.EpollSelector):
        return
    if loop.is_closed() or None in ends:
        return
    pair, fresh = socket.socketpair(), select.epoll()
    for end, replaced in zip(pair, ends, strict=True):
        os.dup2(end.fileno(), replaced.fileno(), inheritable=False)
        os.set_blocking(replaced.fileno(), False)
        end.close()
    fresh.register(ends[0].fileno(), select.EPOLLIN)
    os.dup2(fresh.fileno(), selector.fileno(), inheritable=False)
    fresh.close()


def _take_transports(connector: aiohttp.BaseConnector) -> list[Any]:
    """Remove all connections from a connector, so that its finalizer does nothing."""
    idle = [entry[0] for entries in getattr(connector, "_conns", {}).values() for entry in entries]
    protocols = (*idle, *getattr(connector, "_acquired", ()))
    for name in ("_conns", "_acquired"):
        getattr(connector, name, {}).clear()
    found = (getattr(protocol, "transport", None) for protocol in protocols)
    return [transport for transport in found if transport is not None]


_SELECTOR_TRANSPORT: Any = getattr(asyncio.selector_events, "_SelectorTransport", ())


def _close_now(transport: Any) -> None:
    """Close a transport as its loop would do after ``abort``; with another loop, only abort it."""
    tls = getattr(transport, "_ssl_protocol", None)
    base: Any = transport if tls is None else getattr(tls, "_transport", None)
    closable = isinstance(base, _SELECTOR_TRANSPORT)
    if closable and not base.is_closing():
        base._closing = True  # noqa: SLF001 - else the loop lets nobody use its descriptor
        descriptor = base.get_extra_info("socket").fileno()
        with contextlib.suppress(RuntimeError):  # the loop is closed
            base._loop._remove_reader(descriptor)  # noqa: SLF001
            base._loop._remove_writer(descriptor)  # noqa: SLF001
            base._call_connection_lost(None)  # noqa: SLF001
    if base is not transport or not closable:
        with contextlib.suppress(RuntimeError, AttributeError):  # the connection is gone
            transport.abort()
    if tls is not None and closable:
        transport._closed = True  # noqa: SLF001 - Python 3.10 does not note it if the loop is closed


def _replace_socket(transport: Any) -> None:
    """Put ``/dev/null`` in the place of a transport's socket."""
    connected = transport.get_extra_info("socket")
    if connected is None or connected.fileno() < 0:
        return
    null = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(null, connected.fileno(), inheritable=False)
    finally:
        os.close(null)


def replace_inherited_loop(loops: set[asyncio.AbstractEventLoop]) -> None:
    """Set a new event loop in a forked child whose current one is among ``loops``.

    Python 3.12 resets the current loop in a child by itself; before it, the child would go on
    with its parent's.
    """
    if sys.version_info >= (3, 12):
        return
    policy = asyncio.get_event_loop_policy()
    if getattr(getattr(policy, "_local", None), "_loop", None) in loops:
        asyncio.set_event_loop(asyncio.new_event_loop())


# -- SigV4 ---------------------------------------------------------------------------------


@lru_cache(1)
def _signer_class() -> Any:
    """Return botocore's SigV4 signer, which signs at a time that it is given.

    ``SigV4Auth.add_auth`` takes this machine's time, right or wrong. Its other steps have names
    of their own, which are called here.
    """
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - botocore takes 50 ms to import

    class SignerAt(SigV4Auth):
        def add_auth_at(self: Any, request: Any, timestamp: str) -> None:
            request.context["timestamp"] = timestamp
            self._modify_request_before_signing(request)
            to_sign = self.string_to_sign(request, self.canonical_request(request))
            self._inject_signature_to_request(request, self.signature(to_sign, request))

    return SignerAt


def import_signer() -> None:
    """Import botocore's signer, which takes 50 ms: called where blocking is allowed."""
    import botocore.awsrequest  # noqa: F401, PLC0415

    _signer_class()


def add_sigv4(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    credentials: ReadOnlyCredentials,
    region: str,
    timestamp: str,
) -> dict[str, str]:
    """Return the headers of a POST with its SigV4 signature for the service ``appsync``.

    Args:
        url: the URL that is requested.
        body: the exact body.
        headers: the other headers, which are signed.
        credentials: AWS credentials.
        region: the API's region.
        timestamp: the time of signing, as ``20261126T120000Z``.
    """
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    request = AWSRequest(method="POST", url=url, data=body, headers=headers)
    _signer_class()(credentials, "appsync", region).add_auth_at(request, timestamp)
    return dict(request.headers.items())


def expiry_of(credentials: object) -> float | None:
    """Return when botocore's credentials expire, in seconds since the epoch; ``None``: never.

    botocore has no public attribute for it.
    """
    expires = getattr(credentials, "_expiry_time", None)
    return None if expires is None else float(expires.timestamp())


def refresh_credentials(credentials: Any) -> bool:
    """Refresh botocore's credentials now, though they have not expired, since AWS rejected them.

    botocore has no public method for it.

    Returns:
        Whether they are of a kind that can be refreshed.
    """
    lock = getattr(credentials, "_refresh_lock", None)
    refresh = getattr(credentials, "_protected_refresh", None)
    if lock is None or refresh is None:
        return False
    with lock:
        refresh(is_mandatory=True)
    return True


# -- real-time ---------------------------------------------------------------------------


class UnparsedResult(ExecutionResult):
    """A result whose data gql's ``Client`` leaves as it is.

    Reason: with a schema and ``parse_results``, gql's session assigns to ``result.data`` what
    it made of the data by the schema. A :class:`~appsync_gql.Gap` has no data of that schema
    and would become an empty result, which looks like an event.
    Seen in gql 4.0 to 4.4 (``AsyncClientSession._subscribe``).
    """

    __slots__ = ("_data",)

    def __init__(self, data: object) -> None:
        self._data = data
        super().__init__(data)  # type: ignore[arg-type] # graphql-core allows mappings alone

    @property  # type: ignore[override] # graphql-core allows mappings alone
    def data(self) -> object:
        """What it was made with."""
        return self._data

    @data.setter
    def data(self, parsed: object) -> None:
        """Ignore what gql assigns."""


def keep_for_ever(thing: object) -> None:
    """Keep an object and all that it refers to from being collected, even when Python ends.

    Reason: aiohttp's connections close themselves when they are collected. In a forked child
    that removes the parent's sockets from the selector that both processes share, and the
    parent waits for ever. Seen in aiohttp 3.11 to 3.14 (``aiohttp.connector.Connection``).
    """
    if sys.implementation.name == "cpython":
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
