"""Faults that a test asks for: errors, delays, dropped connections, a given number of times."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Endpoint", "Fault", "Faults", "Hold"]

Endpoint = Literal["graphql", "cognito"]

CONTENT_TYPES = {
    "graphql": "application/json;charset=UTF-8",
    "cognito": "application/x-amz-json-1.1",
}

_LONGEST_HOLD = 30.0
"""Seconds."""


class Hold:
    """Keeps requests waiting until :meth:`release`, or until its ``with`` block ends.

    No request waits for more than 30 seconds, nor longer than the emulator runs.

    Attributes:
        arrived: set once the first request has been received.
    """

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self._lock = threading.Lock()
        self._count = 0
        self._released = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @property
    def count(self) -> int:
        """How many requests have been received."""
        return self._count

    def release(self) -> None:
        """Let the waiting requests continue, and those that are received later."""
        with self._lock:
            self._released = True
            for loop, event in self._waiting:
                with contextlib.suppress(RuntimeError):  # the loop is closed already
                    loop.call_soon_threadsafe(event.set)

    async def wait(self) -> None:
        """Wait, in the emulator's event loop."""
        event = asyncio.Event()
        with self._lock:
            self._count += 1
            if self._released:
                event.set()
            self._waiting.append((asyncio.get_running_loop(), event))
        self.arrived.set()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(event.wait(), _LONGEST_HOLD)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to one request.

    Attributes:
        status: HTTP status of the fault's own response; 0 if it has none.
        body: of that response.
        headers: of that response.
        error_type: of that response, for :class:`RecordedRequest`.
        after_execution: whether the request is executed before that response is sent.
        drop: whether the connection is closed instead of a response.
        deny: whether all fields of the operation are denied, if the token is accepted.
        seconds: a delay, after which the request is processed as usual.
        hold: what the request waits for before it is processed as usual.
    """

    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    error_type: str | None = None
    after_execution: bool = False
    drop: bool = False
    deny: bool = False
    seconds: float = 0.0
    hold: Hold | None = None

    @property
    def replaces_response(self) -> bool:
        """Whether the client does not receive the usual response."""
        return self.drop or bool(self.status)


class Faults:
    """Queues of faults, one for each endpoint. Each request takes one fault from its queue.

    ``n`` is the number of requests, and ``on`` the endpoint. May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, deque[Fault]] = {"graphql": deque(), "cognito": deque()}
        self._holds: list[Hold] = []

    def refuse(self, n: int = 1) -> None:
        """Refuse requests as AppSync refuses an expired token (401); nothing is executed."""
        self._appsync_error(n, 401, "UnauthorizedException", "Token has expired.")

    def deny(self, n: int = 1) -> None:
        """Deny all fields of an operation, as to a user who lacks a group (200).

        Nothing is executed. The token is checked first, and refused as usual if it is bad.
        """
        self._add(n, Fault(deny=True), "graphql")

    def throttle(self, n: int = 1, *, on: Endpoint = "graphql", retry_after: int = 1) -> None:
        """Respond as if the quota were exhausted: AppSync with 429, Cognito with 400.

        AppSync's body for that case is not documented; this one is a guess.

        Args:
            n: how many requests.
            on: the endpoint.
            retry_after: seconds, in AppSync's ``Retry-After`` header.
        """
        if on == "cognito":
            self.cognito_error(n, "TooManyRequestsException", "Rate exceeded")
        else:
            wait = {"Retry-After": str(retry_after)}
            self._appsync_error(n, 429, "ThrottlingException", "Rate exceeded", wait)

    def server_error(
        self, n: int = 1, *, on: Endpoint = "graphql", status: int = 503, as_json: bool = False
    ) -> None:
        """Respond with a status of 5xx.

        Args:
            n: how many requests.
            on: the endpoint. Cognito always responds with 500 and InternalErrorException;
                the other arguments do not matter then.
            status: of AppSync's response.
            as_json: ``True`` for an error in AppSync's shape, ``False`` for the HTML page of a
                load balancer.
        """
        if on == "cognito":
            self.cognito_error(n, "InternalErrorException", "Internal error", status=500)
        elif as_json:
            self._appsync_error(n, status, "InternalFailure", "Internal server error.")
        else:
            page = b"<html><body>Service Unavailable</body></html>"
            self.answer(n, status, page, {"Content-Type": "text/html"})

    def waf(self, n: int = 1) -> None:
        """Block requests to AppSync as a rule of AWS WAF does (403)."""
        self._appsync_error(n, 403, "WAFForbiddenException", "403 Forbidden")

    def lambda_error(self, n: int = 1) -> None:
        """Respond as if a pre-token-generation trigger of the user pool had failed."""
        self.cognito_error(n, "UserLambdaValidationException", "PreTokenGeneration failed")

    def cognito_error(self, n: int, name: str, message: str, *, status: int = 400) -> None:
        """Respond to Cognito calls with this error, in Cognito's shape."""
        headers = {"x-amzn-ErrorType": f"{name}:", "x-amzn-ErrorMessage": message}
        self.answer(n, status, {"__type": name, "message": message}, headers, on="cognito")

    def drop(self, n: int = 1, *, on: Endpoint = "graphql", after_execution: bool = False) -> None:
        """Close the connection without a response, before or after executing the request."""
        self._add(n, Fault(drop=True, after_execution=after_execution), on)

    def delay(self, n: int, seconds: float, *, on: Endpoint = "graphql") -> None:
        """Keep requests waiting for so many seconds, then process them as usual."""
        if seconds < 0:
            msg = "a delay is 0 seconds or more"
            raise ValueError(msg)
        self._add(n, Fault(seconds=seconds), on)

    def hold(self, n: int = 1, *, on: Endpoint = "cognito") -> Hold:
        """Keep requests waiting until the returned :class:`Hold` is released."""
        hold = Hold()
        self._add(n, Fault(hold=hold), on)
        with self._lock:
            self._holds.append(hold)
        return hold

    def answer(
        self,
        n: int,
        status: int,
        body: bytes | str | dict[str, Any],
        headers: dict[str, str] | None = None,
        *,
        on: Endpoint = "graphql",
        after_execution: bool = False,
    ) -> None:
        """Respond with this status, body and headers.

        Args:
            n: how many requests.
            status: HTTP status, 200 to 599.
            body: a dict is sent as JSON with the endpoint's content type.
            headers: in addition to those of every response.
            on: the endpoint.
            after_execution: whether the request is executed first.
        """
        if not 200 <= status <= 599:  # noqa: PLR2004 - the message names the limits
            msg = "a status is 200 to 599"
            raise ValueError(msg)
        all_headers, error_type = dict(headers or {}), None
        if isinstance(body, dict):
            all_headers.setdefault("Content-Type", CONTENT_TYPES[_checked(on)])
            error_type = _error_type(body)
            body = json.dumps(body)
        raw = body.encode() if isinstance(body, str) else body
        fault = Fault(
            status=status,
            body=raw,
            headers=all_headers,
            error_type=error_type,
            after_execution=after_execution,
        )
        self._add(n, fault, on)

    def clear(self) -> None:
        """Remove all faults, and release the requests that :meth:`hold` keeps waiting."""
        with self._lock:
            holds, self._holds = self._holds, []
            for queue in self._queues.values():
                queue.clear()
        for hold in holds:
            hold.release()

    def next(self, on: Endpoint) -> Fault | None:
        """Take the next fault of an endpoint's queue; ``None`` if there is none."""
        with self._lock:
            queue = self._queues[on]
            return queue.popleft() if queue else None

    def _appsync_error(
        self,
        n: int,
        status: int,
        error_type: str,
        message: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        body = {"errors": [{"errorType": error_type, "message": message}]}
        self.answer(n, status, body, {"x-amzn-errortype": error_type, **(headers or {})})

    def _add(self, n: int, fault: Fault, on: Endpoint) -> None:
        if n < 1:
            msg = "n is at least 1: a fault happens at least once"
            raise ValueError(msg)
        with self._lock:
            self._queues[_checked(on)].extend([fault] * n)


def _checked(on: Endpoint) -> Endpoint:
    if on not in CONTENT_TYPES:
        msg = f"on is 'graphql' or 'cognito', not {on!r}"
        raise ValueError(msg)
    return on


def _error_type(body: dict[str, Any]) -> str | None:
    """Return AWS's name of the error in a body of AppSync's or Cognito's shape."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    found = first.get("errorType") if isinstance(first, dict) else body.get("__type")
    return found if isinstance(found, str) else None
