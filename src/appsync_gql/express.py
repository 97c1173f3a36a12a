"""A POST on a plain session, without the steps of aiohttp's that such a session has no use for.

``ClientSession`` looks at each request for proxies, redirects, middlewares, traces, cookies and
timers, which costs an eighth of a small query. Here the same request and connection are made
from aiohttp's own parts, by the names of one minor version, on which the tests ran: with any
other one, and for sessions with settings of their own, ``ClientSession`` does it.
"""

from __future__ import annotations

import asyncio
from types import FunctionType
from typing import TYPE_CHECKING, Any

import aiohttp

from .deadlines import NO_TIMERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

__all__ = ["KNOWN", "adds_nothing", "is_plain", "post"]

KNOWN = aiohttp.__version__.startswith("3.14.")
"""Whether this aiohttp is the one whose parts are known."""


def _aiohttps_own(request: Any) -> Any:
    """Give aiohttp's own function; ``None`` for what a tracer or recorder put in its place."""
    own = type(request) is FunctionType and request.__code__.co_filename == aiohttp.client.__file__
    return request if own else None


_REQUEST = _aiohttps_own(aiohttp.ClientSession._request)  # noqa: SLF001 - looked at, not called


def adds_nothing(session: aiohttp.ClientSession) -> bool:
    """Tell whether a session, made without arguments, still has nothing to add to a request.

    Its headers, cookies and traces can be changed at any time.
    """
    return not (session.headers or session.trace_configs or session.cookie_jar)


def is_plain(session: aiohttp.ClientSession) -> bool:
    """Tell whether a request of such a session may go the short way now.

    What took the place of aiohttp's own function, to record requests or to answer them in a
    test, is to see them all.
    """
    own = aiohttp.ClientSession._request is _REQUEST  # noqa: SLF001
    return KNOWN and own and adds_nothing(session)


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
    if connector is None:
        msg = "Session is closed"
        raise RuntimeError(msg)
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
        session.cookie_jar.update_cookies(response.cookies, response.url)
    return response
