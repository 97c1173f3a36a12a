"""A proxy whose responses stay away although the requests were carried out."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from typing_extensions import Self


class HangingProxy:
    """Passes POST requests on to a server on loopback; keeps the first responses to itself.

    Args:
        url: of the server.
        responses: how many are kept back.
    """

    def __init__(self, url: str, *, responses: int) -> None:
        self._left = responses
        self._ended = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {n: v for n, v in self.headers.items() if n.lower() != "host"}
                request = Request(url, data=body, headers=headers, method="POST")  # noqa: S310
                with urlopen(request, timeout=5) as response:  # noqa: S310
                    text = response.read()
                proxy._left -= 1
                if proxy._left >= 0:
                    proxy._ended.wait(20)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        assert self._server.socket.family == socket.AF_INET
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
