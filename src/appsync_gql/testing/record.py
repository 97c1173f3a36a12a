"""What came in, counted and written down without its secrets."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

__all__ = ["Record", "RecordedRequest"]

_LOG_LENGTH = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request that came in.

    Attributes:
        at: the server's time, seconds since the epoch.
        endpoint: ``"graphql"`` or ``"cognito"``.
        operation: query, mutation or subscription, or Cognito's call; ``None`` if not reached.
        status: of the answer; 0 when the connection was dropped.
        error_type: of the first error.
        token: a fingerprint of the ``Authorization`` header, equal for equal tokens.
        headers: the others.
        variables: of a GraphQL request.
    """

    at: float
    endpoint: str
    operation: str | None
    status: int
    error_type: str | None
    token: str | None
    headers: Mapping[str, str] = field(repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict)


class Record:
    """The log of requests, and the counters."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.requests: deque[RecordedRequest] = deque(maxlen=_LOG_LENGTH)
        self.counters: Counter[str] = Counter()

    def note(
        self,
        request: web.Request,
        raw: bytes,
        *,
        operation: str | None,
        status: int,
        error_type: str | None,
    ) -> None:
        """Write a request down."""
        endpoint = "cognito" if request.path == "/" else "graphql"
        self.counters[endpoint] += 1
        self.counters[f"{endpoint}.{status}"] += 1
        token = request.headers.get("Authorization")
        self.requests.append(
            RecordedRequest(
                at=self._now(),
                endpoint=endpoint,
                operation=operation,
                status=status,
                error_type=error_type,
                token=hashlib.sha256(token.encode()).hexdigest()[:12] if token else None,
                headers={k: v for k, v in request.headers.items() if k != "Authorization"},
                variables=_variables(raw) if endpoint == "graphql" else {},
            )
        )


def _variables(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    found = body.get("variables") if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}
