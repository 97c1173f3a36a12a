"""Undocumented parts of aiohttp: connections that must not be used any more."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import aiohttp

__all__ = ["abort_idle", "close_connections", "close_transport", "take_transports"]


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


def close_connections(connector: aiohttp.BaseConnector) -> None:
    """Close the connections of a connector at once, without its loop.

    The loop is closed, or does not run and may never run again. aiohttp's own ``close`` would
    raise an error, or wait for the loop; asyncio's ``abort`` closes the socket in the loop.
    """
    for transport in take_transports(connector):
        close_transport(transport)


def take_transports(connector: aiohttp.BaseConnector) -> list[Any]:
    """Remove all connections from a connector, so that its finalizer does nothing."""
    idle = [entry[0] for entries in getattr(connector, "_conns", {}).values() for entry in entries]
    protocols = (*idle, *getattr(connector, "_acquired", ()))
    for name in ("_conns", "_acquired"):
        getattr(connector, name, {}).clear()
    found = (getattr(protocol, "transport", None) for protocol in protocols)
    return [transport for transport in found if transport is not None]


_SELECTOR_TRANSPORT: Any = getattr(
    getattr(asyncio, "selector_events", None), "_SelectorTransport", ()
)


def close_transport(transport: Any) -> None:
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
