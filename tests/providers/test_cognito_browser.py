"""Signing in by the emulator's hosted page; the browser is a small HTTP client."""

from __future__ import annotations

import asyncio
import io
import re
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener, urlopen

import pytest

from appsync_gql import (
    AppSyncError,
    CognitoProvider,
    ConfigurationError,
    InsecureEndpoint,
    RenewalFailed,
    SessionExpired,
    SignInFailed,
    Tokens,
    TokenStore,
)
from appsync_gql.providers.cognito_browser import BrowserSignIn, ask_for_url
from appsync_gql.testing import Emulator
from support.tracebacks import assert_hidden

pytest.importorskip("oauthlib")

PASSWORD = "correct horse"
SECRET = "5ecre7" * 8


@pytest.fixture(scope="module", params=[None, SECRET], ids=["public", "with a secret"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with Emulator.in_thread(client_secret=request.param) as running:
        yield running


def store_for(emulator: Emulator, **more: Any) -> TokenStore:
    arguments: dict[str, Any] = {"client_secret": emulator.client_secret, **more}
    provider = CognitoProvider(
        emulator.client_id,
        user_pool_id=emulator.user_pool_id,
        endpoint_url=emulator.cognito_url,
        **arguments,
    )
    return TokenStore(provider)


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def final_url(url: str, password: str = PASSWORD) -> str:
    """Sign in on the page as a user would; return where the page sends the browser then."""
    with urlopen(url, timeout=10) as response:  # noqa: S310
        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', response.read().decode()))
        page = response.url
    data = urlencode({**form, "username": "ada", "password": password}).encode()
    try:
        with build_opener(_NoRedirect).open(page, data, timeout=10) as response:
            return f"stays on the page: {response.read().decode()}"
    except HTTPError as error:
        with error:
            return str(error.headers["Location"])


def browser(change: Callable[[str], str] = lambda url: url) -> Callable[[str], bool]:
    """Make a browser that signs in and then goes to the final URL, or a changed one."""

    def visit(url: str) -> None:
        try:
            with urlopen(change(final_url(url)), timeout=10):  # noqa: S310
                pass
        except HTTPError as error:
            error.close()

    def open_browser(url: str) -> bool:
        threading.Thread(target=visit, args=(url,), daemon=True).start()
        return True

    return open_browser


@pytest.mark.parametrize("kind", ["async", "blocking"])
async def test_a_browser_signs_in_and_the_session_goes_on_as_any_other(
    emulator: Emulator, kind: str
) -> None:
    store = store_for(emulator)
    options: dict[str, Any] = {"ports": [0], "open_browser": browser()}
    if kind == "async":
        tokens = await store.sign_in_with_browser(emulator.cognito_url, **options)
    else:
        tokens = await asyncio.to_thread(
            store.blocking.sign_in_with_browser, emulator.cognito_url, **options
        )
    assert tokens.username == "ada"
    assert await store.renew() != {"Authorization": tokens.access_token}
    refresh_token = (await store.tokens()).refresh_token
    await store.sign_out()
    with pytest.raises(SessionExpired):
        await store.headers()
    with pytest.raises(SessionExpired):
        await asyncio.to_thread(
            store_for(emulator)._methods._renewal.provider.provider.refresh,
            Tokens(refresh_token=refresh_token),
        )


async def test_without_a_browser_the_final_url_is_pasted(emulator: Emulator) -> None:
    store = store_for(emulator)
    shown = []

    def paste(url: str) -> str:
        shown.append(url)
        return f" {final_url(url)}\n"

    await store.sign_in_with_browser(emulator.cognito_url, ports=[8400], paste=paste)
    assert store.status().username == "ada"
    assert dict(parse_qsl(urlsplit(shown[0]).query))["redirect_uri"] == "http://127.0.0.1:8400/"


async def failure_of(emulator: Emulator, **options: Any) -> AppSyncError:
    store = store_for(emulator, **options.pop("provider", {}))
    with pytest.raises(AppSyncError) as caught:
        await store.sign_in_with_browser(
            options.pop("domain", emulator.cognito_url), **{"ports": [0], **options}
        )
    return caught.value


async def test_an_answer_with_another_state_is_not_taken(emulator: Emulator) -> None:
    changed = browser(lambda url: url.replace("state=", "state=x"))
    error = await failure_of(emulator, open_browser=changed, timeout=0.5)
    assert isinstance(error, SignInFailed)
    assert "Nobody has signed in" in str(error)

    def paste(url: str) -> str:
        return final_url(url).replace("state=", "state=x")

    error = await failure_of(emulator, paste=paste)
    assert "state differs" in str(error)


async def test_a_closed_browser_is_an_error_when_the_time_is_over(emulator: Emulator) -> None:
    error = await failure_of(emulator, open_browser=lambda _: True, timeout=0.05)
    assert isinstance(error, SignInFailed)
    assert "callback URLs" in str(error)


async def test_a_port_that_is_taken_names_the_setting(emulator: Emulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        error = await failure_of(emulator, ports=[taken.getsockname()[1]])
    assert isinstance(error, ConfigurationError)
    assert error.setting == "ports"


async def test_a_wrong_code_is_an_error_that_shows_no_secret(emulator: Emulator) -> None:
    def paste(url: str) -> str:
        return re.sub(r"code=[^&]*", "code=wr0ng-code", final_url(url))

    error = await failure_of(emulator, paste=paste)
    assert isinstance(error, SignInFailed)
    assert error.error_type == "invalid_grant"
    assert_hidden(error, "wr0ng-code", str(emulator.client_secret or SECRET))


async def test_a_wrong_secret_names_the_setting(emulator: Emulator) -> None:
    error = await failure_of(emulator, paste=final_url, provider={"client_secret": "wr0ng" * 8})
    assert isinstance(error, ConfigurationError)
    assert error.setting == "client_secret"
    assert_hidden(error, "wr0ng" * 8)


async def test_a_token_endpoint_that_is_not_reached_is_transient(emulator: Emulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    def paste(url: str) -> str:
        return final_url(url.replace(f"http://127.0.0.1:{port}", emulator.cognito_url))

    error = await failure_of(emulator, paste=paste, domain=f"http://127.0.0.1:{port}")
    assert isinstance(error, RenewalFailed)
    assert error.kind == "network"


async def test_after_an_interruption_the_port_is_free_for_the_next_sign_in(
    emulator: Emulator,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    opened = asyncio.Event()
    loop = asyncio.get_running_loop()

    def open_browser(_url: str) -> bool:
        loop.call_soon_threadsafe(opened.set)
        return True

    store = store_for(emulator)
    options: dict[str, Any] = {"ports": [port], "timeout": 60}
    first = asyncio.ensure_future(
        store.sign_in_with_browser(emulator.cognito_url, open_browser=open_browser, **options)
    )
    await opened.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    for _ in range(200):  # there is no event for the end of what nobody waits for any more
        if is_free(port):
            break
        await asyncio.sleep(0.02)
    tokens = await store.sign_in_with_browser(
        emulator.cognito_url, open_browser=browser(), **options
    )
    assert tokens.username == "ada"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def test_a_browser_in_the_foreground_gets_its_page_before_it_ends(
    emulator: Emulator,
) -> None:
    """``webbrowser`` waits for the end of some browsers, such as those in a terminal."""

    def open_browser(url: str) -> bool:
        with urlopen(final_url(url), timeout=10) as response:  # noqa: S310
            return bool(response.status == 200)

    store = store_for(emulator)
    await store.sign_in_with_browser(emulator.cognito_url, open_browser=open_browser, ports=[0])
    assert store.status().username == "ada"


def garbage_server(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"this is not HTTP\r\n\r\n")


async def test_a_token_endpoint_that_does_not_speak_http_is_transient(emulator: Emulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        threading.Thread(target=garbage_server, args=(listening,), daemon=True).start()

        def paste(url: str) -> str:
            return final_url(url.replace(address, emulator.cognito_url))

        error = await failure_of(emulator, paste=paste, domain=address)
    assert isinstance(error, RenewalFailed)
    assert error.kind == "network"


@pytest.mark.parametrize(
    ("setting", "value"), [("ports", [70_000]), ("ports", ["8400"]), ("scopes", "openid")]
)
def test_wrong_options_name_the_setting(setting: str, value: Any) -> None:
    options: Any = {setting: value}
    with pytest.raises(ConfigurationError) as caught:
        BrowserSignIn(domain="https://pool.example.com", **options).check()
    assert caught.value.setting == setting


def test_without_a_browser_and_a_terminal_the_error_names_the_ways_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(SignInFailed, match="paste="):
        ask_for_url("https://page.example")


def test_a_domain_must_be_https_or_this_machine() -> None:
    with pytest.raises(InsecureEndpoint):
        BrowserSignIn(domain="http://pool.example.com").check()
    with pytest.raises(ConfigurationError, match="domain"):
        BrowserSignIn(domain="pool.example.com").check()
    with pytest.raises(ConfigurationError, match="at least one port"):
        BrowserSignIn(domain="https://pool.example.com", ports=[]).check()


def test_the_address_is_shown_where_it_is_not_opened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("builtins.input", lambda: "http://127.0.0.1:8400/?code=c")
    assert ask_for_url("https://page.example") == "http://127.0.0.1:8400/?code=c"
    assert "https://page.example" in capsys.readouterr().err


def test_a_wrong_password_stays_on_the_page(emulator: Emulator) -> None:
    query = {
        "client_id": emulator.client_id,
        "response_type": "code",
        "redirect_uri": "http://127.0.0.1:1/",
        "code_challenge": "c",
        "code_challenge_method": "S256",
    }
    url = f"{emulator.cognito_url}/oauth2/authorize?{urlencode(query)}"
    assert "Incorrect username or password." in final_url(url, "wrong")
