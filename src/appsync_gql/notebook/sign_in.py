"""``%appsync sign-in``: by prompts of the notebook, or by the user pool's page."""

from __future__ import annotations

import getpass
import html
import importlib
import os
import queue
import sys
import webbrowser
from typing import TYPE_CHECKING, Any

from ..exceptions import ConfigurationError, MissingExtra, SignInFailed
from ..extras import require
from ..forks import importing
from ..hosted_domain import domain_of, has_no_browser
from ..prompted_sign_in import sign_in_with_prompts
from ..secret import Secret
from .interruptible_task import InterruptibleTask
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
        self._passing: list[Callable[[str, str], None]] = []

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
        self.remove()
        if challenge.secret_code:
            # Whoever has the key can compute codes.
            self._show_for_now(_set_up_html(challenge), _set_up_text(challenge))

    def link(self, url: str) -> None:
        """Show the page's address, until :meth:`remove`."""
        link = f"<a href='{html.escape(url)}' target='_blank'>sign-in page</a>"
        self._show_for_now(
            f"<p>Open this page and sign in: {link}</p>", f"Open this page and sign in:\n{url}"
        )

    def _show_for_now(self, markup: str, text: str) -> None:
        replace = self._show("", "")
        self._passing.append(replace)  # first: an interrupt may come at any moment
        replace(markup, text)

    def remove(self) -> None:
        """Remove what must not stay in the notebook's file."""
        while self._passing:
            self._passing.pop()("", "")


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
    by_browser = any(options[name] for name in ("browser", "paste", "domain", "port"))
    try:
        # Nothing but calls stands in this block: where a loop begins in the first line of one,
        # CPython 3.11 can raise KeyboardInterrupt outside of it.
        (_by_browser if by_browser else _by_prompts)(connection, store, options, prompts)
    finally:
        prompts.remove()
    return store


def _by_prompts(
    connection: Connection, store: TokenStore, options: Mapping[str, Any], prompts: Prompts
) -> None:
    username = options["username"] or connection.config.username
    username = username or prompts.text("User name", hidden=False)
    if not username:
        raise SignInFailed("A user name is needed: nobody is signed in.")
    flow, password = options["flow"], None
    if flow not in _WITHOUT_PASSWORD or options["password"]:
        password = prompts.text(f"Password of {username}", hidden=True)
        if not password:
            raise SignInFailed("A password is needed: nobody is signed in.")
    sign_in_with_prompts(
        store.blocking,
        username,
        password,
        flow=flow,
        ask=prompts.ask,
        show=prompts.show_challenge,
    )


def _by_browser(
    connection: Connection, store: TokenStore, options: Mapping[str, Any], prompts: Prompts
) -> None:
    """Sign in by the user pool's page. What the page needs of the person is asked in this thread.

    The sign-in itself runs in another one: notebooks take input in the cell's thread only.
    """
    domain = domain_of(options["domain"], connection.config.sign_in_domain)
    shown: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    pasted: queue.SimpleQueue[str] = queue.SimpleQueue()
    arguments = _page_arguments(options, shown, pasted)
    errors: list[BaseException] = []

    async def sign_in_on_page() -> None:
        await store.sign_in_with_browser(domain, **arguments)

    def end(error: BaseException | None) -> None:
        errors.extend([error] if error else [])
        shown.put(("end", ""))

    task = InterruptibleTask("appsync-gql-sign-in", sign_in_on_page, ended=end)
    try:
        task.start()
        _serve_page(shown, pasted, prompts)
    finally:
        pasted.put("")  # whoever waits for an address goes on, and fails
        task.stop()
    if errors:
        raise errors[0]


def _page_arguments(
    options: Mapping[str, Any],
    shown: queue.SimpleQueue[tuple[str, str]],
    pasted: queue.SimpleQueue[str],
) -> dict[str, Any]:
    """Return the arguments of ``sign_in_with_browser``; other threads call its functions."""

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
    return arguments


def _serve_page(
    shown: queue.SimpleQueue[tuple[str, str]], pasted: queue.SimpleQueue[str], prompts: Prompts
) -> None:
    """Show the page's address and take the final one, until the sign-in has ended."""
    while True:
        try:
            what, url = shown.get(timeout=_TICK)
        except queue.Empty:
            continue
        if what == "end":
            return
        prompts.link(url)
        if what == "paste":
            text = "Address to which the browser went afterwards (the page may not load)"
            pasted.put(prompts.text(text, hidden=True))
