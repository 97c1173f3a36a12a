"""A sign-in with the user pool's page, from the command line."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from appsync_gql.cli.browser_options import browser_options
from support.command_line import run, terminal
from support.sign_in_page import final_url

if TYPE_CHECKING:
    from appsync_gql.testing import Emulator

on_terminal = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")


def page_of(shown: str) -> str:
    """Return the page's address from the screen."""
    return next(word for word in shown.split() if "/oauth2/authorize" in word)


@on_terminal
def test_the_final_address_is_pasted(api: Emulator, env: dict[str, str]) -> None:
    arguments = ("sign-in", "--paste", "--domain", api.cognito_url)
    with terminal(*arguments, env={**env, "COLUMNS": "1000"}) as screen:
        screen.wait_for("Paste it here:")
        screen.type(f"{final_url(page_of(screen.shown))}\n")
        assert screen.exit_code() == 0, screen.shown
        assert "Signed in as ada" in screen.shown


@on_terminal
def test_an_address_of_another_sign_in_is_refused(api: Emulator, env: dict[str, str]) -> None:
    arguments = ("sign-in", "--paste", "--domain", api.cognito_url)
    with terminal(*arguments, env=env) as screen:
        screen.wait_for("Paste it here:")
        screen.type("http://127.0.0.1:8400/?code=x&state=another\n")
        assert screen.exit_code() == 3, screen.shown
        assert "Traceback" not in screen.shown


def test_a_browser_is_opened_where_there_is_one(
    api: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_browser(url: str) -> bool:
        from threading import Thread  # noqa: PLC0415
        from urllib.request import urlopen  # noqa: PLC0415

        Thread(target=lambda: urlopen(final_url(url), timeout=10).close(), daemon=True).start()  # noqa: S310
        return True

    monkeypatch.setenv("BROWSER", "x")
    monkeypatch.setattr("webbrowser.open", open_browser)
    outcome = run("sign-in", "--browser", "--domain", api.cognito_url, "--browser-timeout", "20")
    assert outcome.exit_code == 0, outcome.stderr
    assert "Signed in as ada" in outcome.stdout


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--browser"], 2, "add --domain"),
        (["--browser", "--username", "ada"], 2, "the page asks for the user"),
        (["--browser", "--domain", "http://login.example.com"], 2, "http"),
        (["--paste", "--domain", "login.example.com"], 2, "no terminal"),
    ],
)
def test_what_is_wrong_is_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.setenv("BROWSER", "x")
    outcome = run("sign-in", *arguments)
    assert outcome.exit_code == code, outcome.stderr
    (line,) = [line for line in outcome.stderr.splitlines() if line.startswith("appsync-gql:")]
    assert said in line


def test_ports_that_are_in_use_are_named(api: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "x")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        outcome = run("sign-in", "--browser", "--domain", api.cognito_url, "--port", port)
    assert outcome.exit_code == 2
    assert f"in use: {port}" in outcome.stderr


@pytest.mark.slow
def test_who_closes_the_page_is_not_signed_in(
    api: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "x")
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    arguments = ("--domain", api.cognito_url, "--browser-timeout", "1")
    outcome = run("sign-in", "--browser", *arguments)
    assert outcome.exit_code == 3
    assert "Sign in again" in outcome.stderr


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, False),
        ({"browser": True}, True),
        ({"paste": True}, True),
        ({"domain": "x"}, True),
        ({"port": [8400]}, True),
        ({"browser_timeout": 5.0}, True),
    ],
)
def test_any_option_of_the_page_means_the_page(options: dict[str, object], wanted: object) -> None:
    assert browser_options(**options).wanted is wanted  # type: ignore[arg-type]
