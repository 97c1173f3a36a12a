"""One load, put on two transports: what the demo measures. No terminal in here."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from gql import Client, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportError, TransportQueryError

from .. import AppSyncTransport, CognitoProvider, TokenStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gql.client import AsyncClientSession

    from ..testing import Emulator
    from ..tokens import Tokens

__all__ = ["Contender", "Report", "checking_locally", "put_load_on", "renewing"]

_QUERY = gql("query Item($key: ID!) { item(id: $key) { id name } }")
_MUTATION = gql('mutation Create($key: ID!) { createItem(key: $key, name: "one") { id } }')
_EVERY = 5
"""Each so-many-th request is a mutation."""

_PAUSE = 0.01
"""Seconds that a worker waits between two requests, so that the machine is busy, not full."""


@dataclass(slots=True)
class Report:
    """What one contender did under the load.

    Attributes:
        name: for the table.
        requests: how many were made.
        unauthorized: how many ended, for the caller, in an Unauthorized error.
        other_errors: how many ended in any other error.
        refreshes: refresh calls that reached Cognito.
        refused: requests that AppSync refused, seen by the caller or not.
        twice: mutations that ran more than once.
        seconds: how long each request took.
    """

    name: str
    requests: int = 0
    unauthorized: int = 0
    other_errors: int = 0
    refreshes: int = 0
    refused: int = 0
    twice: int = 0
    seconds: list[float] = field(default_factory=list, repr=False)

    @property
    def errors(self) -> int:
        """How many requests failed for their caller."""
        return self.unauthorized + self.other_errors

    def percentile(self, percent: int) -> float:
        """Milliseconds within which that share of the requests was answered; 0.0 without any."""
        if len(self.seconds) < 2:  # noqa: PLR2004 - quantiles() needs two
            return 1000 * sum(self.seconds)
        return 1000 * quantiles(self.seconds, n=100)[percent - 1]

    def as_json(self) -> dict[str, Any]:
        """Give the figures for a program."""
        return {
            "name": self.name,
            "requests": self.requests,
            "unauthorized_errors": self.unauthorized,
            "other_errors": self.other_errors,
            "refused_by_appsync": self.refused,
            "refresh_calls": self.refreshes,
            "mutations_run_twice": self.twice,
            "p50_ms": round(self.percentile(50), 2),
            "p99_ms": round(self.percentile(99), 2),
        }


@dataclass(frozen=True, slots=True)
class Contender:
    """A transport, and what to pass to each ``execute`` on it."""

    name: str
    transport: AIOHTTPTransport
    arguments: Callable[[], Awaitable[dict[str, Any]]]


def renewing(emulator: Emulator, tokens: Tokens) -> Contender:
    """Ours: nothing to pass, the transport asks its store."""

    async def nothing() -> dict[str, Any]:
        return {}

    store = TokenStore(_provider(emulator), tokens=tokens)
    return Contender("appsync-gql", AppSyncTransport(emulator.graphql_url, auth=store), nothing)


def checking_locally(emulator: Emulator, tokens: Tokens) -> Contender:
    """Today's best practice: plain gql, and headers from a callback that looks at ``exp`` first.

    One refresh at a time, and none if another request has just made one.
    """
    provider, lock, held = _provider(emulator), asyncio.Lock(), [tokens]

    async def with_headers() -> dict[str, Any]:
        async with lock:
            claims = held[0].access
            if claims is None or time.time() >= claims.expires_at:
                held[0] = (await asyncio.to_thread(provider.refresh, held[0])).tokens
        return {"extra_args": {"headers": {"Authorization": str(held[0].access_token)}}}

    return Contender(
        "gql, checking exp locally", AIOHTTPTransport(emulator.graphql_url), with_headers
    )


async def put_load_on(
    contender: Contender,
    emulator: Emulator,
    *,
    seconds: float,
    workers: int,
    progress: Callable[[Report], None],
) -> Report:
    """Run queries and mutations from several workers until the time is up.

    Args:
        contender: what to run them on.
        emulator: what they arrive at; it counts what the caller can't see.
        seconds: for how long.
        workers: how many at once.
        progress: called with the report so far, after each request.
    """
    report, end, numbers = Report(contender.name), time.monotonic() + seconds, itertools.count()

    async def work(session: AsyncClientSession) -> None:
        while time.monotonic() < end:
            await _one(session, contender, next(numbers), report)
            progress(report)
            await asyncio.sleep(_PAUSE)

    async with Client(transport=contender.transport) as session:
        await asyncio.gather(*(work(session) for _ in range(workers)))
    report.refreshes = _refresh_calls(emulator)
    report.refused = emulator.counters["graphql.401"]
    report.twice = sum(runs > 1 for runs in emulator.executions.values())
    return report


async def _one(
    session: AsyncClientSession, contender: Contender, number: int, report: Report
) -> None:
    document = _MUTATION if number % _EVERY == 0 else _QUERY
    request = GraphQLRequest(document, variable_values={"key": f"{contender.name}-{number}"})
    report.requests += 1
    began = time.monotonic()
    try:
        await session.execute(request, **await contender.arguments())
    except TransportError as error:
        if _is_unauthorized(error):
            report.unauthorized += 1
        else:
            report.other_errors += 1
    report.seconds.append(time.monotonic() - began)


def _is_unauthorized(error: TransportError) -> bool:
    if not isinstance(error, TransportQueryError):
        return False
    types = Counter(str(e.get("errorType")) for e in error.errors or () if isinstance(e, dict))
    return "UnauthorizedException" in types or "Unauthorized" in types


def _refresh_calls(emulator: Emulator) -> int:
    calls = ("GetTokensFromRefreshToken", "InitiateAuth")
    return sum(emulator.counters[f"cognito.{call}"] for call in calls)


def _provider(emulator: Emulator) -> CognitoProvider:
    return CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
