"""The user pool's web pages and OAuth endpoints: a form with name and password, and PKCE."""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aiohttp import web

from .cognito_error import CognitoError
from .parameters import equal
from .token_claims import client_claims
from .token_signing import sign_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .user_pool import UserPool

__all__ = ["HostedPages"]

_CODE_SECONDS = 300.0
_PASSED_ON = ("client_id", "redirect_uri", "state", "code_challenge", "scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    username: str
    redirect_uri: str
    challenge: str
    expires_at: float


class HostedPages:
    """``/oauth2/authorize``, ``/login``, ``/oauth2/token``, ``/oauth2/revoke`` and ``/logout``.

    A user for whom more than a password is needed can't sign in by this form.

    Args:
        pool: the user pool.
        now: the server's clock, seconds since the epoch.
    """

    def __init__(self, pool: UserPool, now: Callable[[], float]) -> None:
        self._pool, self._now = pool, now
        self._codes: dict[str, _Code] = {}

    def add_routes(self, app: web.Application) -> None:
        """Add the pages to a server."""
        app.router.add_get("/oauth2/authorize", self._authorize)
        app.router.add_get("/login", self._form)
        app.router.add_post("/login", self._login)
        app.router.add_post("/oauth2/token", self._token)
        app.router.add_post("/oauth2/revoke", self._revoke)
        app.router.add_get("/logout", self._logout)

    async def _authorize(self, request: web.Request) -> web.Response:
        query = request.query
        if query.get("client_id") != self._pool.client_id or not query.get("redirect_uri"):
            return web.Response(status=400, text="invalid_request")
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            answer = {"error": "invalid_request", "state": query.get("state", "")}
            raise web.HTTPFound(f"{query['redirect_uri']}?{urlencode(answer)}")
        raise web.HTTPFound(f"/login?{request.query_string}")

    async def _form(self, request: web.Request) -> web.Response:
        return _page(request.query, "")

    async def _login(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        given = {"USERNAME": form.get("username", ""), "PASSWORD": form.get("password", "")}
        try:
            step = self._pool.check_password(given)
        except CognitoError as error:
            return _page(form, error.message)
        if step is None:
            return _page(form, "This user needs more than a password.")
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(
            username=step,
            redirect_uri=form["redirect_uri"],
            challenge=form.get("code_challenge", ""),
            expires_at=self._now() + _CODE_SECONDS,
        )
        answer = urlencode({"code": code, "state": form.get("state", "")})
        raise web.HTTPFound(f"{form['redirect_uri']}?{answer}")

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not self._knows_client(form):
            return web.json_response({"error": "invalid_client"}, status=400)
        if form.get("grant_type") == "client_credentials":
            return self._client_credentials(form)
        if form.get("grant_type") != "authorization_code":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        code = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            code is None
            or code.expires_at <= self._now()
            or code.redirect_uri != form.get("redirect_uri")
            or not equal(code.challenge, challenge)
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        tokens = self._pool.tokens(code.username, None, 0.0)
        body: dict[str, Any] = {
            "access_token": tokens.access_token,
            "id_token": tokens.id_token,
            "refresh_token": tokens.refresh_token,
            "token_type": "Bearer",
            "expires_in": self._pool.token_lifetime,
        }
        return web.json_response(body)

    def _client_credentials(self, form: Mapping[str, str]) -> web.Response:
        """Return an access token of the app client itself, which must have a secret."""
        if self._pool.client_secret is None:
            return web.json_response({"error": "unauthorized_client"}, status=400)
        issued_at = int(self._now())
        claims = client_claims(
            issuer=self._pool.issuer,
            client_id=self._pool.client_id,
            scope=form.get("scope", ""),
            issued_at=issued_at,
            lifetime=self._pool.token_lifetime,
        )
        body = {
            "access_token": sign_token(claims),
            "token_type": "Bearer",
            "expires_in": self._pool.token_lifetime,
        }
        return web.json_response(body)

    async def _revoke(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if not self._knows_client(form):
            return web.json_response({"error": "invalid_client"}, status=400)
        self._pool.sessions.revoke(form.get("token", ""))
        return web.Response()

    async def _logout(self, request: web.Request) -> web.Response:
        if "logout_uri" in request.query:
            raise web.HTTPFound(request.query["logout_uri"])
        return web.Response(text="Signed out.")

    def _knows_client(self, form: Mapping[str, str]) -> bool:
        right = form.get("client_id") == self._pool.client_id
        return right and equal(self._pool.client_secret or "", form.get("client_secret", ""))


def _page(given: Mapping[str, str], problem: str) -> web.Response:
    """Return the form; ``problem`` is shown above it."""
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(given.get(name, ""))}">'
        for name in _PASSED_ON
    )
    text = f"""<!doctype html><meta charset="utf-8"><title>Sign in</title>
<form method="post" action="/login"><p role="alert">{html.escape(problem)}</p>{hidden}
<label>User name <input name="username" autocomplete="username"></label>
<label>Password <input name="password" type="password"></label>
<button type="submit">Sign in</button></form>"""
    return web.Response(text=text, content_type="text/html")
