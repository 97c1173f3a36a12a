"""A TCP proxy that forgets connections without a word, as networks and load balancers do."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from appsync_gql.testing.emulator.background_thread import running_in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

__all__ = ["ForgetfulProxy"]


class ForgetfulProxy:
    """Passes bytes on to a server on loopback.

    Args:
        port: the server's.

    Attributes:
        port: the proxy's own.
        opened: how many connections were opened.
    """

    def __init__(self, port: int) -> None:
        self.port, self.opened = 0, 0
        self._server_port = port
        self._forgotten: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()

    @classmethod
    @contextmanager
    def in_thread(cls, port: int) -> Iterator[Self]:
        """Run a proxy in a thread of its own."""
        proxy = cls(port)
        with running_in_thread(proxy, "forgetful-proxy"):
            yield proxy

    def forget(self) -> None:
        """Pass nothing more on for the connections of this moment; they stay open."""
        self._forgotten |= set(self._open)

    def close_all(self) -> None:
        """Close the connections of this moment."""
        for writer in list(self._open):
            self._loop.call_soon_threadsafe(writer.close)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._open.add(writer)
        inner, outer = await asyncio.open_connection("127.0.0.1", self._server_port)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(
                self._pass(reader, outer, writer), self._pass(inner, writer, writer)
            )
        self._open.discard(writer)
        for one in (outer, writer):
            one.close()

    async def _pass(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        while data := await source.read(65_536):
            if client not in self._forgotten:
                to.write(data)
                await to.drain()
        if client not in self._forgotten:
            to.close()
