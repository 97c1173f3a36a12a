from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from appsync_gql import ConfigurationError, SignInFailed
from appsync_gql.providers.loopback import LoopbackServer
from appsync_gql.secret import Secret

STATE = Secret("st4te")


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    made = LoopbackServer([0])
    yield made
    made.close()


def connection_to(server: LoopbackServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server._server.server_port))


def status_of(url: str) -> int:
    try:
        with urlopen(url, timeout=10) as response:  # noqa: S310
            return int(response.status)
    except HTTPError as error:
        with error:
            return error.code


def test_the_request_with_the_right_state_is_taken_and_no_other(server: LoopbackServer) -> None:
    seen: list[int] = []

    def browser() -> None:
        paths = ["favicon.ico", "?code=a", "?code=a&state=wrong", "x?state=st4te"]
        paths.append("?code=b&state=st4te")
        seen.extend(status_of(server.redirect_uri + path) for path in paths)

    thread = threading.Thread(target=browser)
    server.start(STATE)
    thread.start()
    found = server.wait(30.0)
    thread.join()
    assert found == "/?code=b&state=st4te"
    assert repr(found) == "<redacted>"
    assert seen == [400, 400, 400, 400, 200]


def test_it_listens_on_this_machine_only(server: LoopbackServer) -> None:
    assert server._server.server_address[0] == "127.0.0.1"


def test_nobody_who_comes_is_an_error_that_names_the_callback_url(server: LoopbackServer) -> None:
    server.start(STATE)
    assert status_of(f"{server.redirect_uri}?state=wrong") == 400
    with pytest.raises(SignInFailed, match=r"for 0\.01 s.*http://127\.0\.0\.1:\d+/"):
        server.wait(0.01)


@pytest.mark.slow
def test_connections_that_stay_silent_do_not_delay_the_answer(server: LoopbackServer) -> None:
    """Browsers open some in advance."""
    server.start(STATE)
    with ExitStack() as silent:
        for _ in range(8):
            silent.enter_context(connection_to(server))
        began = time.monotonic()
        assert status_of(f"{server.redirect_uri}?code=b&state=st4te") == 200
        assert server.wait(0) == "/?code=b&state=st4te"
        assert time.monotonic() - began < 4


def test_the_same_port_can_be_used_at_once_for_the_next_sign_in(server: LoopbackServer) -> None:
    port = server._server.server_port
    for _ in range(3):
        server.start(STATE)
        assert status_of(f"{server.redirect_uri}?code=b&state=st4te") == 200
        server.close()
        server = LoopbackServer([port])
    server.close()


def test_the_page_does_not_say_that_the_user_is_signed_in_after_an_error(
    server: LoopbackServer,
) -> None:
    server.start(STATE)
    with urlopen(f"{server.redirect_uri}?error=access_denied&state=st4te", timeout=10) as response:  # noqa: S310
        assert b"not signed in" in response.read()
    assert server.wait(0) == "/?error=access_denied&state=st4te"


def test_a_browser_that_goes_away_leaves_nothing_on_standard_error(
    server: LoopbackServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.start(STATE)
    with connection_to(server) as browser:
        browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        browser.sendall(b"GET /?code=b&state=st4te HTTP/1.1\r\n\r\n")
    assert server.wait(10) == "/?code=b&state=st4te"
    assert capfd.readouterr().err == ""


def test_an_interrupted_sign_in_ends_at_once(server: LoopbackServer) -> None:
    server.start(STATE)
    server.interrupt()
    with pytest.raises(SignInFailed, match="interrupted"):
        server.wait(30.0)


def test_ports_are_tried_in_order_and_all_taken_is_an_error_that_names_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"in use: {port}") as caught:
            LoopbackServer([port])
        assert caught.value.setting == "ports"
        second = LoopbackServer([port, 0])
        assert second.redirect_uri != f"http://127.0.0.1:{port}/"
        second.close()
