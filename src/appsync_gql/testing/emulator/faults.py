"""Things that go wrong on demand, each a stated number of times."""

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


class Hold:
    """Keeps requests waiting until it is released, at the end of its ``with`` block at the latest.

    No request waits for longer than 30 seconds, or than the emulator runs.

    Attributes:
        arrived: set once a request has come in.
    """

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self._lock = threading.Lock()
        self._count = 0
        self._released = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @property
    def count(self) -> int:
        """How many requests have come in."""
        return self._count

    def release(self) -> None:
        """Let the requests go on, and those that are still to come."""
        with self._lock:
            self._released = True
            for loop, event in self._waiting:
                with contextlib.suppress(RuntimeError):  # that loop is closed already
                    loop.call_soon_threadsafe(event.set)

    async def wait(self) -> None:
        """Wait in the emulator's loop."""
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
    """One request's fate.

    Attributes:
        status: HTTP status of the answer; 0 for none of its own.
        body: what is answered.
        headers: of that answer.
        error_type: of that answer, for the record.
        after_execution: whether the request is executed first.
        drop: whether the connection is closed in place of an answer.
        deny: whether the operation's fields are denied, if its token is good.
        seconds: a delay, after which the request goes its normal way.
        hold: what the request waits for, likewise.
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
    def answers(self) -> bool:
        """Whether the request ends here."""
        return self.drop or bool(self.status)


class Faults:
    """The faults that wait for their requests, first come first served: one a request.

    ``n`` is the number of requests, and ``on`` the endpoint. May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Fault]] = {"graphql": deque(), "cognito": deque()}
        self._holds: list[Hold] = []

    def refuse(self, n: int = 1) -> None:
        """AppSync refuses requests as it does an expired token (401); nothing is executed."""
        self._appsync_error(n, 401, "UnauthorizedException", "Token has expired.")

    def deny(self, n: int = 1) -> None:
        """AppSync denies all fields of an operation, as to a user who lacks a group (200).

        Nothing is executed. Tokens are looked at first: a bad one is refused as ever.
        """
        self._add(n, Fault(deny=True), "graphql")

    def throttle(self, n: int = 1, *, on: Endpoint = "graphql", retry_after: int = 1) -> None:
        """Answer as if the quota were used up: 429 of AppSync, 400 of Cognito.

        Which body AppSync sends then is not documented; this one is a guess.
        """
        if on == "cognito":
            self.cognito_error(n, "TooManyRequestsException", "Rate exceeded")
        else:
            wait = {"Retry-After": str(retry_after)}
            self._appsync_error(n, 429, "ThrottlingException", "Rate exceeded", wait)

    def server_error(
        self, n: int = 1, *, on: Endpoint = "graphql", status: int = 503, as_json: bool = False
    ) -> None:
        """Answer with 5xx.

        Args:
            n: how many requests.
            on: Cognito answers 500 with its InternalErrorException, whatever the rest.
            status: of AppSync's answer.
            as_json: an error in AppSync's shape, not a load balancer's page.
        """
        if on == "cognito":
            self.cognito_error(n, "InternalErrorException", "Internal error", status=500)
        elif as_json:
            self._appsync_error(n, status, "InternalFailure", "Internal server error.")
        else:
            page = b"<html><body>Service Unavailable</body></html>"
            self.answer(n, status, page, {"Content-Type": "text/html"})

    def waf(self, n: int = 1) -> None:
        """Block requests to AppSync as a firewall rule does (403)."""
        self._appsync_error(n, 403, "WAFForbiddenException", "403 Forbidden")

    def lambda_error(self, n: int = 1) -> None:
        """Let a pre-token trigger of the user pool fail."""
        self.cognito_error(n, "UserLambdaValidationException", "PreTokenGeneration failed")

    def cognito_error(self, n: int, name: str, message: str, *, status: int = 400) -> None:
        """Answer Cognito calls with any error, in Cognito's shape."""
        headers = {"x-amzn-ErrorType": f"{name}:", "x-amzn-ErrorMessage": message}
        self.answer(n, status, {"__type": name, "message": message}, headers, on="cognito")

    def drop(self, n: int = 1, *, on: Endpoint = "graphql", after_execution: bool = False) -> None:
        """Close the connection without an answer, before or after executing the request."""
        self._add(n, Fault(drop=True, after_execution=after_execution), on)

    def delay(self, n: int, seconds: float, *, on: Endpoint = "graphql") -> None:
        """Keep requests waiting, then go on as usual."""
        if seconds < 0:
            msg = "a delay is 0 seconds or more"
            raise ValueError(msg)
        self._add(n, Fault(seconds=seconds), on)

    def hold(self, n: int = 1, *, on: Endpoint = "cognito") -> Hold:
        """Keep requests waiting until the returned hold is released."""
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
        """Answer with anything.

        Args:
            n: how many requests.
            status: HTTP status, 200 to 599.
            body: a dict is sent as JSON, of the endpoint's content type.
            headers: besides those of every answer.
            on: the endpoint.
            after_execution: whether the request is executed first.
        """
        if not 200 <= status <= 599:  # noqa: PLR2004 - said in the message
            msg = "a status is 200 to 599"
            raise ValueError(msg)
        given, error_type = dict(headers or {}), None
        if isinstance(body, dict):
            given.setdefault("Content-Type", CONTENT_TYPES[self._known(on)])
            error_type = _error_type(body)
            body = json.dumps(body)
        raw = body.encode() if isinstance(body, str) else body
        fault = Fault(
            status=status,
            body=raw,
            headers=given,
            error_type=error_type,
            after_execution=after_execution,
        )
        self._add(n, fault, on)

    def clear(self) -> None:
        """Forget all faults, and release what is held."""
        with self._lock:
            holds, self._holds = self._holds, []
            for waiting in self._waiting.values():
                waiting.clear()
        for hold in holds:
            hold.release()

    def next(self, on: Endpoint) -> Fault | None:
        """Take the fault meant for the request that has just come in."""
        with self._lock:
            waiting = self._waiting[on]
            return waiting.popleft() if waiting else None

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
            msg = "a fault happens at least once"
            raise ValueError(msg)
        with self._lock:
            self._waiting[self._known(on)].extend([fault] * n)

    def _known(self, on: Endpoint) -> Endpoint:
        if on not in self._waiting:
            msg = f"on is 'graphql' or 'cognito', not {on!r}"
            raise ValueError(msg)
        return on


def _error_type(body: dict[str, Any]) -> str | None:
    """Find AWS's name of an error in a body of either shape."""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    found = first.get("errorType") if isinstance(first, dict) else body.get("__type")
    return found if isinstance(found, str) else None
