"""A POST on a plain session, without the steps of aiohttp's that such a session has no use for.

``ClientSession`` looks at each request for proxies, redirects, middlewares, traces, cookies and
timers, which costs an eighth of a small query. Here the same request and connection are made
from aiohttp's own parts, by the names of one minor version, on which the tests ran: with any
other one, and for sessions with settings of their own, ``ClientSession`` does it.
"""

from __future__ import annotations

import asyncio
from ssl import SSLContext
from types import FunctionType
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict, MultiDict, MultiDictProxy

from .timeouts import NO_TIMERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

__all__ = ["KNOWN", "adds_nothing", "is_plain", "post"]

KNOWN = aiohttp.__version__.startswith("3.14.")
"""Whether this aiohttp is the one whose parts are known."""


def _aiohttps_own(method: Any) -> Any:
    """Give aiohttp's own function; ``None`` for what a tracer or recorder put in its place."""
    own = type(method) is FunctionType and method.__code__.co_filename == aiohttp.client.__file__
    return method if own else None


_POST = _aiohttps_own(aiohttp.ClientSession.post)
_REQUEST = _aiohttps_own(aiohttp.ClientSession._request)  # noqa: SLF001 - looked at, not called


def adds_nothing(session: aiohttp.ClientSession) -> bool:
    """Tell whether a session, made without arguments, still has nothing to add to a request.

    Its headers, cookies and traces can be changed at any time.
    """
    return not (session.headers or session.trace_configs or session.cookie_jar)


def is_plain(session: aiohttp.ClientSession, ssl: Any) -> bool:
    """Tell whether a request of such a session may go the short way now.

    What took the place of a method of aiohttp's, to record requests or to answer them in a
    test, is to see them all. Whatever ``ssl`` aiohttp might refuse is for it to refuse.
    """
    return (
        KNOWN
        and getattr(session.post, "__func__", None) is _POST is not None
        and getattr(session._request, "__func__", None) is _REQUEST is not None  # noqa: SLF001
        and (ssl is True or isinstance(ssl, SSLContext | bool | aiohttp.Fingerprint))
        and adds_nothing(session)
        and not session.trust_env
    )


async def post(
    session: aiohttp.ClientSession, url: URL, data: Any, headers: Mapping[str, str], ssl: Any
) -> aiohttp.ClientResponse:
    """Send a request and wait for the head of its answer, as ``session.post`` does.

    Args:
        session: one that :func:`is_plain`.
        url: the endpoint.
        data: the body.
        headers: all but those that aiohttp adds to every request.
        ssl: as for aiohttp.

    Raises:
        aiohttp.ClientError, OSError: as ``session.post`` does.
    """
    connector = session.connector
    if connector is None or connector.closed:
        msg = "Session is closed"
        raise RuntimeError(msg)
    if not isinstance(headers, MultiDict | MultiDictProxy):
        headers = CIMultiDict(headers)
    request = aiohttp.ClientRequest(
        "POST",
        url,
        headers=headers,
        data=data,
        loop=asyncio.get_running_loop(),
        session=session,
        ssl=ssl,
    )
    try:
        connection = await connector.connect(request, traces=[], timeout=NO_TIMERS)
    except asyncio.TimeoutError as error:
        raise aiohttp.ConnectionTimeoutError(f"Connection timeout to host {url}") from error
    response = None
    try:
        if connection.protocol is not None:
            connection.protocol.set_response_params(read_until_eof=True)
        response = await request.send(connection)
        await response.start(connection)
    except BaseException:
        if response is not None:
            response.close()
        connection.close()
        raise
    if "Set-Cookie" in response.headers:
        cookies = response.headers.getall("Set-Cookie")
        session.cookie_jar.update_cookies_from_headers(cookies, response.url)
    return response
