"""From a click on the sign-in page, in a real Chromium, to a query."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from gql import Client, gql

from appsync_gql import AppSyncTransport, CognitoProvider, SignInFailed, TokenStore
from support.hosted_page import (
    chromium,
    chromium_arguments,
    chromium_path,
    problem_on_page,
    sign_in_on_page,
    text_of_page,
)

from .node_client import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from selenium.webdriver import Chrome

    from appsync_gql.testing import Emulator

pytestmark = pytest.mark.peer("chromium")

PASSWORD = "correct horse"
ME = gql("{ me { username } }")
TIMEOUT = 60.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as driver:
        yield driver


def store_for(emulator: Emulator) -> TokenStore:
    return TokenStore(
        CognitoProvider(
            emulator.client_id,
            user_pool_id=emulator.user_pool_id,
            endpoint_url=emulator.cognito_url,
        )
    )


async def assert_answers(emulator: Emulator, store: TokenStore) -> None:
    transport = AppSyncTransport(emulator.graphql_url, auth=store)
    async with Client(transport=transport) as session:
        assert await session.execute(ME) == {"me": {"username": "ada"}}


@asynccontextmanager
async def signing_in(
    emulator: Emulator, store: TokenStore, browser: Chrome, **options: Any
) -> AsyncIterator[asyncio.Task[Any]]:
    """Begin to sign in; the page is open in the browser when this returns."""
    opened = asyncio.Event()
    loop = asyncio.get_running_loop()

    def open_browser(url: str) -> bool:
        browser.get(url)
        loop.call_soon_threadsafe(opened.set)
        return True

    given = {"ports": [0], "timeout": TIMEOUT, "open_browser": open_browser, **options}
    task = asyncio.ensure_future(store.sign_in_with_browser(emulator.cognito_url, **given))
    await asyncio.wait_for(opened.wait(), TIMEOUT)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_wrong_password_stays_on_the_page_and_the_right_one_signs_in(
    emulator: Emulator, browser: Chrome
) -> None:
    store = store_for(emulator)
    async with signing_in(emulator, store, browser) as task:
        await asyncio.to_thread(sign_in_on_page, browser, "ada", "wrong")
        problem = await asyncio.to_thread(problem_on_page, browser)
        assert problem == "Incorrect username or password."
        assert not task.done()
        await asyncio.to_thread(sign_in_on_page, browser, "ada", PASSWORD)
        assert (await task).username == "ada"
        assert "close this page" in await asyncio.to_thread(text_of_page, browser)
    await assert_answers(emulator, store)
    before = await store.headers()
    assert await store.renew() != before


async def test_the_same_port_is_used_again_by_the_next_sign_ins(
    emulator: Emulator, browser: Chrome
) -> None:
    """Chromium opens connections in advance, keeps some, and asks for an icon."""
    port: int | None = None
    for _ in range(3):
        store = store_for(emulator)
        ports = {} if port is None else {"ports": [port]}
        async with signing_in(emulator, store, browser, **ports) as task:
            await asyncio.to_thread(sign_in_on_page, browser, "ada", PASSWORD)
            await task
            port = urlsplit(browser.current_url).port
        await assert_answers(emulator, store)


async def test_the_address_of_the_last_page_is_pasted(emulator: Emulator, browser: Chrome) -> None:
    """Nothing listens on that address: the browser is on another machine."""

    def paste(url: str) -> str:
        browser.get(url)
        sign_in_on_page(browser, "ada", PASSWORD)
        return str(browser.current_url)

    store = store_for(emulator)
    await store.sign_in_with_browser(emulator.cognito_url, paste=paste)
    await assert_answers(emulator, store)


async def test_an_old_page_does_not_sign_the_user_in(emulator: Emulator, browser: Chrome) -> None:
    """Its answer goes to the same port, but has another state."""
    store = store_for(emulator)
    async with signing_in(emulator, store, browser) as first:
        old = browser.current_url
        port = urlsplit(parse_qs(urlsplit(old).query)["redirect_uri"][0]).port or 0
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await until(lambda: is_free(port))
    async with signing_in(emulator, store, browser, ports=[port], timeout=2) as second:
        await asyncio.to_thread(browser.get, old)
        await asyncio.to_thread(sign_in_on_page, browser, "ada", PASSWORD)
        assert "not known here" in await asyncio.to_thread(text_of_page, browser)
        with pytest.raises(SignInFailed, match="Nobody has signed in"):
            await second
    assert not store.status().username


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def test_a_program_opens_the_browser_that_the_environment_names(
    emulator: Emulator, tmp_path: Path
) -> None:
    """The program calls ``webbrowser.open``; BROWSER is a Chromium that listens to its driver."""
    profile = tmp_path / "profile"
    arguments = [*chromium_arguments(profile), "--remote-debugging-port=0"]
    command = f"{shlex.join([chromium_path(), *arguments])} %s &"
    given = {
        "client_id": emulator.client_id,
        "user_pool_id": emulator.user_pool_id,
        "cognito_url": emulator.cognito_url,
        "graphql_url": emulator.graphql_url,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("browser_program.py")),
        json.dumps(given),
        env={**os.environ, "BROWSER": command},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    active = profile / "DevToolsActivePort"
    try:
        await until(lambda: process.returncode is not None or written(active))
        await asyncio.to_thread(sign_in_in, f"127.0.0.1:{active.read_text().splitlines()[0]}")
        out, _ = await asyncio.wait_for(process.communicate(), TIMEOUT)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        end_browser(profile)
    assert json.loads(out) == {"me": {"username": "ada"}}


def written(active: Path) -> bool:
    return active.is_file() and len(active.read_text().splitlines()) == 2


def end_browser(profile: Path) -> None:
    """End a Chromium that was left over: its lock names its process."""
    with suppress(OSError, ValueError):
        os.kill(int((profile / "SingletonLock").readlink().name.rpartition("-")[2]), signal.SIGTERM)


def sign_in_in(debugger_address: str) -> None:
    """Sign in on the page that is open in a browser, and end the browser."""
    with chromium(debugger_address=debugger_address) as driver:
        sign_in_on_page(driver, "ada", PASSWORD)
        assert "close this page" in text_of_page(driver)
