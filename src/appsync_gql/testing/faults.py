"""Things that go wrong on demand, each a stated number of times."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Fault", "Faults", "Hold"]

Endpoint = Literal["graphql", "cognito"]


class Hold:
    """Keeps one request waiting until it is released.

    Attributes:
        arrived: set once the request has come in.
    """

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self._released = threading.Event()

    def release(self) -> None:
        """Let the request go on."""
        self._released.set()

    async def wait(self) -> None:
        """Wait in the emulator's loop; at most 30 seconds."""
        self.arrived.set()
        for _ in range(3000):
            if self._released.is_set():
                return
            await asyncio.sleep(0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One request's fate.

    Attributes:
        status: HTTP status of the answer; 0 for none of its own.
        body: what is answered.
        headers: of that answer.
        after_execution: whether the request is executed first.
        drop: whether the connection is closed in place of an answer.
        seconds: a delay, after which the request goes its normal way.
        hold: what the request waits for, likewise.
    """

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after_execution: bool = False
    drop: bool = False
    seconds: float = 0.0
    hold: Hold | None = None

    @property
    def answers(self) -> bool:
        """Whether the request ends here."""
        return self.drop or bool(self.status)


class Faults:
    """The faults that wait for their requests, first come first served. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = {"graphql": deque(), "cognito": deque()}
        self._holds: list[Hold] = []

    def refuse(self, n: int = 1) -> None:
        """AppSync refuses the next ``n`` requests as it does an expired token (401)."""
        self.answer(n, 401, _errors("UnauthorizedException", "Token has expired."))

    def throttle(self, n: int = 1, *, on: Endpoint = "graphql", retry_after: int = 1) -> None:
        """Answer as if the quota were used up: 429 of AppSync, 400 of Cognito."""
        if on == "cognito":
            self.cognito_error(n, "TooManyRequestsException", "Rate exceeded")
        else:
            body = _errors("ThrottlingException", "Rate exceeded")
            self.answer(n, 429, body, {"Retry-After": str(retry_after)})

    def server_error(self, n: int = 1, *, on: Endpoint = "graphql", status: int = 503) -> None:
        """Answer with 5xx: a page of a load balancer, or Cognito's InternalErrorException."""
        if on == "cognito":
            self.cognito_error(n, "InternalErrorException", "Internal error", status=500)
        else:
            page = b"<html><body>Service Unavailable</body></html>"
            self.answer(n, status, page, {"Content-Type": "text/html"})

    def waf(self, n: int = 1) -> None:
        """Block requests to AppSync as a firewall rule does (403)."""
        self.answer(n, 403, _errors("WAFForbiddenException", "403 Forbidden"))

    def lambda_error(self, n: int = 1) -> None:
        """Let a pre-token trigger of the user pool fail."""
        self.cognito_error(n, "UserLambdaValidationException", "PreTokenGeneration failed")

    def cognito_error(self, n: int, name: str, message: str, *, status: int = 400) -> None:
        """Answer Cognito calls with any error, in Cognito's shape."""
        body = json.dumps({"__type": name, "message": message}).encode()
        headers = {"x-amzn-ErrorType": f"{name}:", "x-amzn-ErrorMessage": message}
        self.answer(n, status, body, headers, on="cognito")

    def drop(self, n: int = 1, *, on: Endpoint = "graphql", after_execution: bool = False) -> None:
        """Close the connection without an answer, before or after executing the request."""
        self._add(n, Fault(drop=True, after_execution=after_execution), on)

    def delay(self, n: int, seconds: float, *, on: Endpoint = "graphql") -> None:
        """Keep requests waiting, then go on as usual."""
        self._add(n, Fault(seconds=seconds), on)

    def hold(self, *, on: Endpoint = "cognito") -> Hold:
        """Keep the next request waiting until the returned hold is released."""
        hold = Hold()
        self._holds.append(hold)
        self._add(1, Fault(hold=hold), on)
        return hold

    def answer(
        self,
        n: int,
        status: int,
        body: bytes | dict[str, Any],
        headers: dict[str, str] | None = None,
        *,
        on: Endpoint = "graphql",
        after_execution: bool = False,
    ) -> None:
        """Answer the next ``n`` requests with anything."""
        raw = json.dumps(body).encode() if isinstance(body, dict) else body
        fault = Fault(
            status=status, body=raw, headers=headers or {}, after_execution=after_execution
        )
        self._add(n, fault, on)

    def clear(self) -> None:
        """Forget all faults, and release what is held."""
        for waiting in self._waiting.values():
            waiting.clear()
        for hold in self._holds:
            hold.release()

    def next(self, on: Endpoint) -> Fault | None:
        """Take the fault meant for the request that has just come in."""
        try:
            return self._waiting[on].popleft()
        except IndexError:
            return None

    def _add(self, n: int, fault: Fault, on: Endpoint) -> None:
        if n < 1:
            msg = "a fault happens at least once"
            raise ValueError(msg)
        self._waiting[on].extend([fault] * n)


def _errors(error_type: str, message: str) -> dict[str, Any]:
    return {"errors": [{"errorType": error_type, "message": message}]}
