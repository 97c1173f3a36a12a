"""What renewals cost the requests that are sent meanwhile: counts and latencies."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import threading
import time
import timeit
from dataclasses import dataclass, field
from typing import Any

import jwt
from clients import TEXT, Target
from gql import Client, gql
from rounds import queries

from appsync_gql import AppSyncTransport, Grant, SessionKey, Tokens, TokenStore

__all__ = ["FakeProvider", "check_microseconds", "many_in_flight", "memory_over", "while_renewing"]

_REFRESH_SECONDS = 0.3
"""About what Cognito takes from another continent."""


@dataclass
class FakeProvider:
    """A token provider whose refreshes take time, but no processor time.

    Attributes:
        lifetime: seconds for which its tokens are valid.
        refreshes: when each began and ended, in seconds of ``perf_counter``.
    """

    lifetime: float
    refreshes: list[tuple[float, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, age: float = 0.0) -> Tokens:
        """Return tokens that were issued so many seconds ago."""
        now = time.time() - age
        claims = {"iat": now, "exp": now + self.lifetime, "username": "ada", "sub": "ada"}
        token = jwt.encode({**claims, "pad": "x" * 600}, "k" * 32)
        return Tokens(access_token=token, refresh_token="r")  # noqa: S106

    @property
    def session_key(self) -> SessionKey:
        """The session of one user."""
        return SessionKey(client_id="benchmark")

    def refresh(self, tokens: Tokens) -> Grant:
        """Return newer tokens after 0.3 seconds."""
        del tokens
        began = time.perf_counter()
        time.sleep(_REFRESH_SECONDS)
        with self.lock:
            self.refreshes.append((began, time.perf_counter()))
        return Grant(tokens=self.issue(), api="benchmark")

    def sign_in(self, username: str, password: str, *, flow: str | None = None) -> Grant:
        """Raise, because no benchmark signs in."""
        raise NotImplementedError

    def revoke(self, tokens: Tokens) -> None:
        """Do nothing: no benchmark signs out."""


def check_microseconds(target: Target) -> float:
    """Return the microseconds of ``headers_nowait``, which every request calls."""
    store = target.store()
    return min(timeit.repeat(store.headers_nowait, number=20_000, repeat=9)) / 20_000 * 1e6


async def while_renewing(target: Target, seconds: float) -> dict[str, Any]:
    """Compare latencies during renewals with the others; the token is valid all the time."""
    provider = FakeProvider(lifetime=4.0)
    transport = AppSyncTransport(
        target.url, auth=TokenStore(provider, tokens=provider.issue()), ssl=target.ssl
    )
    request, points, errors = gql(TEXT), [], 0
    async with Client(transport=transport) as session:
        await queries(lambda: session.execute(request), 16, 256)
        gc.collect()
        end = time.perf_counter() + seconds

        async def send_in_turn() -> None:
            nonlocal errors
            while (began := time.perf_counter()) < end:
                try:
                    await session.execute(request)
                except Exception:  # noqa: BLE001 - errors are counted
                    errors += 1
                points.append((began, time.perf_counter() - began))

        await asyncio.gather(*(send_in_turn() for _ in range(16)))
    during = [p[1] for p in points if any(a <= p[0] <= b for a, b in provider.refreshes)]
    apart = [p[1] for p in points if not any(a <= p[0] <= b for a, b in provider.refreshes)]
    start = points[0][0]
    return {
        "errors": errors,
        "refreshes": len(provider.refreshes),
        "p99_during_ms": _p99(during),
        "p99_apart_ms": _p99(apart),
        "ratio": _p99(during) / _p99(apart) if during and apart else float("nan"),
        "points": [(a - start, took * 1e3) for a, took in points[:: max(1, len(points) // 4000)]],
        "renewals": [(a - start, b - start) for a, b in provider.refreshes],
    }


async def many_in_flight(target: Target, count: int) -> dict[str, Any]:
    """Send that many requests at once with an expired token."""
    provider = FakeProvider(lifetime=3600.0)
    store = TokenStore(provider, tokens=provider.issue(age=4000))
    transport = AppSyncTransport(target.url, auth=store, ssl=target.ssl)
    request = gql(TEXT)
    gc.collect()
    async with Client(transport=transport, execute_timeout=None) as session:
        before = _resident()
        tasks = [asyncio.ensure_future(session.execute(request)) for _ in range(count)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting = _resident() - before
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "requests": count,
        "refreshes": len(provider.refreshes),
        "errors": sum(isinstance(o, BaseException) for o in outcomes),
        "bytes_per_waiting_request": waiting / count,
    }


async def memory_over(target: Target, count: int) -> dict[str, Any]:
    """Send that many requests and measure how memory grows after the first tenth."""
    request = gql(TEXT)
    async with Client(transport=target.transport()) as session:
        await queries(lambda: session.execute(request), 16, count // 10)
        gc.collect()
        before, blocks = _resident(), sys.getallocatedblocks()
        for _ in range(9):
            await queries(lambda: session.execute(request), 16, count // 10)
        gc.collect()
        return {
            "requests": count,
            "grown_bytes": _resident() - before,
            "grown_blocks": sys.getallocatedblocks() - blocks,
        }


def _resident() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)] * 1e3 if values else float("nan")
