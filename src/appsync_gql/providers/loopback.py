"""Receives the one request by which a browser returns from a sign-in page (RFC 8252, 7.3)."""

from __future__ import annotations

import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from ..exceptions import ConfigurationError, SignInFailed
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["LoopbackServer"]

_DONE = "<!doctype html><title>Signed in</title><p>You can close this page."
_UNKNOWN = "<!doctype html><title>Unknown</title><p>This sign-in is not known here."
_READ_SECONDS = 5.0


class _Server(HTTPServer):
    allow_reuse_address = False
    state: Secret = Secret("")
    found: Secret | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] # no other has it
    timeout = _READ_SECONDS  # a connection without a request must not delay the right one

    def do_GET(self) -> None:
        """Take the URL if its state is right; anybody can send other requests."""
        states = parse_qs(urlsplit(self.path).query).get("state", [])
        right = urlsplit(self.path).path == "/" and [str(self.server.state)] == states
        if right and self.server.found is None:
            self.server.found = Secret(self.path)
        body = (_DONE if right else _UNKNOWN).encode()
        self.send_response(HTTPStatus.OK if right else HTTPStatus.BAD_REQUEST)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Log nothing: the request's line contains the code."""


class LoopbackServer:
    """Listens on 127.0.0.1 until it is closed. Blocks.

    Args:
        ports: tried in this order; 0 for any free one.
        monotonic: a clock, in seconds.

    Raises:
        ConfigurationError: all of the ports are in use.
    """

    def __init__(
        self, ports: Sequence[int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        for port in ports:
            try:
                self._server = _Server(("127.0.0.1", port), _Handler)
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

    def wait(self, state: Secret, timeout: float) -> Secret:
        """Return the URL of the first request with this state.

        Args:
            state: of the request.
            timeout: seconds to wait.

        Raises:
            SignInFailed: there was none in time.
        """
        server, deadline = self._server, self._monotonic() + timeout
        server.state = state
        while server.found is None:
            left = deadline - self._monotonic()
            if left <= 0:
                raise SignInFailed(
                    f"Nobody has signed in on the page for {timeout:g} s. Sign in again; if the "
                    "page showed an error, the app client's callback URLs must contain "
                    f"{self.redirect_uri}"
                )
            server.timeout = min(left, 1.0)
            server.handle_request()
        return server.found

    def close(self) -> None:
        """Stop listening."""
        self._server.server_close()
