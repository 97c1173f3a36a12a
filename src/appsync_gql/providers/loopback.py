"""Receives the one request by which a browser returns from a sign-in page (RFC 8252, 7.3)."""

from __future__ import annotations

import hmac
import os
import socketserver
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ..exceptions import ConfigurationError, SignInFailed
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LoopbackServer"]

_PAGE = '<!doctype html><meta charset="utf-8"><title>Sign-in</title><p>'
_DONE = f"{_PAGE}The answer was passed on. You can close this page and go back to the program."
_FAILED = f"{_PAGE}You are not signed in. The program that opened this page says why."
_UNKNOWN = f"{_PAGE}This sign-in is not known here. Sign in again, and use only the newest page."
_READ_SECONDS = 5.0
_POLL_SECONDS = 0.05


class _Server(ThreadingHTTPServer):
    """One thread for each connection: browsers open some that they use later, or never."""

    # Without it, the connections of one sign-in keep the next one from the port for a minute.
    # On Windows, the option would let another program listen on the same port.
    allow_reuse_address = os.name == "posix"
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.state = Secret("")
        self.found: Secret | None = None
        self.ended = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without a look-up of this machine's name, which takes seconds on some machines."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a browser may close a connection at any time."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] # no other has it
    timeout = _READ_SECONDS

    def do_GET(self) -> None:
        """Take the URL if its state is right; anybody can send other requests."""
        server, parts = self.server, urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path != "/" or not _is_state(query.get("state", []), server.state):
            self._respond(HTTPStatus.BAD_REQUEST, _UNKNOWN)
            return
        if server.found is None:
            server.found = Secret(self.path)
        try:
            self._respond(HTTPStatus.OK, _FAILED if "error" in query else _DONE)
        finally:
            server.ended.set()  # after the page: the program may end now

    def _respond(self, status: HTTPStatus, page: str) -> None:
        body = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Log nothing: the request's line contains the code."""


def _is_state(given: Sequence[str], expected: Secret) -> bool:
    return len(given) == 1 and hmac.compare_digest(given[0].encode(), expected.encode())


class LoopbackServer:
    """Listens on 127.0.0.1 until it is closed, and answers from threads of its own.

    Args:
        ports: tried in this order; 0 for any free one.

    Raises:
        ConfigurationError: all of the ports are in use.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self._thread: threading.Thread | None = None
        for port in ports:
            try:
                self._server = _Server(port)
            except OSError:
                continue
            return
        listed = ", ".join(str(port) for port in ports)
        raise ConfigurationError(
            f"The ports for the sign-in page's answer are in use: {listed}. Pass other ports=, "
            "which must also be in the app client's callback URLs.",
            setting="ports",
        )

    @property
    def redirect_uri(self) -> str:
        """The address to which the page sends the browser."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def start(self, state: Secret) -> None:
        """Take requests with this state, from now on.

        Before the page is opened: what opens it may return only when the browser has ended.
        """
        self._server.state = state
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(_POLL_SECONDS,),
            name="appsync-sign-in",
            daemon=True,
        )
        self._thread.start()

    def wait(self, timeout: float) -> Secret:
        """Return the URL of the first request with the right state.

        Args:
            timeout: seconds to wait.

        Raises:
            SignInFailed: there was none in time, or :meth:`interrupt` was called.
        """
        ended = self._server.ended.wait(timeout)
        if self._server.found is not None:
            return self._server.found
        if ended:
            raise SignInFailed("The sign-in was interrupted.")
        raise SignInFailed(
            f"Nobody has signed in on the page for {timeout:g} s. Sign in again; if the page "
            f"showed an error, the app client's callback URLs must contain {self.redirect_uri}"
        )

    def interrupt(self) -> None:
        """Let :meth:`wait` end now. May be called from any thread."""
        self._server.ended.set()

    def close(self) -> None:
        """Stop listening."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
