"""Fails when an undocumented part changes that a forked child needs."""

from __future__ import annotations

import asyncio
import gc
import os
import select
import socket
import sys
import weakref
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from appsync_gql.compat.forks import (
    detach_connections,
    detach_loop,
    keep_for_ever,
    replace_inherited_loop,
    replace_socket,
)
from support.idle_connection import Connected

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has epoll")

# -- connections


class Writing(asyncio.Transport):
    """A transport of another loop, which writes to its socket when it is aborted."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__({"socket": end})
        self._end = end

    def abort(self) -> None:
        os.write(self._end.fileno(), b"the end of TLS")


async def test_a_detached_connection_sends_nothing() -> None:
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    parents = ours.dup()  # as the parent process has it
    protocol = type("Protocol", (), {"transport": Writing(ours)})()
    connector = type("Connector", (), {"_conns": {}, "_acquired": {protocol}})()
    detach_connections(connector)
    with pytest.raises(BlockingIOError):
        theirs.recv(99)
    assert connector._acquired == set()
    for end in (ours, theirs, parents):
        end.close()


async def test_a_detached_connection_stays_open_for_the_parent(folder: Path | None) -> None:
    async with Connected(folder) as connected:
        (transport,) = connected.transports
        parents = transport.get_extra_info("socket").dup()
        detach_connections(connected.connector)
        await asyncio.sleep(0.02)
        assert len(connected.server.writers) == 1
        parents.close()


def test_a_replaced_socket_reads_nothing_of_what_its_parent_will_read() -> None:
    ours, theirs = socket.socketpair()
    parents = ours.dup()  # as the parent process has it
    theirs.sendall(b"the server's part of a handshake")
    replace_socket(ours)
    with pytest.raises(OSError, match="non-socket"):
        ours.recv(99)
    assert parents.recv(99) == b"the server's part of a handshake"
    for end in (ours, theirs, parents):
        end.close()
    replace_socket(ours)  # a closed one stays as it is
    assert ours.fileno() == -1


def test_what_is_kept_for_ever_is_not_collected() -> None:
    class Thing:
        other: Thing

    thing, other = Thing(), Thing()
    thing.other = other
    kept, collected = weakref.ref(other), weakref.ref(extra := Thing())
    keep_for_ever(thing)
    del thing, other, extra
    gc.collect()
    assert kept() is not None
    assert collected() is None


def test_a_connection_of_aiohttp_still_closes_itself_when_it_is_collected() -> None:
    """If this fails, ``keep_for_ever`` may not be needed any more."""
    assert hasattr(aiohttp.connector.Connection, "__del__")


# -- loops


@linux
def test_a_detached_loop_has_a_selector_and_a_wake_up_of_its_own() -> None:
    loop = asyncio.new_event_loop()
    internals: Any = loop
    parents = [internals._ssock.dup(), internals._csock.dup()]
    selector = os.dup(internals._selector.fileno())
    identities = [os.fstat(end.fileno()).st_ino for end in parents]
    detach_loop(loop)
    own = (internals._ssock, internals._csock)
    assert not {os.fstat(end.fileno()).st_ino for end in own} & set(identities)
    # A thread wakes it.
    woken = loop.run_in_executor(None, int)
    assert loop.run_until_complete(asyncio.wait_for(woken, 5)) == 0
    # The parent's wake-up was left alone, and the parent's selector still watches it.
    parents[1].send(b"\0")
    watched = select.epoll.fromfd(selector)
    assert [event for _, event in watched.poll(1)] == [select.EPOLLIN]
    assert parents[0].recv(9) == b"\0"
    watched.close()
    for end in parents:
        end.close()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_a_closed_loop_and_a_loop_of_another_kind_are_left_alone() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    for other in (loop, type("Loop", (), {})()):
        before = dict(vars(other))
        detach_loop(other)
        assert vars(other) == before


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python does it by itself from 3.12 on")
def test_an_inherited_current_loop_is_replaced() -> None:
    inherited, other = asyncio.new_event_loop(), asyncio.new_event_loop()
    asyncio.set_event_loop(inherited)
    try:
        replace_inherited_loop({other})
        assert asyncio.get_event_loop_policy().get_event_loop() is inherited
        replace_inherited_loop({inherited, other})
        fresh = asyncio.get_event_loop_policy().get_event_loop()
        assert fresh not in {inherited, other}
        fresh.close()
    finally:
        asyncio.set_event_loop(None)
        inherited.close()
        other.close()
