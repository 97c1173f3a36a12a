"""AWS Signature Version 4, computed from the request that was received.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .authorization import AuthorizationRequest

__all__ = ["ALGORITHM", "SignatureHeader", "expected_signature", "parse_header"]

ALGORITHM = "AWS4-HMAC-SHA256"
_TERMINATOR = "aws4_request"
_SCOPE_PARTS = 5


@dataclass(frozen=True, slots=True)
class SignatureHeader:
    """The parts of an ``Authorization`` header.

    Attributes:
        access_key_id: who signed.
        date: of the credential scope, ``YYYYMMDD``.
        region: of the credential scope.
        service: of the credential scope.
        signed_headers: names in lower case, in the order in which they were signed.
        signature: 64 hex digits.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """The credential scope as it is signed."""
        return f"{self.date}/{self.region}/{self.service}/{_TERMINATOR}"


def parse_header(header: str) -> SignatureHeader | None:
    """Return the parts of an ``Authorization`` header; ``None`` if one is missing."""
    algorithm, _, rest = header.strip().partition(" ")
    if algorithm != ALGORITHM:
        return None
    named = (part.strip().partition("=") for part in rest.split(","))
    parts = {name: value for name, _, value in named}
    scope = parts.get("Credential", "").split("/")
    names = tuple(name for name in parts.get("SignedHeaders", "").split(";") if name)
    signature = parts.get("Signature", "")
    if len(scope) != _SCOPE_PARTS or scope[-1] != _TERMINATOR or not names or not signature:
        return None
    return SignatureHeader(scope[0], scope[1], scope[2], scope[3], names, signature)


def expected_signature(
    request: AuthorizationRequest, header: SignatureHeader, secret: str, timestamp: str
) -> str:
    """Return the signature that the owner of the secret would compute.

    Args:
        request: as it was received.
        header: says what was signed.
        secret: the secret access key.
        timestamp: ``x-amz-date``, ``YYYYMMDDTHHMMSSZ``.
    """
    digest = hashlib.sha256(_canonical_request(request, header.signed_headers)).hexdigest()
    to_sign = f"{ALGORITHM}\n{timestamp}\n{header.scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (header.date, header.region, header.service, _TERMINATOR):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return hmac.digest(key, to_sign.encode(), hashlib.sha256).hex()


def _canonical_request(request: AuthorizationRequest, names: tuple[str, ...]) -> bytes:
    headers = "".join(f"{name}:{_header_value(request.headers, name)}\n" for name in names)
    lines = (
        request.method,
        quote(request.path or "/", safe="/-_.~"),
        _canonical_query(request.query),
        headers,
        ";".join(names),
        hashlib.sha256(request.body).hexdigest(),
    )
    return "\n".join(lines).encode()


def _header_value(headers: Mapping[str, str], name: str) -> str:
    """Return a header without superfluous white space; repeated headers are joined."""
    getall = getattr(headers, "getall", None)
    values = getall(name, []) if getall is not None else [headers.get(name, "")]
    return ",".join(" ".join(value.split()) for value in values)


def _canonical_query(query: str) -> str:
    pairs = []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        pairs.append(tuple(quote(unquote(text), safe="-_.~") for text in (name, value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
