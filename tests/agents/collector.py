"""Takes what agents send, on loopback, and keeps it as text."""

from __future__ import annotations

import gzip
import http.server
import threading
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


_GZIP = b"\x1f\x8b"


class Collector:
    """What was received so far.

    Attributes:
        url: where to send it.
    """

    def __init__(self) -> None:
        self.url = ""
        self._received: list[bytes] = []

    def add(self, path: str, body: bytes) -> None:
        """Keep a body."""
        self._received += [path.encode(), _decompressed(body)]

    @property
    def text(self) -> str:
        """All that was received."""
        return b"\n".join(self._received).decode(errors="replace")


def _decompressed(body: bytes) -> bytes:
    if body.startswith(_GZIP):
        return gzip.decompress(body)
    with suppress(zlib.error):
        return zlib.decompress(body)
    return body


@contextmanager
def collector() -> Iterator[Collector]:
    """Run a collector."""
    found = Collector()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            found.add(self.path, self._body())
            self._respond(202 if "intake" in self.path else 200)

        do_PUT = do_POST  # noqa: N815

        def do_GET(self) -> None:
            self._respond(404 if self.path == "/info" else 200)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chunks = []
            while length := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def _respond(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Write no log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
