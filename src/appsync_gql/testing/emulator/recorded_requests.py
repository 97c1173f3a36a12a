"""The requests that the emulator received, kept for tests to inspect."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from ...secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RecordedRequest", "RecordedRequests", "fingerprint", "without_token"]

_KEPT = 100_000
_SECRET_HEADERS = ("cookie", "sec-websocket-protocol", "x-amz-security-token", "x-api-key")
"""Headers that are kept, with a ``repr`` that does not show their value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request. It contains no token, and its ``repr`` shows no value that a client sent.

    Attributes:
        at: when it was received, by the server's clock, in seconds since the epoch.
        endpoint: ``"graphql"``, or ``"cognito"`` for all other services.
        operation: ``"query"``, ``"mutation"`` or ``"subscription"``, or the name of a call of
            another service (``"JWKS"`` for the public keys); ``None`` if the body does not say.
        name: ``operationName`` of a GraphQL request, or the name in its text; ``None`` without.
        status: HTTP status of the response; 0 if the connection was dropped instead.
        error_type: AWS's name of the response's first error; ``None`` without one.
        token: a fingerprint of the ``Authorization`` header, equal for equal tokens;
            ``None`` without that header.
        headers: the other headers; names are compared case-insensitively.
        variables: of a GraphQL request.
    """

    at: float
    endpoint: str
    operation: str | None
    name: str | None = None
    status: int
    error_type: str | None = None
    token: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)


class RecordedRequests:
    """The last 100,000 requests, and counters of all that ever came.

    Attributes:
        counters: requests by endpoint, and by endpoint and status (``graphql.401``).
    """

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._requests: deque[RecordedRequest] = deque(maxlen=_KEPT)

    def add(self, request: RecordedRequest) -> None:
        """Keep a request and count it."""
        self.counters[request.endpoint] += 1
        self.counters[f"{request.endpoint}.{request.status}"] += 1
        self._requests.append(request)

    def snapshot(self) -> list[RecordedRequest]:
        """Return the requests that are kept at this moment, oldest first."""
        return list(self._requests)


def fingerprint(token: str | None) -> str | None:
    """Return the first 12 hex digits of a token's SHA-256; ``None`` without a token."""
    return hashlib.sha256(token.encode()).hexdigest()[:12] if token else None


def without_token(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Copy headers without ``Authorization``; the ``repr`` of other secrets is redacted."""
    copied = CIMultiDict(headers)
    copied.popall("Authorization", None)
    for name in _SECRET_HEADERS:
        value = copied.get(name)
        if value is not None:
            copied[name] = Secret(value)
    return copied
