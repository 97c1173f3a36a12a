"""The token endpoint of a user pool's domain (RFC 6749, 3.2). Blocks."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from ..exceptions import AppSyncError, RenewalFailed
from ..secret import Secret, SecretBytes
from .oauth import error_of_token_response

__all__ = ["token_response"]

_TIMEOUT = 10.0
"""Seconds that the endpoint may take by default."""


def token_response(
    domain: str, form: dict[str, Any], *, timeout: float = _TIMEOUT
) -> dict[str, Any] | AppSyncError:
    """Send a form and return the JSON object in the response, or the error.

    https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html

    Args:
        domain: of the user pool's pages, a URL that was checked.
        form: the parameters.
        timeout: in seconds.
    """
    request = Request(  # noqa: S310 - the domain was checked
        f"{domain.rstrip('/')}/oauth2/token",
        data=SecretBytes(urlencode(form).encode()),
        headers={"Accept": "application/json"},
    )
    try:
        status, raw = _response(request, timeout)
    except (OSError, HTTPException) as error:
        return RenewalFailed(
            f"The token endpoint could not be reached ({type(error).__name__}: {error}).",
            kind="network",
        )
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if status == 200 and isinstance(found, dict):  # noqa: PLR2004
        return {k: Secret(v) if isinstance(v, str) else v for k, v in found.items()}
    return error_of_token_response(status, found)


def _response(request: Request, timeout: float) -> tuple[int, SecretBytes]:
    try:
        with urlopen(request, timeout=timeout) as response:  # noqa: S310
            return response.status, SecretBytes(response.read())
    except HTTPError as error:
        with error:
            return error.code, SecretBytes(error.read())
