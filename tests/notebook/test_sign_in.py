"""``%appsync sign-in``: prompts, challenges, and what is not shown."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from appsync_gql.notebook.sign_in import Prompts, sign_in
from appsync_gql.testing.emulator.totp import totp_code
from support.sign_in_page import final_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Notebook


@pytest.fixture
def connected(notebook: Notebook) -> Notebook:
    notebook.run("%appsync connect")
    return notebook


def test_name_and_password_are_asked_for(connected: Notebook) -> None:
    connected.replies = ["ada", "correct horse"]
    shown = connected.run("%appsync sign-in")
    assert shown == f"Signed in as ada (user pool {connected.local.user_pool_id})."
    assert connected.prompts == ["User name: ", "Password of ada: "]


def test_a_wrong_password_is_one_line(connected: Notebook) -> None:
    connected.replies = ["wrong horse"]
    shown = connected.run("%appsync sign-in --username ada")
    assert "Incorrect username or password" in shown
    assert "Traceback" not in shown
    assert "horse" not in shown


@pytest.mark.parametrize("replies", [[""], ["ada", ""]], ids=["no name", "no password"])
def test_who_types_nothing_is_not_signed_in(connected: Notebook, replies: list[str]) -> None:
    connected.replies = [*replies]
    assert "nobody is signed in" in connected.run("%appsync sign-in")


def test_a_code_is_asked_for_again_after_a_wrong_one(connected: Notebook) -> None:
    connected.local.add_user("bob", mfa_code="123456", mfa=["SMS_MFA"])
    connected.replies = ["correct horse", "999999", "123456"]
    shown = connected.run("%appsync sign-in --username bob")
    assert "The code is wrong" in shown
    assert "Signed in as bob" in shown
    assert not {"999999", "123456"} & set(shown.split())
    assert len(connected.prompts) == 3
    assert connected.prompts[1].startswith("Code that was sent by text message to ")


def test_a_choice_is_listed(connected: Notebook) -> None:
    connected.local.add_user("cyd", mfa_code="123456", mfa=["SMS_MFA", "SOFTWARE_TOKEN_MFA"])
    connected.replies = ["correct horse", "2", "123456"]
    shown = connected.run("%appsync sign-in --username cyd")
    assert "2. a code of your authenticator application" in shown
    assert "Signed in as cyd" in shown
    assert connected.prompts[1:] == [
        "Which second factor do you want to use? (number): ",
        "Code of the authenticator application: ",
    ]


def test_an_authenticator_application_is_set_up_with_a_qr_code(connected: Notebook) -> None:
    connected.local.add_user("dan", set_up_mfa=True)

    def code(shown: str) -> str:
        found = re.search(r"Key for the authenticator application: (\w+)", shown)
        assert found is not None
        return totp_code(found[1], connected.local.now())

    connected.replies = ["correct horse", code]
    shown = connected.run("%appsync sign-in --username dan")
    assert "Key for the authenticator application: " in shown
    assert "\N{FULL BLOCK}" in shown
    assert "Signed in as dan" in shown


def test_a_flow_without_a_password_asks_for_none(connected: Notebook) -> None:
    connected.local.add_user("eve", sent_code="246810")
    connected.replies = ["email_otp", "246810"]
    shown = connected.run("%appsync sign-in --username eve --flow USER_AUTH")
    assert "Signed in as eve" in shown
    assert not any("Password" in prompt for prompt in connected.prompts)


def test_a_notebook_that_can_not_ask_says_what_to_do(connected: Notebook) -> None:
    shown = connected.run("%appsync sign-in --username ada")
    assert "can't ask for input" in shown
    assert "appsync-gql sign-in" in shown


def test_an_api_without_a_user_pool_says_so(notebook: Notebook) -> None:
    notebook.run("import os; os.environ['APPSYNC_URL'] = 'http://127.0.0.1:1/graphql'")
    notebook.run("os.environ['APPSYNC_API_KEY'] = 'da2-key'; os.remove('amplify_outputs.json')")
    try:
        assert "authorization mode  api_key" in notebook.run("%appsync connect")
        assert "APPSYNC_CLIENT_ID is missing" in notebook.run("%appsync sign-in --username ada")
    finally:
        notebook.run("del os.environ['APPSYNC_URL'], os.environ['APPSYNC_API_KEY']")


def test_a_page_is_opened_and_the_link_removed_afterwards(
    connected: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_browser(url: str) -> bool:
        def follow() -> None:
            urlopen(final_url(url), timeout=10).close()  # noqa: S310 - the loopback address

        threading.Thread(target=follow, daemon=True).start()
        return True

    monkeypatch.setattr("webbrowser.open", open_browser)
    monkeypatch.setenv("BROWSER", "x")
    domain = connected.local.cognito_url
    shown = connected.run(f"%appsync sign-in --browser --domain {domain} --port 0x --timeout 20")
    assert "invalid number value: '0x'" in shown
    shown = connected.run(f"%appsync sign-in --browser --domain {domain} --timeout 20")
    assert "Open this page and sign in" in shown
    assert "Signed in as ada" in shown
    assert "code=" not in shown


def test_without_a_browser_the_final_address_is_pasted(connected: Notebook) -> None:
    final: list[str] = []

    class Typing(Prompts):
        """Shows the address to a person, who signs in and types where the browser went."""

        def link(self, url: str) -> None:
            final.append(final_url(url))
            super().link(url)

    options: dict[str, Any] = {
        "username": None,
        "flow": None,
        "password": False,
        "port": [],
        "browser": False,
    }
    options |= {"paste": True, "timeout": 20.0, "domain": connected.local.cognito_url}
    shown: list[str] = []

    def show(_: str, text: str) -> Callable[[str, str], None]:
        shown.append(text)
        connected.replies = [*final]
        return lambda _, text: shown.append(text)

    magics = connected.shell.magics_manager.registry["AppSyncMagics"]
    store = sign_in(magics.connections.get(), options, Typing(show))
    assert store.status().username == "ada"
    asked = "Address to which the browser went afterwards (the page may not load): "
    assert connected.prompts == [asked]
    assert shown[-1] == "", "the address is removed"


def test_a_wrong_pasted_address_is_a_clear_error(connected: Notebook) -> None:
    connected.replies = ["https://example.com/"]
    domain = connected.local.cognito_url
    shown = connected.run(f"%appsync sign-in --paste --domain {domain}")
    assert "Traceback" not in shown
    assert "Sign in again" in shown or "sign in again" in shown


def test_without_a_domain_it_says_which_option_is_missing(connected: Notebook) -> None:
    shown = connected.run("%appsync sign-in --browser")
    assert "--domain" in shown or "Open this page" in shown
