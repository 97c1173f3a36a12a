"""The messages of AppSync's real-time protocol, as functions of values. It opens no sockets.

https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .realtime_faults import FrameError

__all__ = [
    "SUBPROTOCOL",
    "connection_error",
    "error_object",
    "error_payload",
    "handshake_headers",
    "message_object",
    "offered_subprotocols",
    "start_payload",
]

SUBPROTOCOL = "graphql-ws"
_HEADER_PREFIX = "header-"


def offered_subprotocols(header: str) -> list[str]:
    """Return the parts of a ``Sec-WebSocket-Protocol`` header."""
    return [part.strip() for part in header.split(",")]


def handshake_headers(
    headers: Mapping[str, str], query: Mapping[str, str], offered: Sequence[str]
) -> CIMultiDict[str]:
    """Return the authorization object of a handshake.

    It is sent as a subprotocol ``header-…``, as the query's ``header``, or as plain HTTP headers.

    Args:
        headers: of the HTTP request.
        query: of its URL.
        offered: the offered subprotocols.
    """
    subprotocols = (p.removeprefix(_HEADER_PREFIX) for p in offered if p.startswith(_HEADER_PREFIX))
    encoded = next(subprotocols, None) or query.get("header")
    if encoded is None:
        return CIMultiDict(headers)
    padded = encoded.replace("-", "+").replace("_", "/") + "=" * (-len(encoded) % 4)
    try:
        return _strings(json.loads(base64.b64decode(padded, validate=True)))
    except (binascii.Error, ValueError):
        return CIMultiDict()


def message_object(text: str) -> dict[str, Any] | None:
    """Return a client's message; ``None`` if it is no JSON object."""
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def start_payload(payload: Any) -> tuple[str | None, CIMultiDict[str]]:
    """Return the ``data`` of a ``start`` message and its authorization object.

    ``data`` is ``None`` if the payload has the wrong shape.
    """
    if not isinstance(payload, dict) or not isinstance(payload.get("data"), str):
        return None, CIMultiDict()
    extensions = payload.get("extensions")
    authorization = extensions.get("authorization") if isinstance(extensions, dict) else None
    return payload["data"], _strings(authorization)


def error_object(error_type: str, message: str) -> dict[str, Any]:
    """Return one error."""
    return {"errorType": error_type, "message": message}


def error_payload(error_type: str, message: str) -> dict[str, Any]:
    """Return the payload of an ``error`` message with one error."""
    return {"errors": [error_object(error_type, message)]}


def connection_error(error: FrameError) -> dict[str, Any]:
    """Return the payload of a ``connection_error`` message."""
    found: dict[str, Any] = {"message": error.message, "errorCode": error.code}
    if error.error_type:
        found["errorType"] = error.error_type
    return {"errors": [found]}


def _strings(found: Any) -> CIMultiDict[str]:
    if not isinstance(found, dict):
        return CIMultiDict()
    return CIMultiDict({k: v for k, v in found.items() if isinstance(v, str)})
