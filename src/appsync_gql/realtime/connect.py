"""Opens a WebSocket, up to the server's acknowledgement."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from ..error_types import ErrorMeaning
from ..http.connector import new_connector
from ..http.json import reader_of_bytes
from .errors import Lost, ServerError, server_error_of_status
from .handshake import handshake_of, proxy_of
from .protocol import Acknowledged, Protocol, Rejected, UnassignedError
from .websocket import TEXT, how_it_ended, is_end, timeout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .handshake import RealtimeAuth
    from .websocket import Socket

__all__ = ["Connector", "Opened", "socket_session"]

_LARGEST_FRAME = 4 * 1024 * 1024
"""Bytes. AppSync's events are 240 KB at the most; a larger one is no event of AppSync."""

_AS_BYTES: dict[str, Any] = (
    {"decode_text": False} if tuple(map(int, aiohttp.__version__.split(".")[:2])) >= (3, 14) else {}
)
"""Texts of the server are not decoded where aiohttp can leave that out."""

_CLOSING = 2.0
"""Seconds that a server gets to close its side."""

_NO_REDIRECTS = (
    "It redirects, and tokens are not sent after a redirect: pass the final URL as realtime_url."
)


class Opened(NamedTuple):
    """A WebSocket that the server acknowledged.

    Attributes:
        socket: the WebSocket.
        protocol: what understands its frames.
        silence: seconds without any frame after which it is dead.
    """

    socket: Socket
    protocol: Protocol
    silence: float


class Connector:
    """Opens the WebSockets of one transport on one event loop.

    Args:
        url: the real-time endpoint.
        realtime_auth: how a handshake carries its authorization.
        session: returns the arguments of the aiohttp session that sockets are opened with.
        ssl: as for aiohttp.
        loads: reads JSON.
        ack_timeout: seconds to wait for a connection, up to the server's acknowledgement.
    """

    def __init__(
        self,
        url: str,
        *,
        realtime_auth: RealtimeAuth,
        session: Callable[[], dict[str, Any]],
        ssl: Any,
        loads: Callable[[Any], Any],
        ack_timeout: float,
    ) -> None:
        self._realtime_auth: RealtimeAuth = realtime_auth
        self._url, self._ssl, self._loads = url, ssl, loads
        self._arguments, self._ack_timeout = session, ack_timeout
        self._session: aiohttp.ClientSession | None = None
        self._proxy: dict[str, Any] = {}

    async def connect(self, authorization: Mapping[str, str]) -> Opened | Lost | ServerError:
        """Open a WebSocket.

        Errors are returned, because what aiohttp raises shows the authorization in the local
        variables of its frames.

        Args:
            authorization: headers, ``host`` among them.
        """
        failure: Lost | ServerError
        try:
            async with timeout(self._ack_timeout):
                return await self._open(authorization)
        except aiohttp.ClientResponseError as error:
            failure = server_error_of_status(error.status)
        except _Redirected as redirected:
            failure = server_error_of_status(redirected.status, _NO_REDIRECTS)
        except _Failed as failed:
            failure = failed.failure
        except asyncio.TimeoutError:
            failure = Lost(f"no answer within {self._ack_timeout:g} s")
        except (aiohttp.ClientError, OSError) as error:
            failure = Lost(type(error).__name__)
        except (TypeError, ValueError) as error:
            text = f"The handshake could not be sent ({type(error).__name__})."
            failure = ServerError(ErrorMeaning.INVALID, text)
        return failure

    async def close(self) -> None:
        """Close the session of the sockets; the next connection makes another one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def abandon(self) -> None:
        """Forget the session without touching its sockets, which belong to another process."""
        if self._session is not None:
            self._session.detach()
            self._session = None

    async def _open(self, authorization: Mapping[str, str]) -> Opened:
        if self._session is None:
            arguments = self._arguments()
            self._proxy = _proxy_arguments(self._url, arguments)
            self._session = socket_session(arguments)
        handshake = handshake_of(authorization, self._realtime_auth)
        as_bytes = reader_of_bytes(self._loads) is not None
        # pyright can't read the types of attrs' classes (ClientWSTimeout).
        socket: Socket = await self._session.ws_connect(
            self._url,
            protocols=handshake.protocols,
            params=handshake.params,
            ssl=self._ssl,
            max_msg_size=_LARGEST_FRAME,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING),  # pyright: ignore[reportCallIssue]
            **self._proxy,
            **(_AS_BYTES if as_bytes else {}),
        )
        protocol = Protocol(self._loads)
        try:
            return Opened(socket, protocol, await _acknowledged(socket, protocol))
        except BaseException:
            await socket.close()
            raise


async def _acknowledged(socket: Socket, protocol: Protocol) -> float:
    """Return the seconds of silence after which the connection is dead."""
    await socket.send_str(protocol.init())
    while True:
        message = await socket.receive()
        if is_end(message):
            raise _Failed(Lost(f"closed at the handshake ({how_it_ended(socket, message)})"))
        event = protocol.receive(message.data) if message.type is TEXT else None
        if isinstance(event, Rejected | UnassignedError):
            raise _Failed(event.error)
        if isinstance(event, Acknowledged):
            return event.timeout


class _Failed(Exception):
    """There is no connection.

    Attributes:
        failure: why.
    """

    def __init__(self, failure: Lost | ServerError) -> None:
        super().__init__(failure)
        self.failure = failure


class _Redirected(Exception):
    """The handshake was answered with a redirect.

    Attributes:
        status: its HTTP status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def socket_session(arguments: dict[str, Any]) -> aiohttp.ClientSession:
    """Return a session for sockets alone.

    Sockets stay open for hours and must not use up the connections of requests; a redirect
    of a handshake would carry the token, and aiohttp has no option against following it; and
    what ``raise_for_status`` raises would take the place of a handshake's own error.

    Args:
        arguments: as for aiohttp's ``ClientSession``; a connector among them stays its owner's.
    """
    guard = aiohttp.TraceConfig()
    guard.on_request_redirect.append(_refuse_redirect)
    traces = arguments.get("trace_configs") or ()
    own = arguments.get("connector") is None
    ours: dict[str, Any] = {
        "trace_configs": [*traces, guard],
        "connector_owner": own,
        "raise_for_status": False,
    }
    if own:
        ours["connector"] = new_connector(limit=0)
    return aiohttp.ClientSession(**{**arguments, **ours})


async def _refuse_redirect(
    _session: aiohttp.ClientSession, _context: object, seen: aiohttp.TraceRequestRedirectParams
) -> None:
    seen.response.close()
    raise _Redirected(seen.response.status)


def _proxy_arguments(url: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the environment's proxy for a socket, if the session is to use the environment."""
    host = urlsplit(url).hostname or ""
    if not arguments.get("trust_env") or arguments.get("proxy") or proxy_bypass(host):
        return {}
    proxy = proxy_of(url, getproxies())
    return {} if proxy is None else {"proxy": proxy}
