"""Where the real-time endpoint is, and how a connection proves who it is. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

from ..endpoint import check_endpoint
from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Handshake",
    "RealtimeAuth",
    "check_realtime",
    "handshake",
    "host_of",
    "realtime_url_of",
]

RealtimeAuth = Literal["subprotocol", "query"]

_HOST_LABELS = 2


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a connection is opened with.

    Attributes:
        protocols: ``Sec-WebSocket-Protocol``.
        params: the query; empty but for endpoints that know nothing else.
    """

    protocols: tuple[str, ...] = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)


def realtime_url_of(url: str) -> str:
    """Give the real-time endpoint of a GraphQL endpoint.

    AppSync's own domains have a host beside ``appsync-api``, in every partition;
    custom domains, and emulators on loopback, a path below ``/graphql``.
    """
    parts = urlsplit(url)
    scheme = {"https": "wss", "http": "ws"}[parts.scheme]
    labels = parts.netloc.split(".")
    if len(labels) > _HOST_LABELS and labels[1] == "appsync-api":
        labels[1] = "appsync-realtime-api"
        return urlunsplit((scheme, ".".join(labels), parts.path, "", ""))
    path = parts.path.rstrip("/") + "/realtime"
    return urlunsplit((scheme, parts.netloc, path, "", ""))


def check_realtime(url: str, way: str, *, allow_insecure: bool) -> None:
    """Refuse settings of the real-time endpoint to which no token may be sent.

    Raises:
        ConfigurationError: the URL or the way can't be used.
        InsecureEndpoint: it is ``ws://`` to another machine.
    """
    if way not in {"subprotocol", "query"}:
        raise ConfigurationError(
            'realtime_auth is "subprotocol" or "query".', setting="realtime_auth"
        )
    scheme, _, rest = url.partition("://")
    if scheme not in {"ws", "wss"}:
        raise ConfigurationError(
            "realtime_url must begin with wss://, or with ws:// on this machine.",
            setting="realtime_url",
        )
    check_endpoint(f"{scheme.replace('ws', 'http')}://{rest}", allow_insecure=allow_insecure)


def host_of(url: str) -> str:
    """Give the ``host`` of every authorization: the GraphQL endpoint's, never the other one."""
    return urlsplit(url).netloc


def handshake(authorization: Mapping[str, str], way: RealtimeAuth) -> Handshake:
    """Put an authorization into the subprotocol, where no log of URLs shows it, or the query.

    https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html#handshake-details-to-establish-the-websocket-connection
    """
    text = json.dumps(dict(authorization)).encode()
    if way == "query":
        header = base64.b64encode(text).decode()
        return Handshake(("graphql-ws",), {"header": header, "payload": "e30="})
    header = base64.urlsafe_b64encode(text).decode().rstrip("=")
    return Handshake(("graphql-ws", f"header-{header}"))
