"""Options of a sign-in with the user pool's page."""

from __future__ import annotations

import os
import sys
import webbrowser
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..hosted_domain import domain_of, has_no_browser
from .sign_in_prompts import needs_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..store.token_store import TokenStore

__all__ = ["BrowserOptions", "browser_options"]

_Browser = Annotated[
    bool, typer.Option("--browser", help="Sign in with the user pool's page in a browser.")
]
_Domain = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The page's domain, https://….auth.REGION.amazoncognito.com; without, the "
        "configuration's.",
    ),
]
_Ports = Annotated[
    list[int] | None,
    typer.Option(
        "--port",
        min=1,
        max=65535,
        help="Port of 127.0.0.1 to which the page returns; 8400 to 8402 by default. It must be "
        "in the app client's callback URLs. May be repeated.",
    ),
]
_Paste = Annotated[
    bool,
    typer.Option(
        "--paste", help="Show the page's address, and paste the final one: for remote machines."
    ),
]
_Timeout = Annotated[
    float | None,
    typer.Option(
        "--browser-timeout", min=1, help="Seconds that the user may take; 300 by default."
    ),
]


_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserOptions:
    """What the command line says about the page; see :meth:`TokenStore.sign_in_with_browser`.

    Attributes:
        wanted: whether the page is to be used at all.
        domain: ``None`` for the configuration's.
        ports: empty for the default ones.
        paste: whether the addresses are shown and pasted.
        timeout: in seconds.
    """

    wanted: bool
    domain: str | None
    ports: Sequence[int]
    paste: bool
    timeout: float

    def sign_in(self, store: TokenStore, configured: str | None) -> None:
        """Sign in with the page; ``configured`` is the configuration's domain.

        Raises:
            ConfigurationError: there is no domain, or nobody can paste an address.
            AppSyncError: as :meth:`TokenStore.sign_in_with_browser`.
        """
        arguments: dict[str, Any] = {"timeout": self.timeout}
        if self.ports:
            arguments["ports"] = self.ports
        if self.paste or has_no_browser(os.environ, sys.platform):
            needs_terminal("The page's final address", "run it on a terminal")
            arguments["paste"] = _paste
        else:
            typer.echo("Sign in on the page that opens in your browser.", err=True)
            arguments["open_browser"] = webbrowser.open
        store.blocking.sign_in_with_browser(domain_of(self.domain, configured), **arguments)


def browser_options(
    *,
    browser: _Browser = False,
    domain: _Domain = None,
    port: _Ports = None,
    paste: _Paste = False,
    browser_timeout: _Timeout = None,
) -> BrowserOptions:
    """Return what these options say; see :func:`with_options`."""
    return BrowserOptions(
        wanted=browser or paste or bool(port) or {domain, browser_timeout} != {None},
        domain=domain,
        ports=port or (),
        paste=paste,
        timeout=browser_timeout or _SECONDS,
    )


def _paste(url: str) -> str:
    typer.echo(f"Open this page and sign in:\n\n  {url}\n", err=True)
    typer.echo("The browser then goes to an address that may not load. Paste it here:", err=True)
    return sys.stdin.readline().strip()
