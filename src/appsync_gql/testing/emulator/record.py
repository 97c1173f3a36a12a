"""What came in, kept so that a test can look at it afterwards."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from ...secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Record", "RecordedRequest", "fingerprint", "harmless"]

_LENGTH = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request that came in. It holds no token, and its ``repr`` no value a client sent.

    Attributes:
        at: when it came, by the server's clock, seconds since the epoch.
        endpoint: ``"graphql"`` or ``"cognito"``.
        operation: ``"query"``, ``"mutation"`` or ``"subscription"``, or Cognito's call
            (``"JWKS"`` for the public keys); ``None`` where the body doesn't tell.
        name: ``operationName`` of a GraphQL request, or the name in its text; ``None`` without.
        status: HTTP status of the answer; 0 when the connection was dropped.
        error_type: AWS's name of the answer's first error; ``None`` without one.
        token: a fingerprint of the ``Authorization`` header, equal for equal tokens;
            ``None`` without.
        headers: the others, whatever case they are asked for in.
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


class Record:
    """The last 100,000 requests, and counters of all."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._requests: deque[RecordedRequest] = deque(maxlen=_LENGTH)

    def add(self, request: RecordedRequest) -> None:
        """Keep a request, and count it by endpoint and by status."""
        self.counters[request.endpoint] += 1
        self.counters[f"{request.endpoint}.{request.status}"] += 1
        self._requests.append(request)

    def snapshot(self) -> list[RecordedRequest]:
        """List what there is at this moment, oldest first."""
        return list(self._requests)


def fingerprint(token: str | None) -> str | None:
    """Tell tokens apart without keeping them: the start of their SHA-256, in hex."""
    return hashlib.sha256(token.encode()).hexdigest()[:12] if token else None


def harmless(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Copy headers without the token, and with the API key redacted in ``repr``."""
    kept = CIMultiDict(headers)
    kept.popall("Authorization", None)
    key = kept.get("x-api-key")
    if key is not None:
        kept["x-api-key"] = Secret(key)
    return kept
