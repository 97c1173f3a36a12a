"""Signing in by the user pool's web page, in a browser."""

from __future__ import annotations

import sys
import webbrowser
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..endpoint import check_service_url
from ..exceptions import AppSyncError, ConfigurationError, SignInFailed
from ..secret import Secret
from .cognito_api import grant_of
from .loopback import LoopbackServer
from .oauth import AuthorizationRequest, code_of
from .token_endpoint import token_response

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .base import Grant
    from .cognito_app_client import AppClient

__all__ = ["BrowserSignIn", "ask_for_url"]

_LARGEST_PORT = 65_535


def ask_for_url(url: str) -> str:
    """Show the page's address, and read from standard input where the browser went after it."""
    print(  # noqa: T201 - where there is no browser, the user is asked in the terminal
        f"Open this page and sign in:\n\n  {url}\n\nThe browser then goes to an address that "
        "may not load. Paste that address here:",
        file=sys.stderr,
    )
    try:
        return input()
    except EOFError:
        pass
    raise SignInFailed(
        "There is neither a browser nor a terminal in which the address can be pasted: pass "
        "paste=, or sign in with sign_in()."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSignIn:
    """The arguments of :meth:`TokenStore.sign_in_with_browser`; see there."""

    domain: str
    timeout: float = 300.0
    ports: Sequence[int] = (8400, 8401, 8402)
    scopes: Sequence[str] = ("openid", "aws.cognito.signin.user.admin")
    open_browser: Callable[[str], object] = webbrowser.open
    paste: Callable[[str], str] | None = None
    _servers: list[LoopbackServer] = field(default_factory=list, init=False, repr=False)

    def check(self) -> None:
        """Check the arguments.

        Raises:
            ConfigurationError: the domain is not an ``https://`` URL, or ``http://`` to this
                machine; or another argument is wrong.
        """
        check_service_url(self.domain, setting="domain")
        if isinstance(self.scopes, str):
            raise ConfigurationError('scopes is a list: ["openid", …].', setting="scopes")
        if not self.ports:
            raise ConfigurationError("ports= needs at least one port.", setting="ports")
        given: list[Any] = list(self.ports)
        if not all(isinstance(port, int) and 0 <= port <= _LARGEST_PORT for port in given):
            raise ConfigurationError(f"ports are numbers up to {_LARGEST_PORT}.", setting="ports")

    def interrupt(self) -> None:
        """Stop to wait for the browser, and free the port; from any thread."""
        for server in list(self._servers):
            server.interrupt()

    def run(self, app: AppClient) -> Grant:
        """Sign in; blocks until the user has done so, or the time is over."""
        self.check()
        request, url = self._authorized(app.client_id)
        code = code_of(url, request)
        form = {
            "grant_type": "authorization_code",
            "client_id": app.client_id,
            "code": code,
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.verifier,
        }
        if app.client_secret is not None:
            form["client_secret"] = app.client_secret
        found = token_response(self.domain, form)
        if isinstance(found, AppSyncError):
            raise found
        names = {
            "AccessToken": "access_token",
            "IdToken": "id_token",
            "RefreshToken": "refresh_token",
        }
        tokens = {name: found[given] for name, given in names.items() if found.get(given)}
        return grant_of({"AuthenticationResult": tokens}, "oauth2/token")

    def _authorized(self, client_id: str) -> tuple[AuthorizationRequest, Secret]:
        """Let the user sign in; return the request and the URL that the browser was sent to."""
        if self.paste is not None:
            redirect_uri = f"http://127.0.0.1:{self.ports[0]}/"
            request = AuthorizationRequest.new(self.domain, client_id, redirect_uri, self.scopes)
            return request, Secret(self.paste(request.url).strip())
        server = LoopbackServer(self.ports)
        self._servers.append(server)
        try:
            request = AuthorizationRequest.new(
                self.domain, client_id, server.redirect_uri, self.scopes
            )
            server.start(request.state)
            if self.open_browser(request.url):
                return request, server.wait(self.timeout)
        finally:
            self._servers.remove(server)
            server.close()
        return request, Secret(ask_for_url(request.url).strip())
