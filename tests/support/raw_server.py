"""A server of bare sockets, for what is about connections and not about answers."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class RawServer:
    """What it has seen, and how it behaves.

    Attributes:
        url: the endpoint.
        opened: connections so far.
        heads: the requests' heads, as they came.
        bodies: what was posted.
        silent: whether requests get no answer.
        bit_by_bit: whether answers come in several pieces, the head alone first.
        answer: the body of each answer.
        content_type: and its type.
        more: more lines of its head, each with its end.
        asked: set once there was a request.
    """

    url: str = ""
    opened: int = 0
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    silent: bool = False
    bit_by_bit: bool = False
    answer: bytes = b'{"data":{"a":1}}'
    content_type: str = "application/json"
    more: bytes = b""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    left: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def documents(self) -> list[Any]:
        """The bodies, read."""
        return [json.loads(body) for body in self.bodies]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        self.opened += 1
        self.writers.append(writer)
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                head = self.heads[-1].lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
                self.asked.set()
                if not self.silent:
                    await self.say(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            async with self.left:
                self.writers.remove(writer)
                self.left.notify_all()

    def forget(self) -> None:
        """Forget what was posted."""
        self.heads.clear()
        self.bodies.clear()

    async def say(self, writer: asyncio.StreamWriter) -> None:
        """Write one answer."""
        head = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n%b\r\n"
        text = head % (self.content_type.encode(), len(self.answer), self.more) + self.answer
        if self.bit_by_bit:
            for length in (len(text) - len(self.answer), 3):
                writer.write(text[:length])
                text = text[length:]
                await asyncio.sleep(0.01)  # so that they arrive apart
        writer.write(text)

    async def empty(self) -> None:
        """Wait until nobody is connected."""
        async with self.left:
            await asyncio.wait_for(self.left.wait_for(lambda: not self.writers), 10)


@asynccontextmanager
async def raw_server() -> AsyncIterator[RawServer]:
    """Have one in this loop."""
    state = RawServer()
    server = await asyncio.start_server(state.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    state.url = f"http://127.0.0.1:{port}/graphql"
    try:
        yield state
    finally:
        server.close()
        for writer in list(state.writers):
            writer.close()
        await state.empty()
