"""Everything that relies on undocumented parts of gql, aiohttp or asyncio, each with its reason.

``tests/test_compat.py`` fails when one of them changes. Seen in gql 4.0 and 4.4, aiohttp 3.11
to 3.14, Python 3.10 to 3.13.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gql import GraphQLRequest
from gql.client import ReconnectingAsyncClientSession
from gql.transport.common.aiohttp_closed_event import create_aiohttp_closed_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp
    from botocore.credentials import ReadOnlyCredentials
    from gql.transport.aiohttp import AIOHTTPTransport
    from graphql import DocumentNode

__all__ = [
    "abort_connections",
    "add_sigv4",
    "detach_after_fork",
    "expiry_of",
    "import_signer",
    "in_reconnecting_session",
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
    closed = create_aiohttp_closed_event(session)
    await session.close()
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(closed.wait(), seconds)


# -- forks ---------------------------------------------------------------------------------


def detach_after_fork(loop: asyncio.AbstractEventLoop, connector: aiohttp.BaseConnector) -> None:
    """Cut what a forked child inherited of a connector and its loop off from the parent.

    Called in the child. An ``epoll`` object is shared with the parent, and so are TLS sessions:
    if the child closed its copies, the parent's loop would stop watching its own sockets, and
    the parent's servers would receive a TLS close. So the descriptors are replaced, in the child
    alone, by others of no effect. Neither aiohttp nor asyncio has a public function for it.
    """
    _replace_selector(loop)
    for transport in _take_transports(connector):
        _replace_socket(transport)


def abort_connections(connector: aiohttp.BaseConnector) -> None:
    """Give up the connections of a connector whose loop does not run, without running it.

    They are closed when the loop runs again or is collected. aiohttp's own ``close`` would log
    errors, or wait for a loop that never runs.
    """
    for transport in _take_transports(connector):
        with contextlib.suppress(RuntimeError):  # the loop is closed
            transport.abort()


def _take_transports(connector: aiohttp.BaseConnector) -> list[Any]:
    """Remove all connections from a connector, so that its finalizer does nothing."""
    idle = [entry[0] for entries in getattr(connector, "_conns", {}).values() for entry in entries]
    protocols = (*idle, *getattr(connector, "_acquired", ()))
    for name in ("_conns", "_acquired"):
        getattr(connector, name, {}).clear()
    found = (getattr(protocol, "transport", None) for protocol in protocols)
    return [transport for transport in found if transport is not None]


def _replace_selector(loop: asyncio.AbstractEventLoop) -> None:
    selector = getattr(loop, "_selector", None)
    if sys.platform != "linux" or not isinstance(selector, selectors.EpollSelector):
        return
    fresh = selectors.EpollSelector()
    try:
        os.dup2(fresh.fileno(), selector.fileno(), inheritable=False)
    except (OSError, ValueError):
        return  # the loop is closed
    finally:
        fresh.close()


def _replace_socket(transport: Any) -> None:
    """Put ``/dev/null`` in the place of a transport's socket."""
    socket = transport.get_extra_info("socket")
    if socket is None or socket.fileno() < 0:
        return
    null = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(null, socket.fileno(), inheritable=False)
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
