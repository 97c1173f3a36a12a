"""Undocumented parts of asyncio and aiohttp: what a forked child does with its parent's loops."""

from __future__ import annotations

import asyncio
import ctypes
import os
import select
import selectors
import socket
import sys
from typing import TYPE_CHECKING, Any

from .aiohttp import close_transport, take_transports

if TYPE_CHECKING:
    import aiohttp

__all__ = [
    "detach_connections",
    "detach_loop",
    "keep_for_ever",
    "replace_inherited_loop",
    "replace_socket",
]


def detach_connections(connector: aiohttp.BaseConnector) -> None:
    """Drop the connections that a forked child inherited, without a byte to the server.

    Called in the child. The parent goes on with the same sockets and TLS sessions, so the
    descriptors are replaced by ``/dev/null``, in the child alone, before they are closed.
    """
    for transport in take_transports(connector):
        connected = transport.get_extra_info("socket")
        if connected is not None:
            replace_socket(connected)
        close_transport(transport)


def detach_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cut an event loop that a forked child inherited off from the parent's.

    Called in the child. Both have the same ``epoll`` object and the same pair of sockets by which
    threads wake the loop: if the child closed a socket, the parent's loop would stop watching
    its own, and either could take a wake-up that is meant for the other. So they are replaced,
    in the child alone, under the same descriptors. asyncio has no public function for it.
    """
    selector: Any = getattr(loop, "_selector", None)
    ends: list[Any] = [getattr(loop, name, None) for name in ("_ssock", "_csock")]
    if sys.platform != "linux" or not isinstance(selector, selectors.EpollSelector):
        return
    if loop.is_closed() or None in ends:
        return
    pair, fresh = socket.socketpair(), select.epoll()
    for end, replaced in zip(pair, ends, strict=True):
        os.dup2(end.fileno(), replaced.fileno(), inheritable=False)
        os.set_blocking(replaced.fileno(), False)
        end.close()
    fresh.register(ends[0].fileno(), select.EPOLLIN)
    os.dup2(fresh.fileno(), selector.fileno(), inheritable=False)
    fresh.close()


def replace_socket(inherited: socket.socket) -> None:
    """Put ``/dev/null`` in the place of a socket that a forked child inherited.

    Called in the child, which alone is affected: its event loop may still have callbacks that
    would read from the socket, or write to it. Does nothing if the socket is closed.
    """
    if inherited.fileno() < 0:
        return
    null = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(null, inherited.fileno(), inheritable=False)
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


def keep_for_ever(thing: object) -> None:
    """Keep an object and all that it refers to from being collected, even when Python ends.

    Reason: aiohttp's connections close themselves when they are collected. In a forked child
    that removes the parent's sockets from the selector that both processes share, and the
    parent waits for ever. Seen in aiohttp 3.12 to 3.14 (``aiohttp.connector.Connection``).
    """
    if sys.implementation.name == "cpython":
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
