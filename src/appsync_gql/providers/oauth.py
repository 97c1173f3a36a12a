"""The authorization code flow with PKCE (RFC 6749, RFC 7636), as far as it needs no network."""

from __future__ import annotations

import hmac
import importlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ..exceptions import (
    AppSyncError,
    ConfigurationError,
    RenewalFailed,
    SignInFailed,
)
from ..extras import require
from ..forks import importing
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["AuthorizationRequest", "code_of", "error_of_token_response"]

_VERIFIER_LENGTH = 64
_CONFIGURATION = {
    "invalid_client": "client_secret",
    "invalid_request": None,
    "invalid_scope": "scopes",
    "unauthorized_client": "client_id",
    "unsupported_grant_type": None,
}
"""Errors that the developer must correct, and the argument that is probably wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """One sign-in by a web page.

    Attributes:
        url: to be opened by the user; it contains nothing secret.
        redirect_uri: where the page sends the browser with the code.
        state: connects the answer with this request.
        verifier: proves to the token endpoint who made this request.
    """

    url: str
    redirect_uri: str
    state: Secret
    verifier: Secret

    @classmethod
    def new(
        cls, domain: str, client_id: str, redirect_uri: str, scopes: Sequence[str]
    ) -> AuthorizationRequest:
        """Return a request with a new state and a new verifier.

        Raises:
            MissingExtra: oauthlib is needed: ``pip install "appsync-gql[browser]"``.
        """
        require("browser", "oauthlib")
        with importing():
            oauth2: Any = importlib.import_module("oauthlib.oauth2")
        client = oauth2.WebApplicationClient(client_id)
        state = Secret(secrets.token_urlsafe(32))
        verifier = Secret(client.create_code_verifier(_VERIFIER_LENGTH))
        scheme, _, rest = domain.rstrip("/").partition("://")
        # oauthlib refuses http://, which an emulator on this machine has.
        url = client.prepare_request_uri(
            f"https://{rest}/oauth2/authorize",
            redirect_uri=redirect_uri,
            scope=list(scopes),
            state=str(state),
            code_challenge=client.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
        )
        url = f"{scheme}://{url.removeprefix('https://')}"
        return cls(url=url, redirect_uri=redirect_uri, state=state, verifier=verifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Redirect:
    code: Secret | None = field(default=None, repr=False)
    state: Secret = field(repr=False)
    error: str | None = None
    description: str | None = None

    @classmethod
    def read(cls, url: Secret) -> _Redirect:
        found = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return cls(
            code=Secret(found["code"]) if "code" in found else None,
            state=Secret(found.get("state", "")),
            error=found.get("error"),
            description=found.get("error_description"),
        )


def code_of(url: Secret, request: AuthorizationRequest) -> Secret:
    """Return the authorization code in the URL to which the page sent the browser.

    Raises:
        SignInFailed: the URL belongs to another request, or has an error instead of a code.
    """
    try:
        found = _Redirect.read(url)
    except ValueError:
        found = None
    if found is None or not hmac.compare_digest(found.state.encode(), request.state.encode()):
        raise SignInFailed(
            "The page's answer does not belong to this sign-in (the state differs). Sign in "
            "again, and use only the newest page."
        )
    if found.error is not None:
        text = f"{found.error}: {found.description}" if found.description else found.error
        raise SignInFailed(f"The sign-in page answered with an error ({text[:300]}).")
    if found.code is None:
        raise SignInFailed(
            "There is no code in the URL. Copy the whole address of the page that the browser "
            "shows after the sign-in."
        )
    return found.code


def error_of_token_response(status: int, body: Any) -> AppSyncError:
    """Return what an error response of the token endpoint means.

    https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html

    Args:
        status: HTTP status.
        body: the JSON value; ``None`` if it was none.
    """
    name = str(body.get("error") or "") if isinstance(body, dict) else ""
    facts: dict[str, Any] = {"status": status, "error_type": name or None}
    if name == "invalid_grant":
        return SignInFailed(
            "The code of the sign-in page was used before, has expired or is not of this app "
            "client (invalid_grant). Sign in again.",
            **facts,
        )
    if name in _CONFIGURATION:
        return ConfigurationError(
            f"The token endpoint does not accept the app client's settings ({name}). Compare "
            "client_id and client_secret with the app client, and its allowed OAuth flows and "
            "scopes.",
            setting=_CONFIGURATION[name],
            **facts,
        )
    return RenewalFailed(
        f"The token endpoint did not answer as documented (HTTP {status}). Sign in again later.",
        kind="server",
        **facts,
    )
