"""One POST through aiohttp's ``ClientSession.post``, and its response."""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
from gql.transport.aiohttp import log as gql_log
from multidict import CIMultiDict

from .errors import error_without_response, remove_frames, without_password
from .json import reader_of_bytes
from .loop_session import RECENT
from .request_body import TrackedPayload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from ssl import SSLContext

    from multidict import CIMultiDictProxy

    from ..exceptions import AppSyncError
    from .loop_session import LoopSession

__all__ = ["PreparedRequest", "RawResponse", "Sender"]

_UTF8_JSON = ("json", "charset=utf-8", 'charset="utf-8"')
"""How the content type of a body in UTF-8 ends."""

_UNUSUAL = object()

_RESET = frozenset({errno.ECONNRESET, errno.EPIPE})


class PreparedRequest(NamedTuple):
    """A request that is ready to be sent, once or twice, but for its authorization.

    Attributes:
        url: where to.
        body: the exact bytes of the body; ``None`` for a multipart body.
        payload: the body for aiohttp's ``post(data=…)``.
        headers: the caller's own headers.
        arguments: other arguments of aiohttp's ``post``.
        ssl: as for aiohttp.
        query: whether the operation is a query, which may be sent again after a lost connection.
        replayable: whether it may be sent twice at all.
    """

    url: str
    body: bytes | None
    payload: Any
    headers: Mapping[str, str] | None
    arguments: Mapping[str, Any]
    ssl: SSLContext | bool | aiohttp.Fingerprint
    query: bool
    replayable: bool

    def __repr__(self) -> str:
        # The headers, the variables in the body and a proxy's URL may hold secrets.
        return f"<PreparedRequest to {self.url}>"

    def begin(self) -> None:
        """Forget that it was sent before: that response said that nothing was executed."""
        if isinstance(self.payload, TrackedPayload):
            self.payload.started = False

    @property
    def sent(self) -> bool:
        """Whether a part of the body may have been sent; ``True`` where that can't be known."""
        return self.payload.started if isinstance(self.payload, TrackedPayload) else True


class RawResponse(NamedTuple):
    """A response as it was received.

    Attributes:
        status: the HTTP status.
        headers: its headers.
        json: what its body contains; ``None`` if it is no JSON.
        took: seconds from sending the request to receiving the response's head.
    """

    status: int
    headers: CIMultiDictProxy[str]
    json: Any
    took: float


class Sender:
    """Sends requests and reads JSON responses.

    Args:
        loads: reads JSON from text; with ``json.loads`` this package's faster reader is used.
    """

    def __init__(self, loads: Callable[..., Any]) -> None:
        self._loads = loads
        self._loads_bytes = reader_of_bytes(loads)

    async def send(
        self, opened: LoopSession, request: PreparedRequest, headers: Mapping[str, str]
    ) -> RawResponse:
        """Send a request and return the response.

        A query whose connection is closed before any byte of the response is sent once more if
        the connection may have been an idle one, which the server may close at any time.

        Args:
            opened: the session to send it on.
            request: what to send.
            headers: its authorization.

        Raises:
            AppSyncError: there was no response; the error says what may have been executed.
        """
        timeout, started = opened.timeout, time.monotonic()
        task = timeout.start(started) if timeout is not None else None
        try:
            if (idle := opened.idle_seconds()) > RECENT:
                await opened.check_connections(idle)
            try:
                response = await _post(opened, request, headers)
            except Exception as error:
                if not (request.query and opened.responded and _is_disconnected(error)):
                    raise
                response = await _post(opened, request, headers)
            took = time.monotonic() - started
            opened.responded = True
            body = _received(response, opened) or await response.read()
            json = self._loads_utf8(body, response.headers)
            if json is _UNUSUAL:
                json = self._loads_unusual(body, response)
        except asyncio.CancelledError:
            late = timeout.error_of(task) if timeout is not None else None
            if late is None:
                raise
            failed = _error(late, request)
        except Exception as error:  # noqa: BLE001 - middlewares and tracers may raise anything
            failed = _error(error, request)
        else:
            return RawResponse(response.status, response.headers, json, took)
        finally:
            if timeout is not None:
                timeout.finish(task)
        raise failed

    def _loads_utf8(self, body: bytes, headers: Mapping[str, str]) -> Any:
        """Return what a body of JSON in UTF-8 contains; ``_UNUSUAL`` if it is not that."""
        loads = self._loads_bytes
        content_type = headers.get("Content-Type", "")
        if loads is None or not content_type.lower().endswith(_UTF8_JSON):
            return _UNUSUAL
        if gql_log.isEnabledFor(logging.DEBUG):
            gql_log.debug("<<< %s", body.decode(errors="replace"))
        try:
            return loads(body)
        except (ValueError, RecursionError):
            return None

    def _loads_unusual(self, body: bytes, response: aiohttp.ClientResponse) -> Any:
        """Return what another body contains; ``None`` if it is no JSON."""
        if gql_log.isEnabledFor(logging.DEBUG):
            gql_log.debug("<<< %s", body.decode(errors="replace"))
        try:
            charset = response.charset or "utf-8"
            return self._loads(body.decode(charset))
        except Exception:  # noqa: BLE001 - the caller's own reader may raise anything
            return None  # no JSON, or a character set that Python does not know


def _received(response: aiohttp.ClientResponse, opened: LoopSession) -> bytes | None:
    """Return the body if it was received with the head, as small ones are; ``None`` if not.

    Tracers are called only for bodies that are read by ``read()``, and recorders have responses of
    their own, so both are left to it.
    """
    if type(response) is not aiohttp.ClientResponse or opened.session.trace_configs:  # type: ignore[union-attr] # it is open
        return None
    content = response.content
    return content.read_nowait() if content.is_eof() else None


def _post(
    opened: LoopSession, request: PreparedRequest, headers: Mapping[str, str]
) -> Awaitable[aiohttp.ClientResponse]:
    """Begin one attempt; it is awaited for the head of the response."""
    # A copy, since tracing libraries add headers of their own to the mapping that they receive.
    if request.headers is None:
        merged = CIMultiDict(headers)
    else:
        merged = CIMultiDict(request.headers)
        merged.update(headers)
    return opened.session.post(  # type: ignore[union-attr] # it is open
        request.url,
        data=request.payload,
        headers=merged,
        ssl=request.ssl,
        allow_redirects=False,
        raise_for_status=False,
        **request.arguments,
    )


def _is_disconnected(error: Exception) -> bool:
    """Return whether an open connection was closed before any part of the response."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    if isinstance(error, aiohttp.ServerDisconnectedError | ConnectionError):
        return True
    return isinstance(error, aiohttp.ClientOSError) and error.errno in _RESET


def _error(error: BaseException, request: PreparedRequest) -> AppSyncError:
    """Return the caller's error, with aiohttp's as its cause but without its frames.

    The local variables of those frames hold headers and bodies as text. An error whose own text
    shows a password, which is that of a proxy, is left out.
    """
    failed = error_without_response(error, query=request.query, sent=request.sent)
    remove_frames(error)
    if without_password(str(error)) == str(error):
        failed.__cause__ = error
    return failed
