"""Make a connection: the WebSocket, and the handshake up to the server's ack."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp

if sys.version_info >= (3, 11):
    from asyncio import timeout
else:  # aiohttp brings its equal
    from async_timeout import timeout

from .errors import Trouble, TroubleKind
from .protocol import Acknowledged, Protocol, Rejected, Troubled
from .sink import Lost, Refusal

if TYPE_CHECKING:
    from typing import TypeAlias

    from .handshake import Handshake

    Socket: TypeAlias = aiohttp.ClientWebSocketResponse[Any]

__all__ = ["closing", "dial", "socket_session", "timeout"]

_LARGEST_FRAME = 4 * 1024 * 1024
"""AppSync's events are 240 KB at the most; a server that sends more than this is not one."""

_AS_BYTES: dict[str, Any] = (
    {"decode_text": False} if tuple(map(int, aiohttp.__version__.split(".")[:2])) >= (3, 14) else {}
)
"""Texts of the server are not decoded, where aiohttp can do without."""

_GOODBYE = 2.0
"""Seconds that a server gets to close its side."""


async def dial(
    session: aiohttp.ClientSession,
    url: str,
    handshake: Handshake,
    protocol: Protocol,
    *,
    ssl: Any,
    ack_timeout: float,
    as_bytes: bool,
) -> tuple[Socket, float]:
    """Connect, up to the server's ack.

    Args:
        session: opens it; not to follow redirects, see :func:`socket_session`.
        url: the real-time endpoint.
        handshake: who we are.
        protocol: understands what comes.
        ssl: as for aiohttp.
        ack_timeout: seconds for all of it.
        as_bytes: whether the protocol reads bytes as well as ``str``.

    Returns:
        The socket, and the seconds without any frame after which it is dead.

    Raises:
        Refusal: the server did not let us in.
        Lost: it can't be reached, or did not answer in time.
    """
    try:
        async with timeout(ack_timeout):
            socket = await session.ws_connect(
                url,
                protocols=handshake.protocols,
                params=handshake.params,
                ssl=ssl,
                max_msg_size=_LARGEST_FRAME,
                timeout=aiohttp.ClientWSTimeout(ws_close=_GOODBYE),
                **(_AS_BYTES if as_bytes else {}),
            )
            try:
                return socket, await _acknowledged(socket, protocol)
            except BaseException:
                await socket.close()
                raise
    except aiohttp.WSServerHandshakeError as error:
        # Its own text and request info hold the token; its status says it all.
        raise Refusal(_of_status(error.status)) from None
    except asyncio.TimeoutError:
        raise Lost(f"no answer within {ack_timeout:g} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise Lost(type(error).__name__) from None


async def _acknowledged(socket: Socket, protocol: Protocol) -> float:
    await socket.send_str(protocol.init())
    while True:
        message = await socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise Lost(f"closed at the handshake ({closing(socket, message)})")
        event = protocol.receive(message.data)
        if isinstance(event, Rejected | Troubled):
            raise Refusal(event.trouble)
        if isinstance(event, Acknowledged):
            return event.timeout


def closing(socket: Socket, message: aiohttp.WSMessage) -> str:
    """Say how a connection ended, of which this was the last message."""
    if message.type is aiohttp.WSMsgType.ERROR:
        return type(message.data).__name__
    return f"close code {socket.close_code}"


def _of_status(status: int) -> Trouble:
    text = f"HTTP {status} at the real-time endpoint."
    kind = _STATUSES.get(status)
    if kind is None:
        kind = TroubleKind.INVALID if 300 <= status < 500 else TroubleKind.TRANSIENT  # noqa: PLR2004
    return Trouble(kind, text, code=status)


_STATUSES: dict[int, TroubleKind] = {
    HTTPStatus.UNAUTHORIZED: TroubleKind.REFUSED,
    HTTPStatus.REQUEST_TIMEOUT: TroubleKind.TRANSIENT,
    HTTPStatus.TOO_EARLY: TroubleKind.TRANSIENT,
    HTTPStatus.TOO_MANY_REQUESTS: TroubleKind.LIMITED,
}


def socket_session(arguments: dict[str, Any]) -> aiohttp.ClientSession:
    """Make a session for sockets alone.

    Sockets stay open for hours and must not use up the connections of requests; and a
    redirect of a handshake would take the token along, which aiohttp can't be told not to
    follow.

    Args:
        arguments: as for aiohttp's ``ClientSession``; a connector among them stays its owner's.
    """
    guard = aiohttp.TraceConfig()
    guard.on_request_redirect.append(_stay_here)
    traces = arguments.get("trace_configs") or ()
    own = arguments.get("connector") is None
    mine: dict[str, Any] = {"trace_configs": [*traces, guard], "connector_owner": own}
    if own:
        mine["connector"] = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(**{**arguments, **mine})


async def _stay_here(
    _session: aiohttp.ClientSession, _context: object, seen: aiohttp.TraceRequestRedirectParams
) -> None:
    seen.response.close()
    trouble = _of_status(seen.response.status)
    text = f"{trouble.message} It redirects, and tokens are not sent after a redirect: give the "
    raise Refusal(replace(trouble, message=f"{text}transport the final URL as realtime_url."))
