from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
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
    thread.start()
    found = server.wait(STATE, 30.0)
    thread.join()
    assert found == "/?code=b&state=st4te"
    assert repr(found) == "<redacted>"
    assert seen == [400, 400, 400, 400, 200]


def test_it_listens_on_this_machine_only(server: LoopbackServer) -> None:
    assert server._server.server_address[0] == "127.0.0.1"


def test_nobody_who_comes_is_an_error_that_names_the_callback_url() -> None:
    times = iter([0.0, 0.0, 301.0])
    server = LoopbackServer([0], monotonic=lambda: next(times))
    threading.Thread(target=status_of, args=(f"{server.redirect_uri}?state=wrong",)).start()
    with pytest.raises(SignInFailed, match=r"for 300 s.*http://127\.0\.0\.1:\d+/"):
        server.wait(STATE, 300.0)
    server.close()


def test_ports_are_tried_in_order_and_all_taken_is_an_error_that_names_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"in use: {port}") as caught:
            LoopbackServer([port])
        assert caught.value.setting == "ports"
        second = LoopbackServer([port, 0])
        assert second.redirect_uri != f"http://127.0.0.1:{port}/"
        second.close()
