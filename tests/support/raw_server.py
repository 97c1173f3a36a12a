"""An HTTP server on bare sockets, for tests of connections and of what exactly is sent."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Fault = Literal["close", "reset", "cut", "reset in the body", "garbage"]
"""What happens instead of a response: the connection is closed, or reset; or it is closed, or
reset, after the head and one byte of the body; or there is no HTTP in the response."""


_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class RawServer:
    """What the server received, and how it responds.

    Attributes:
        url: the endpoint.
        opened: how many connections were opened so far.
        heads: the heads of the requests.
        bodies: the bodies of the requests.
        silent: whether requests get no response.
        in_pieces: whether a response is sent in several pieces, its head first.
        status: the status line of each response, after the version.
        answer: the body of each response.
        content_type: its content type.
        more: more lines of its head, each with its line end.
        faults: what happens to the next requests.
        read_limit: how many bytes of a body are read before the response; ``None`` for all.
        requested: set once there was a request.
        writers: the open connections.
    """

    url: str = ""
    opened: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    silent: bool = False
    in_pieces: bool = False
    status: str = "200 OK"
    answer: bytes = b'{"data":{"a":1}}'
    content_type: str = "application/json"
    more: bytes = b""
    faults: deque[Fault] = field(default_factory=deque)
    read_limit: int | None = None
    requested: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def documents(self) -> list[Any]:
        """The JSON of each body."""
        return [json.loads(body) for body in self.bodies]

    def header(self, name: str, request: int = -1) -> str | None:
        """Return a header of a request, by default of the last one."""
        for line in self.heads[request].decode("latin-1").splitlines()[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name.lower():
                return value.strip()
        return None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Respond to the requests of one connection."""
        self.opened += 1
        self.writers.append(writer)
        try:
            while True:
                await self._receive(reader)
                fault = self.faults.popleft() if self.faults else None
                if fault is not None:
                    await self._fail(writer, fault)
                    break
                if not self.silent:
                    await self._respond(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            async with self._changed:
                self.writers.remove(writer)
                self._changed.notify_all()

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        length = _LENGTH.search(head)
        expected = 0 if length is None else int(length[1])
        if self.read_limit is not None:
            expected = min(expected, self.read_limit)
        self.bodies.append(await reader.readexactly(expected))
        self.requested.set()

    async def _respond(self, writer: asyncio.StreamWriter) -> None:
        text = self._head() + self.answer
        if self.in_pieces:
            for length in (len(text) - len(self.answer), 3):
                writer.write(text[:length])
                text = text[length:]
                await asyncio.sleep(0.01)  # so that they arrive one by one
        writer.write(text)

    def _head(self) -> bytes:
        lines = f"HTTP/1.1 {self.status}\r\ncontent-type: {self.content_type}\r\n"
        return f"{lines}content-length: {len(self.answer)}\r\n".encode() + self.more + b"\r\n"

    async def _fail(self, writer: asyncio.StreamWriter, fault: Fault) -> None:
        if fault in {"cut", "reset in the body"}:
            writer.write(self._head() + self.answer[:1])
            await writer.drain()
            await asyncio.sleep(0.02)  # so that it arrives before a reset
        if fault == "garbage":
            writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        if fault in {"reset", "reset in the body"}:
            connection = writer.get_extra_info("socket")
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async def close_connections(self) -> None:
        """Close all connections, as a server does with idle ones."""
        for writer in list(self.writers):
            writer.close()
        await self.wait_until_empty()

    def forget(self) -> None:
        """Forget the requests."""
        self.heads.clear()
        self.bodies.clear()

    async def wait_until_empty(self) -> None:
        """Wait until no connection is open."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: not self.writers), 10)


@asynccontextmanager
async def raw_server(**settings: Any) -> AsyncIterator[RawServer]:
    """Run a server in this loop; the settings are those of :class:`RawServer`."""
    state = RawServer(**settings)
    server = await asyncio.start_server(state.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    state.url = f"http://127.0.0.1:{port}/graphql"
    try:
        yield state
    finally:
        server.close()
        await state.close_connections()
