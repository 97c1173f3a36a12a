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
    from botocore.credentials import ReadOnlyCredentials

    from .base import Headers, SignableRequest

__all__ = ["access_key_of", "region_of", "sign", "time_of"]

_HTTP_HEADERS = {"content-type": "application/json"}
_REALTIME_HEADERS = {
    "accept": "application/json, text/javascript",
    "content-encoding": "amz-1.0",
    "content-type": "application/json; charset=UTF-8",
}
_APPSYNC_HOST = re.compile(r"[^.]+\.appsync-(?:realtime-)?api\.([a-z0-9-]+)\.")
_PRIVATE_HOST = re.compile(r"\.appsync-api\.([a-z0-9-]+)\.vpce\.")
_CREDENTIAL = re.compile(r"Credential=([^/]+)/")


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
    timestamp = datetime.fromtimestamp(at, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    signed = add_sigv4(
        request.url,
        request.body,
        headers=headers,
        credentials=credentials,
        region=region,
        timestamp=timestamp,
    )
    if not http:
        signed["host"] = urlsplit(request.url).netloc
    return {name: Secret(value) for name, value in signed.items()}


def region_of(url: str) -> str | None:
    """Return the region in an AppSync host name; ``None`` for a custom domain."""
    host = (urlsplit(url).hostname or "").lower()
    found = _APPSYNC_HOST.match(host) or _PRIVATE_HOST.search(host)
    return found.group(1) if found else None


def access_key_of(headers: Headers) -> str | None:
    """Return the access key id that headers were signed with; ``None`` if they were not signed."""
    found = _CREDENTIAL.search(str(headers.get("Authorization", "")))
    return found.group(1) if found else None


def time_of(headers: Headers) -> float | None:
    """Return when headers were signed, in seconds since the epoch; ``None`` without a signature."""
    try:
        text = f"{headers['X-Amz-Date']}+0000"
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ%z").timestamp()
    except (KeyError, ValueError):
        return None
