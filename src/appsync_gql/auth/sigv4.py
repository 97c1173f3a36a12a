"""AWS Signature Version 4 of one request, by botocore, at a given time.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html and, for
real-time, https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html#iam
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..compat.botocore import add_sigv4
from ..secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.credentials import ReadOnlyCredentials

    from .base import Headers, SignableRequest

__all__ = [
    "access_key_of",
    "aws_headers",
    "host_of",
    "is_signed_with",
    "region_of",
    "sign",
    "time_of",
]

_HTTP_HEADERS = {"content-type": "application/json"}
_REALTIME_HEADERS = {
    "accept": "application/json, text/javascript",
    "content-encoding": "amz-1.0",
    "content-type": "application/json; charset=UTF-8",
}
_APPSYNC_HOST = re.compile(r"[^.]+\.appsync-(?:realtime-)?api\.([a-z0-9-]+)\.")
_PRIVATE_HOST = re.compile(r"\.appsync-api\.([a-z0-9-]+)\.vpce\.")
_CREDENTIAL = re.compile(r"Credential=([^/]+)/")
_SIGNED = ("x-amz-", "x-appsync-domain")
"""How the names of the caller's own headers begin that are signed."""

_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def sign(
    request: SignableRequest, credentials: ReadOnlyCredentials, region: str, at: float
) -> Headers:
    """Return the headers that authorize a request, ``host`` among them for real-time.

    Args:
        request: what is signed.
        credentials: AWS access key, secret key and session token.
        region: the API's region.
        at: the time of signing, in AWS's seconds since the epoch; AWS rejects signatures whose
            time differs from its own by more than five minutes.
    """
    http = request.kind == "http"
    headers = dict(_HTTP_HEADERS if http else _REALTIME_HEADERS)
    headers |= aws_headers(request.headers)
    signed = add_sigv4(
        request.url,
        request.body,
        headers=headers,
        credentials=credentials,
        region=region,
        timestamp=datetime.fromtimestamp(at, timezone.utc).strftime(_TIMESTAMP),
    )
    if not http:
        signed["host"] = host_of(request.url)
    return {name: Secret(value) for name, value in signed.items()}


def aws_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those of a caller's headers that AWS expects to be signed."""
    return {name: value for name, value in headers.items() if name.lower().startswith(_SIGNED)}


def host_of(url: str) -> str:
    """Return the value of the header ``Host``: without the port where it is the scheme's own."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"


def region_of(url: str) -> str | None:
    """Return the region in an AppSync host name; ``None`` for a custom domain."""
    host = (urlsplit(url).hostname or "").lower()
    found = _APPSYNC_HOST.match(host) or _PRIVATE_HOST.search(host)
    return found.group(1) if found else None


def access_key_of(headers: Headers) -> str | None:
    """Return the access key id that headers were signed with; ``None`` if they were not signed."""
    found = _CREDENTIAL.search(str(headers.get("Authorization", "")))
    return found.group(1) if found else None


def is_signed_with(headers: Headers, credentials: ReadOnlyCredentials) -> bool:
    """Return whether headers were signed with these credentials."""
    token = headers.get("X-Amz-Security-Token")
    return access_key_of(headers) == credentials.access_key and token == credentials.token


def time_of(headers: Headers) -> float | None:
    """Return when headers were signed, in seconds since the epoch; ``None`` without a signature."""
    try:
        text = f"{headers['X-Amz-Date']}+0000"
        return datetime.strptime(text, f"{_TIMESTAMP}%z").timestamp()
    except (KeyError, ValueError):
        return None
