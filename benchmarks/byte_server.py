"""A server that sends a prepared response to every complete request.

It runs in a process of its own, on a processor of its own, and parses no more than the length of
the body. Each run measures how little time it takes: see :func:`microseconds`.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import multiprocessing
import os
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FIELDS", "Server", "microseconds", "part_processors", "pin", "running"]

FIELDS = ["id", "name", "status", "owner", "createdAt", "updatedAt", "total", "currency", "note"]
FIELDS += ["version"]


def part_processors() -> tuple[int | None, int | None]:
    """Return a processor for the clients and another for the server; ``None`` for any."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    found = sorted(os.sched_getaffinity(0))
    return found[0], found[-1]


def pin(processor: int | None) -> None:
    """Restrict this process, and those that it starts, to one processor."""
    if processor is not None:
        os.sched_setaffinity(0, {processor})


def small() -> bytes:
    """Return a response of about 300 bytes, with the 19 fields of the query."""
    me = {f"field{i}": "v" * 4 for i in range(8)}
    item = dict.fromkeys(FIELDS, "value")
    return json.dumps({"data": {"me": me, "item": item}}, separators=(",", ":")).encode()


def large() -> bytes:
    """Return a response of about 208 KB: a list, like a page of results."""
    item = dict.fromkeys(FIELDS, "value") | {"total": 12.75, "version": 3}
    items = [{**item, "id": f"item-{i:06}"} for i in range(1255)]
    return json.dumps({"data": {"items": items}}, separators=(",", ":")).encode()


BODIES = {b"/small": small(), b"/large": large()}


class Connection(asyncio.Protocol):
    """One connection; responds to complete requests.

    Attributes:
        answered: how many responses all connections have sent.
    """

    answered = 0
    _date = (0, b"")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called when the connection is open."""
        self.transport, self.rest = transport, b""

    def data_received(self, data: bytes) -> None:
        """Respond to each request whose body is complete."""
        self.rest = self.rest + data if self.rest else data
        while (head := self.rest.find(b"\r\n\r\n")) >= 0:
            end = head + 4 + _length(self.rest[:head])
            if len(self.rest) < end:
                return
            path = self.rest.split(b" ", 2)[1]
            self.rest = self.rest[end:]
            self.transport.write(self.response(path))  # type: ignore[attr-defined]

    def response(self, path: bytes) -> bytes:
        """Return the bytes of the response."""
        if path == b"/counts":
            counts = {"answered": Connection.answered, "cpu": time.process_time()}
            body = json.dumps(counts).encode()
        else:
            Connection.answered += 1
            body = BODIES[path]
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\n"
            b"Date: %b\r\nx-amzn-RequestId: 0a1b2c3d-0000-4000-8000-000000000000\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (self.date(), len(body), body)
        )

    @classmethod
    def date(cls) -> bytes:
        """Return the formatted time; it is formatted once a second."""
        now = int(time.time())
        if now != cls._date[0]:
            cls._date = (now, email.utils.formatdate(now, usegmt=True).encode())
        return cls._date[1]


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def serve(pipe: Any, certificate: Path | None, processor: int | None) -> None:
    """Run until the process is ended."""
    pin(processor)
    try:
        import uvloop  # noqa: PLC0415

        new_loop: Any = uvloop.new_event_loop
    except ImportError:
        new_loop = None

    async def main() -> None:
        loop = asyncio.get_running_loop()
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        servers = [await loop.create_server(Connection, "127.0.0.1", 0, backlog=1024)]
        if context is not None:
            servers.append(await loop.create_server(Connection, "127.0.0.1", 0, ssl=context))
        pipe.send([server.sockets[0].getsockname()[1] for server in servers])
        await asyncio.Event().wait()

    loop = (new_loop or asyncio.new_event_loop)()
    loop.run_until_complete(main())


@dataclass(frozen=True)
class Server:
    """The URLs of the running server."""

    http: str
    https: str = ""


@contextmanager
def running(certificate: Path | None = None, processor: int | None = None) -> Iterator[Server]:
    """Run the server in a process of its own.

    Args:
        certificate: a PEM file with key and certificate; ``None`` for no TLS.
        processor: on which it runs; ``None`` for any.
    """
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs, certificate, processor), daemon=True
    )
    process.start()
    try:
        ports = mine.recv()
        yield Server(
            *(f"{s}://127.0.0.1:{p}" for s, p in zip(("http", "https"), ports, strict=False))
        )
    finally:
        process.kill()
        process.join()


async def microseconds(where: Server, count: int = 20_000) -> float:
    """Return the server's processor time for a response, in microseconds, with 16 connections."""
    host, port = where.http.removeprefix("http://").split(":")
    body = b'{"query":"%b"}' % (b"q" * 300)
    head = (
        b"POST /%b HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %b\r\nContent-Length: %d\r\n\r\n"
    )
    small, counts = (head % (path, b"t" * 1000, len(body)) + body for path in (b"small", b"counts"))

    async def send(number: int, text: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(host, int(port))
        response = b""
        for _ in range(number):
            writer.write(text)
            head = await reader.readuntil(b"\r\n\r\n")
            response = await reader.readexactly(_length(head))
        writer.close()
        return response

    before = json.loads(await send(1, counts))
    await asyncio.gather(*(send(count // 16, small) for _ in range(16)))
    after = json.loads(await send(1, counts))
    cpu, answered = (after[name] - before[name] for name in ("cpu", "answered"))
    return float(cpu / answered * 1e6)
