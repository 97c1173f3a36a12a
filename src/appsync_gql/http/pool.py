"""The aiohttp sessions of a transport: one for each event loop that uses it.

gql opens and closes a session for every ``execute_async``, and with it the connections: most of
the time of such a call. Here a loop's connections stay open between sessions. aiohttp closes
idle ones after 15 s; all of them are closed with their loop, or with the thread that used it.

Nothing is shared between threads, loops or processes: a session is closed in the thread that
opened it, and a forked child starts without any.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import TransportClosed

from ..compat.forks import detach_loop, replace_inherited_loop
from ..threads import after_fork_in_child
from .loop_session import LoopSession, close_later
from .session import is_reusable

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

__all__ = ["SessionPool"]

_PAUSED_LOOPS = 8
"""How many loops that do not run may have idle connections in one thread."""


class _ThreadSessions:
    """The sessions that one thread opened.

    Attributes:
        of_pools: the sessions by event loop, of each pool by its key.
    """

    def __init__(self) -> None:
        self.of_pools: dict[object, dict[AbstractEventLoop, LoopSession]] = {}

    def all(self) -> list[LoopSession]:
        """Return all sessions."""
        return [found for by_loop in list(self.of_pools.values()) for found in by_loop.values()]

    def close(self) -> None:
        """Close all sessions; called in their own thread."""
        opened = self.all()
        self.of_pools.clear()
        for found in opened:
            found.close_from_its_thread()

    def close_unused(self) -> None:
        """Close what can't be used any more; called in the sessions' own thread."""
        running = asyncio.get_running_loop()
        paused: list[tuple[dict[AbstractEventLoop, LoopSession], AbstractEventLoop]] = []
        for key, by_loop in list(self.of_pools.items()):
            for loop, found in list(by_loop.items()):
                if found.unowned or loop.is_closed():
                    del by_loop[loop]
                    found.close_from_its_thread()
                elif loop is not running and not found.uses:
                    paused.append((by_loop, loop))
            if not by_loop:
                del self.of_pools[key]
        for by_loop, loop in paused[:-_PAUSED_LOOPS]:
            by_loop.pop(loop).close_without_loop()


class _ThreadEnd:
    """Closes the sessions of a thread when the thread ends, which drops this object.

    A forked child drops those of all other threads, before it runs any code: then the sessions
    must stay, to be detached.
    """

    def __init__(self, sessions: _ThreadSessions, threads: set[_ThreadSessions]) -> None:
        self._sessions, self._threads = sessions, threads
        self._process, self._thread = os.getpid(), threading.get_ident()
        threads.add(sessions)

    def __del__(self) -> None:
        if os.getpid() != self._process:
            return
        self._threads.discard(self._sessions)
        if threading.get_ident() == self._thread:
            self._sessions.close()


class _Local(threading.local):
    """The sessions of the current thread."""

    def __init__(self, threads: set[_ThreadSessions]) -> None:
        """Called in each thread that uses it first."""
        self.sessions = _ThreadSessions()
        self.end = _ThreadEnd(self.sessions, threads)


class _Process:
    """The sessions of this process, by thread."""

    def __init__(self) -> None:
        self._begin()
        after_fork_in_child(self, _Process._after_fork)
        atexit.register(self._at_exit)

    def _begin(self) -> None:
        self.threads: set[_ThreadSessions] = set()
        self.local = _Local(self.threads)

    def _after_fork(self) -> None:
        inherited = [found for sessions in self.threads for found in sessions.all()]
        self._begin()
        loops = {found.loop for found in inherited}
        for loop in loops:
            detach_loop(loop)
        for found in inherited:
            found.detach()
        replace_inherited_loop(loops)

    def _at_exit(self) -> None:
        self.local.sessions.close()


_process = _Process()


class SessionPool:
    """The sessions of one transport.

    Args:
        settings: returns the arguments for a new session; one that is kept open is used again
            only if they are still the same.
        keep_open: whether connections stay open between sessions.
        ssl_close_timeout: seconds to wait for connections to end their TLS; ``None`` for no
            limit.
    """

    def __init__(
        self,
        settings: Callable[[], dict[str, Any]],
        *,
        keep_open: bool,
        ssl_close_timeout: float | None,
    ) -> None:
        self._settings, self._keep_open = settings, keep_open
        self._ssl_close_timeout = ssl_close_timeout
        self._key = object()
        self._opened: weakref.WeakSet[LoopSession] = weakref.WeakSet()
        weakref.finalize(self, _abandon, self._opened).atexit = False

    def current(self) -> LoopSession | None:
        """Return the running loop's session if it is open; ``None`` if not."""
        by_loop = _process.local.sessions.of_pools.get(self._key)
        found = by_loop.get(asyncio.get_running_loop()) if by_loop is not None else None
        return found if found is not None and found.is_open else None

    def opened(self) -> LoopSession:
        """Return the running loop's session.

        Raises:
            TransportClosed: it is not open.
        """
        found = self.current()
        if found is None:
            raise TransportClosed("Transport is not connected")
        return found

    def any_open(self) -> LoopSession | None:
        """Return a session that is open on any loop; ``None`` if there is none."""
        return next((found for found in self._opened if found.is_open), None)

    async def open(self) -> None:
        """Open the running loop's session, or count one more use of the one that is open."""
        loop, sessions = asyncio.get_running_loop(), _process.local.sessions
        sessions.close_unused()
        by_loop = sessions.of_pools.setdefault(self._key, {})
        found = by_loop.get(loop)
        if found is None:
            found = by_loop[loop] = LoopSession(loop, self._ssl_close_timeout)
            self._opened.add(found)
        connector = await found.keep_connections() if self._keep_open else None
        found.prepare_session(self._settings(), connector)
        found.uses += 1

    async def close(self) -> None:
        """Take one use back; close the running loop's session after the last."""
        loop = asyncio.get_running_loop()
        by_loop = _process.local.sessions.of_pools.get(self._key, {})
        found = by_loop.get(loop)
        if found is None or not found.uses:
            return
        found.uses -= 1
        if found.uses:
            return
        if found.timeout is not None:
            found.timeout.stop()
        if not self._keep_open:
            del by_loop[loop]
            await found.close()
            return
        found.idle_since = loop.time()
        session = found.session
        if session is not None and not is_reusable(session):
            found.session = None
            await session.close()


def _abandon(opened: weakref.WeakSet[LoopSession]) -> None:
    """Close the sessions of a transport that was collected, each in its own thread.

    Called by the garbage collector, in any thread.
    """
    for found in list(opened):
        found.unowned = True
        loop = found.loop
        if loop.is_running():
            with contextlib.suppress(RuntimeError):  # it ended just now
                loop.call_soon_threadsafe(close_later, found)
