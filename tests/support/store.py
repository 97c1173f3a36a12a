"""What several test modules need: made-up tokens, and a provider whose outcomes a test sets."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import jwt

from appsync_gql import (
    Grant,
    Headers,
    SessionExpired,
    SessionKey,
    Tokens,
    TokenStore,
    events,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from appsync_gql import Clock

ANYBODY = SessionKey(client_id="client")
"""The key of a program that knows its app client only."""

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example"
NOON = 1_800_000_000.0
"""A made-up present, in whole seconds since the epoch."""

_serial = itertools.count(1)


def jwt_of(**claims: Any) -> str:
    """Make a JWT; no two are equal."""
    return jwt.encode({"jti": str(next(_serial)), **claims}, "k" * 32, algorithm="HS256")


def tokens_at(
    issued_at: float,
    *,
    lifetime: float = 3600,
    user: str = "ada",
    refresh_token: str | None = "refresh-0",
    **more: Any,
) -> Tokens:
    """Make a pair of JWTs as Cognito would at that (server's) time: whole seconds."""
    issued = int(issued_at)
    common = {"iss": ISSUER, "sub": f"sub-{user}", "iat": issued, "exp": issued + lifetime}
    return Tokens(
        access_token=jwt_of(**common, token_use="access", client_id="client", username=user),
        id_token=jwt_of(**common, token_use="id", aud="client", **{"cognito:username": user}),
        refresh_token=refresh_token,
        **more,
    )


class FakeProvider:
    """An identity provider in memory that rotates refresh tokens and detects reuse.

    Attributes:
        calls: the refresh tokens that it was called with, in order.
        replaced: the access tokens that it issued newer ones for, and when, in seconds.
        outcomes: what the next calls do: raise an exception, or call a function
            first; when empty, a refresh succeeds.
        reused: whether a refresh token came a second time.
        unusable_answers: how many of the next responses contain a refresh token and no JWT.
        time: the provider's clock; the machine's plus ``skew`` seconds unless replaced.
    """

    def __init__(
        self, clock: Clock, *, lifetime: float = 3600, rotation: bool = True, skew: float = 0.0
    ) -> None:
        self.lifetime = lifetime
        self.rotation = rotation
        self.time: Callable[[], float] = lambda: clock.wall() + skew
        self.calls: list[str] = []
        self.outcomes: deque[Exception | Callable[[], object]] = deque()
        self.valid = "refresh-0"
        self.reused = False
        self.unusable_answers = 0
        self.replaced: list[tuple[str, float]] = []
        self.user = "ada"
        self.session_key = SessionKey(client_id="client")
        self.revoked: list[str] = []
        self._lock = threading.Lock()
        self._serial = 0

    def refresh(self, tokens: Tokens) -> Grant:
        """Refresh as Cognito does, after the next scripted outcome."""
        with self._lock:
            self.calls.append(str(tokens.refresh_token))
            outcome = self.outcomes.popleft() if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is not None:
            outcome()
        with self._lock:
            if tokens.refresh_token != self.valid:
                self.reused = True
                raise SessionExpired("used twice", error_type="RefreshTokenReuseException")
            self.replaced.append((str(tokens.access_token), self.time()))
            if self.rotation:
                self._serial += 1
                self.valid = f"refresh-{self._serial}"
            issued = self.issue()
            if self.unusable_answers:
                self.unusable_answers -= 1
                issued = Tokens(refresh_token=self.valid)
            return Grant(tokens=issued, api="FakeRefresh")

    def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Grant:
        """Sign anybody in."""
        del password, flow
        self.user = username
        return Grant(tokens=self.issue(), api="FakeSignIn")

    def revoke(self, tokens: Tokens) -> None:
        """End the session."""
        self.revoked.append(str(tokens.refresh_token))
        self.valid = "none"

    def issue(self) -> Tokens:
        """Make tokens of this moment."""
        return tokens_at(
            self.time(), lifetime=self.lifetime, user=self.user, refresh_token=self.valid
        )


class BlockedCall:
    """A function that blocks its thread until the test calls :meth:`release`.

    Attributes:
        started: set when a thread is in it.
    """

    def __init__(self) -> None:
        self.started = threading.Event()
        self._released = threading.Event()

    def __call__(self) -> None:
        self.started.set()
        assert self._released.wait(10), "the test never released it"

    def release(self) -> None:
        """Let the thread return."""
        self._released.set()


def no_delay() -> Iterator[float]:
    """Return delays of 0 seconds."""
    return itertools.repeat(0.0)


def fixed_delay(seconds: float) -> Callable[[], Iterator[float]]:
    """Return a function that returns delays without growth or jitter."""
    return lambda: itertools.repeat(seconds)


EXPIRED, STALE = 3600.0, 3575.0
"""Seconds after which a token of an hour is in that state, with the window of 30 s."""


class EventRecorder:
    """A listener that records events; a thread can wait for them."""

    def __init__(self) -> None:
        self.events: list[events.Event] = []
        self._more = threading.Condition()

    def __call__(self, event: events.Event) -> None:
        with self._more:
            self.events.append(event)
            self._more.notify_all()

    def wait_for(self, kind: type[events.Event], count: int = 1) -> list[events.Event]:
        def enough() -> bool:
            return len(self.of(kind)) >= count

        with self._more:
            assert self._more.wait_for(enough, 10), f"no {kind.__name__} in {self.events}"
        return self.of(kind)

    def of(self, kind: type[events.Event]) -> list[events.Event]:
        return [e for e in self.events if isinstance(e, kind)]


def token(headers: Headers | None) -> str:
    assert headers is not None
    return headers["Authorization"]


async def wait_until_idle(store: TokenStore) -> None:
    """Wait until no renewal is under way."""

    async def idle() -> None:
        while store.status().renewing:
            await asyncio.sleep(0)

    await asyncio.wait_for(idle(), 10)
