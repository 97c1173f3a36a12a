"""The two sides of the demo, and the requests that both of them send. It prints nothing."""

from __future__ import annotations

import asyncio
import itertools
import time
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

__all__ = ["Report", "Side", "checking_expiry", "renewing", "run_load"]

_QUERY = gql("query Item($key: ID!) { item(id: $key) { id name } }")
_MUTATION = gql('mutation Create($key: ID!) { createItem(key: $key, name: "one") { id } }')
_MUTATION_EVERY = 5
"""One request of so many is a mutation."""

_PAUSE = 0.01
"""Seconds that a worker waits between two requests, so that the processor is not the limit."""


@dataclass(slots=True)
class Report:
    """The figures of one side.

    Attributes:
        name: of the side.
        requests: how many were sent.
        unauthorized: how many failed with an Unauthorized error that the caller saw.
        other_errors: how many failed with any other error.
        refreshes: refresh calls that Cognito received.
        refused: requests that AppSync refused, whether or not the caller saw it.
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
        """How many requests failed."""
        return self.unauthorized + self.other_errors

    def percentile(self, percent: int) -> float:
        """Return the milliseconds within which that share of the requests ended; 0.0 if none."""
        if len(self.seconds) < 2:  # noqa: PLR2004 - quantiles() needs two values
            return 1000 * sum(self.seconds)
        return 1000 * quantiles(self.seconds, n=100)[percent - 1]

    def as_json(self) -> dict[str, Any]:
        """Return the figures as a JSON object."""
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
class Side:
    """One of the two sides that are compared.

    Attributes:
        name: as printed.
        transport: sends the requests.
        arguments: returns keyword arguments for each ``execute``.
    """

    name: str
    transport: AIOHTTPTransport
    arguments: Callable[[], Awaitable[dict[str, Any]]]


def renewing(emulator: Emulator, tokens: Tokens) -> Side:
    """Return the side of this package: its transport renews the tokens."""

    async def no_arguments() -> dict[str, Any]:
        return {}

    store = TokenStore(_provider(emulator), tokens=tokens)
    transport = AppSyncTransport(emulator.graphql_url, auth=store)
    return Side("appsync-gql", transport, no_arguments)


def checking_expiry(emulator: Emulator, tokens: Tokens) -> Side:
    """Return the side of plain gql: before each request the program compares ``exp`` with time.

    A lock ensures that only one request at a time refreshes the tokens.
    """
    provider, lock, current = _provider(emulator), asyncio.Lock(), [tokens]

    async def authorization_header() -> dict[str, Any]:
        async with lock:
            claims = current[0].access
            if claims is None or time.time() >= claims.expires_at:
                current[0] = (await asyncio.to_thread(provider.refresh, current[0])).tokens
        return {"extra_args": {"headers": {"Authorization": str(current[0].access_token)}}}

    transport = AIOHTTPTransport(emulator.graphql_url)
    return Side("gql, checking exp locally", transport, authorization_header)


async def run_load(
    side: Side,
    emulator: Emulator,
    *,
    seconds: float,
    workers: int,
    progress: Callable[[Report], None],
) -> Report:
    """Send queries and mutations from several tasks at once.

    Args:
        side: sends them.
        emulator: receives them, and counts what the sender does not know.
        seconds: for how long.
        workers: how many tasks.
        progress: called with the report so far after each request.
    """
    report, end, numbers = Report(side.name), time.monotonic() + seconds, itertools.count()

    async def work(session: AsyncClientSession) -> None:
        while time.monotonic() < end:
            await _send_one(session, side, next(numbers), report)
            progress(report)
            await asyncio.sleep(_PAUSE)

    async with Client(transport=side.transport) as session:
        await asyncio.gather(*(work(session) for _ in range(workers)))
    report.refreshes = _refresh_calls(emulator)
    report.refused = emulator.counters["graphql.401"]
    report.twice = sum(runs > 1 for runs in emulator.executions.values())
    return report


async def _send_one(session: AsyncClientSession, side: Side, number: int, report: Report) -> None:
    document = _MUTATION if number % _MUTATION_EVERY == 0 else _QUERY
    request = GraphQLRequest(document, variable_values={"key": f"{side.name}-{number}"})
    report.requests += 1
    began = time.monotonic()
    try:
        await session.execute(request, **await side.arguments())
    except TransportError as error:
        if _is_unauthorized(error):
            report.unauthorized += 1
        else:
            report.other_errors += 1
    report.seconds.append(time.monotonic() - began)


def _is_unauthorized(error: TransportError) -> bool:
    if not isinstance(error, TransportQueryError):
        return False
    types = {e.get("errorType") for e in error.errors or () if isinstance(e, dict)}
    return not types.isdisjoint({"UnauthorizedException", "Unauthorized"})


def _refresh_calls(emulator: Emulator) -> int:
    calls = ("GetTokensFromRefreshToken", "InitiateAuth")
    return sum(emulator.counters[f"cognito.{call}"] for call in calls)


def _provider(emulator: Emulator) -> CognitoProvider:
    return CognitoProvider(
        emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
    )
