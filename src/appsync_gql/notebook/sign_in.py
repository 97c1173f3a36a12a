"""``%appsync sign-in``: by prompts of the notebook, or by the user pool's page."""

from __future__ import annotations

import getpass
import html
import importlib
import os
import queue
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Any

from ..exceptions import ConfigurationError, MissingExtra, SignInFailed
from ..extras import require
from ..forks import importing
from ..hosted_domain import domain_of, has_no_browser
from ..prompted_sign_in import sign_in_with_prompts
from ..secret import Secret
from .markup import pre_html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..challenge_questions import Question
    from ..challenges import ChallengeRequired
    from ..store.token_store import TokenStore
    from .connections import Connection

__all__ = ["Prompts", "sign_in"]

_WITHOUT_PASSWORD = {"USER_AUTH", "CUSTOM_AUTH"}
_TICK = 0.2
"""Seconds between two looks at an interrupt."""


class Prompts:
    """Asks the person at the notebook; nothing hidden appears in the notebook's file.

    Args:
        show: displays HTML and text, and returns a function that replaces them.
    """

    def __init__(self, show: Callable[[str, str], Callable[[str, str], None]]) -> None:
        self._show = show
        self._remove_key: Callable[[], None] | None = None

    def text(self, prompt: str, *, hidden: bool) -> str:
        """Return what the person types.

        Raises:
            ConfigurationError: this notebook can't ask.
        """
        try:
            reply = getpass.getpass(f"{prompt}: ") if hidden else input(f"{prompt}: ")
        except (EOFError, RuntimeError, NotImplementedError):
            # ipykernel raises an error of its own kind where nobody can be asked.
            raise ConfigurationError(
                "This notebook can't ask for input. Sign in elsewhere: the session is found here "
                "afterwards. In a terminal: appsync-gql sign-in. In Python: "
                "connect(…).auth.blocking.sign_in(username, password).",
                setting="input",
            ) from None
        return Secret(reply) if hidden else reply.strip()

    def ask(self, question: Question) -> str:
        """Return the reply to a question of a challenge."""
        if not question.choices:
            return self.text(question.text, hidden=question.hidden)
        listed = "\n".join(
            f"{number}. {what}" for number, (_, what) in enumerate(question.choices, 1)
        )
        self._show(pre_html(listed), listed)
        return self.text(f"{question.text} (number)", hidden=False)

    def show_challenge(self, challenge: ChallengeRequired, problem: str | None) -> None:
        """Show why the last answer was not accepted, and a QR code where there is one."""
        if problem is not None:
            self._show(pre_html(problem), problem)
            return
        self.remove_key()
        if challenge.secret_code:
            replace = self._show(_set_up_html(challenge), _set_up_text(challenge))
            self._remove_key = lambda: replace("", "")

    def remove_key(self) -> None:
        """Remove the key of an authenticator application: whoever has it can compute codes."""
        if self._remove_key is not None:
            self._remove_key()
        self._remove_key = None

    def link(self, url: str) -> Callable[[], None]:
        """Show the page's address; return a function that removes it."""
        text = f"Open this page and sign in:\n{url}"
        link = f"<a href='{html.escape(url)}' target='_blank'>sign-in page</a>"
        markup = f"<p>Open this page and sign in: {link}</p>"
        replace = self._show(markup, text)
        return lambda: replace("", "")


def _set_up_text(challenge: ChallengeRequired) -> str:
    """Return what a person needs to set an authenticator application up."""
    key = f"Key for the authenticator application: {challenge.secret_code}"
    try:
        return f"{challenge.qr_code()}\n{key}"
    except MissingExtra:
        return key


def _set_up_html(challenge: ChallengeRequired) -> str:
    """Return it as HTML, with the QR code as an image: applications can't read a light one on dark.

    Its colors are its own for that reason.
    """
    key = pre_html(f"Key for the authenticator application: {challenge.secret_code}")
    try:
        require("qr", "segno")
    except MissingExtra:
        return key
    with importing():
        segno: Any = importlib.import_module("segno")
    code = segno.make(challenge.otpauth_url(), micro=False)
    image = code.svg_data_uri(scale=4, border=4, dark="black", light="white")
    return f"<img src='{html.escape(image)}' alt='QR code'>{key}"


def sign_in(connection: Connection, options: Mapping[str, Any], prompts: Prompts) -> TokenStore:
    """Sign a user in at the connection's user pool; return the store.

    Args:
        connection: to the API.
        options: of ``%appsync sign-in``.
        prompts: asks the person.

    Raises:
        ConfigurationError: the API has no user pool, or an option is wrong.
        AppSyncError: as :meth:`TokenStore.sign_in`.
    """
    store = connection.store()
    if options["browser"] or options["paste"] or options["domain"] or options["port"]:
        _by_browser(connection, store, options, prompts)
        return store
    username = options["username"] or connection.config.username
    username = username or prompts.text("User name", hidden=False)
    if not username:
        raise SignInFailed("A user name is needed: nobody is signed in.")
    flow, password = options["flow"], None
    if flow not in _WITHOUT_PASSWORD or options["password"]:
        password = prompts.text(f"Password of {username}", hidden=True)
        if not password:
            raise SignInFailed("A password is needed: nobody is signed in.")
    try:
        sign_in_with_prompts(
            store.blocking,
            username,
            password,
            flow=flow,
            ask=prompts.ask,
            show=prompts.show_challenge,
        )
    finally:
        prompts.remove_key()
    return store


def _by_browser(
    connection: Connection, store: TokenStore, options: Mapping[str, Any], prompts: Prompts
) -> None:
    """Sign in by the user pool's page. What the page needs of the person is asked in this thread.

    The sign-in itself runs in another one: notebooks take input in the cell's thread only.
    """
    domain = domain_of(options["domain"], connection.config.sign_in_domain)
    shown: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    pasted: queue.SimpleQueue[str] = queue.SimpleQueue()

    def paste(url: str) -> str:
        shown.put(("paste", url))
        return pasted.get()

    def open_browser(url: str) -> bool:
        shown.put(("open", url))
        webbrowser.open(url)
        return True  # if no page has opened, there is the link

    arguments: dict[str, Any] = {"open_browser": open_browser, "timeout": options["timeout"]}
    if options["port"]:
        arguments["ports"] = options["port"]
    if options["paste"] or has_no_browser(os.environ, sys.platform):
        arguments["paste"] = paste
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            store.blocking.sign_in_with_browser(domain, **arguments)
            ended.append(None)
        except BaseException as error:  # noqa: BLE001 - it is raised in the cell
            ended.append(error)
        shown.put(("end", ""))

    threading.Thread(target=run, name="appsync-gql-sign-in", daemon=True).start()
    _serve_page(shown, pasted, prompts)
    if ended and ended[0] is not None:
        raise ended[0]


def _serve_page(
    shown: queue.SimpleQueue[tuple[str, str]], pasted: queue.SimpleQueue[str], prompts: Prompts
) -> None:
    """Show the page's address and take the final one, until the sign-in has ended."""
    remove: list[Callable[[], None]] = []
    try:
        while True:
            try:
                what, url = shown.get(timeout=_TICK)
            except queue.Empty:
                continue
            if what == "end":
                return
            remove.append(prompts.link(url))
            if what == "paste":
                text = "Address to which the browser went afterwards (the page may not load)"
                pasted.put(prompts.text(text, hidden=True))
    finally:
        pasted.put("")  # whoever waits for an address goes on, and fails
        for each in remove:
            each()
