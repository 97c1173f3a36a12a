"""Responses of the token endpoint."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from appsync_gql import ConfigurationError, RenewalFailed, SignInFailed
from appsync_gql.providers.token_endpoint import token_response
from appsync_gql.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], str]]:
    """Return a function that serves these bytes once, and returns the URL."""
    listeners = []

    def start(response: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            connection = listener.accept()[0]
            with connection:
                connection.recv(65536)
                connection.sendall(response)

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def response(status: int, body: str) -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return f"{head}{body}".encode()


def test_texts_of_a_response_are_secrets(serve: Callable[[bytes], str]) -> None:
    found = token_response(serve(response(200, '{"access_token": "t", "expires_in": 5}')), {})
    assert isinstance(found, dict)
    assert isinstance(found["access_token"], Secret)
    assert found["expires_in"] == 5


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (response(400, '{"error": "invalid_grant"}'), SignInFailed),
        (response(400, '{"error": "invalid_client"}'), ConfigurationError),
        (response(500, "<html>"), RenewalFailed),
        (response(200, "[]"), RenewalFailed),
        (b"nonsense\r\n\r\n", RenewalFailed),
        (b"", RenewalFailed),
    ],
)
def test_any_other_response_is_an_error(
    serve: Callable[[bytes], str], sent: bytes, kind: type[Exception]
) -> None:
    assert type(token_response(serve(sent), {})) is kind
