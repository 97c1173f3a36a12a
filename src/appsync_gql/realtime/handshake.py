"""Where the real-time endpoint is, and what a connection is opened with. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

from ..endpoint import check_endpoint
from ..exceptions import ConfigurationError
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Handshake",
    "RealtimeAuth",
    "check_realtime",
    "handshake_of",
    "host_of",
    "proxy_of",
    "realtime_url_of",
]

RealtimeAuth = Literal["subprotocol", "query"]

_API_LABEL = 1
"""Which label of an API's own host name says ``appsync-api``: the one behind the API's id."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a connection is opened with.

    Attributes:
        protocols: ``Sec-WebSocket-Protocol``.
        params: the query; empty unless the authorization is sent in the URL.
    """

    protocols: tuple[str, ...]
    params: Mapping[str, str] = field(default_factory=dict)


def realtime_url_of(url: str) -> str:
    """Return the real-time endpoint of a GraphQL endpoint.

    AppSync's own domains have a host beside ``appsync-api``, in every partition;
    custom domains, and emulators on loopback, a path below ``/graphql``.
    """
    parts = urlsplit(url)
    scheme = {"https": "wss", "http": "ws"}[parts.scheme.lower()]
    path = parts.path.rstrip("/") or "/graphql"
    labels = host_of(url).split(".")
    if labels[_API_LABEL : _API_LABEL + 1] == ["appsync-api"] and len(labels) > _API_LABEL + 1:
        labels[_API_LABEL] = "appsync-realtime-api"
        return urlunsplit((scheme, ".".join(labels), path, "", ""))
    return urlunsplit((scheme, host_of(url), f"{path}/realtime", "", ""))


def check_realtime(url: str, realtime_auth: str, *, allow_insecure: bool) -> None:
    """Refuse settings of the real-time endpoint with which no token may be sent.

    Raises:
        ConfigurationError: the URL, or the way to send the authorization, can't be used.
        InsecureEndpoint: the URL is ``ws://`` to another machine.
    """
    if realtime_auth not in {"subprotocol", "query"}:
        raise ConfigurationError(
            'realtime_auth is "subprotocol" or "query".', setting="realtime_auth"
        )
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in {"ws", "wss"}:
        raise ConfigurationError(
            "realtime_url must begin with wss://, or with ws:// on this machine.",
            setting="realtime_url",
        )
    check_endpoint(
        f"{scheme.lower().replace('ws', 'http')}://{rest}", allow_insecure=allow_insecure
    )


def host_of(url: str) -> str:
    """Return the ``host`` of every authorization: the GraphQL endpoint's, with its port if any."""
    return urlsplit(url).netloc.lower()


def proxy_of(url: str, proxies: Mapping[str, str]) -> str | None:
    """Return the proxy for a real-time endpoint; ``None`` to leave the choice to aiohttp.

    aiohttp reads ``wss_proxy`` for ``wss://``, which hardly any machine sets.

    Args:
        url: the real-time endpoint.
        proxies: the environment's, as ``urllib.request.getproxies()`` returns them.
    """
    scheme = urlsplit(url).scheme.lower()
    if scheme in proxies:
        return None
    found = proxies.get({"wss": "https", "ws": "http"}.get(scheme, ""))
    return None if found is None else Secret(found)


def handshake_of(authorization: Mapping[str, str], realtime_auth: RealtimeAuth) -> Handshake:
    """Return a handshake with the authorization in the subprotocol, or in the URL's query.

    In the subprotocol no log of URLs shows it.

    https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html#handshake-details-to-establish-the-websocket-connection
    """
    text = Secret(json.dumps(dict(authorization)))
    if realtime_auth == "query":
        header = Secret(base64.b64encode(text.encode()).decode())
        return Handshake(("graphql-ws",), {"header": header, "payload": "e30="})
    header = Secret(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))
    return Handshake(("graphql-ws", Secret(f"header-{header}")))
