"""A threaded server that responds with the variable of each request: answers can't be mixed up."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

__all__ = ["EchoServer"]


class EchoServer:
    """Responds ``{"data": {"a": n}}`` where the request's variable ``a`` is ``n``.

    Args:
        delay: seconds before each response.
        tls: the server's side of TLS; ``None`` for plain HTTP.
        handshakes: no TLS handshake goes on before it is set; ``None``: all do at once.

    Attributes:
        url: the endpoint.
        opened: how many connections were opened so far.
        closed: how many of them were closed by the client.
        numbers: the variables that were received.
    """

    def __init__(
        self,
        *,
        delay: float = 0.0,
        tls: ssl.SSLContext | None = None,
        handshakes: threading.Event | None = None,
    ) -> None:
        self._delay, self._tls, self._handshakes = delay, tls, handshakes
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        port = self._listener.getsockname()[1]
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{port}/graphql"
        self.opened = self.closed = 0
        self.numbers: list[int | None] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self.opened += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        if self._handshakes is not None:
            self._handshakes.wait(20)
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with connection, connection.makefile("rb") as stream:
            length = 0
            try:
                while line := stream.readline().lower():
                    if line.startswith(b"content-length"):
                        length = int(line.split(b":")[1])
                    if line == b"\r\n":
                        self._respond(connection, json.loads(stream.read(length)))
            except (OSError, ValueError):
                pass
        self.closed += 1

    def _respond(self, connection: socket.socket, request: dict[str, dict[str, int]]) -> None:
        number = request.get("variables", {}).get("a")
        self.numbers.append(number)
        time.sleep(self._delay)
        body = json.dumps({"data": {"a": number}}).encode()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        connection.sendall(head % len(body) + body)
