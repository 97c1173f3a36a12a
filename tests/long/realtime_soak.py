"""Fifty subscriptions with tokens that live for seconds and connections that are lost all the time.

Run by hand for longer: ``python -m long.realtime_soak --help``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gql import Client, gql

from appsync_gql import AppSyncTransport, CognitoProvider, Gap, RealtimeSettings, TokenStore
from appsync_gql.backoff import full_jitter
from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from gql.client import AsyncClientSession

CREATED = gql("subscription { onCreateItem { id name } }")
LIFETIME = 3


@dataclass
class Consumer:
    """One subscription's loop, which checks every number that it receives.

    Attributes:
        last: the last number seen; -1 before the first.
        seen: how many numbers came.
        gaps: how many gaps were marked.
        missed: numbers that never came, all between gaps.
        unmarked: numbers that never came, without a gap that marks them.
        doubled: numbers that came again, or late.
        error: what ended the loop; empty while it runs.
    """

    last: int = -1
    seen: int = 0
    gaps: int = 0
    missed: int = 0
    unmarked: int = 0
    doubled: int = 0
    error: str = ""
    _gap: bool = field(default=False, repr=False)

    async def run(self, session: AsyncClientSession) -> None:
        """Consume until cancelled."""
        try:
            async for result in session.subscribe(CREATED, gaps=True):
                if isinstance(result, Gap):
                    self.gaps += 1
                    self._gap = True
                else:
                    self._record(int(result["onCreateItem"]["name"]))
            self.error = "it ended by itself"
        except Exception as error:  # noqa: BLE001 - every error is counted
            self.error = f"{type(error).__name__}: {error}"

    def _record(self, number: int) -> None:
        if number <= self.last:
            self.doubled += 1
            return
        skipped = number - self.last - 1 if self.last >= 0 else 0
        if self._gap:
            self.missed += skipped
        else:
            self.unmarked += skipped
        self.last, self._gap = number, False
        self.seen += 1


@dataclass
class Figures:
    """Counts of one run."""

    seconds: float
    subscriptions: int
    published: int = 0
    disturbances: Counter[str] = field(default_factory=Counter)
    consumers: list[Consumer] = field(default_factory=list)
    refreshes: int = 0
    reuse: int = 0
    connections: int = 0
    megabytes: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return them for printing."""
        total = {
            name: sum(getattr(c, name) for c in self.consumers)
            for name in ("seen", "gaps", "missed", "unmarked", "doubled")
        }
        return {
            "seconds": round(self.seconds),
            "subscriptions": self.subscriptions,
            "published": self.published,
            "disturbances": dict(self.disturbances),
            **total,
            "ended": [c.error for c in self.consumers if c.error],
            "behind_at_the_end": sum(c.last != self.published - 1 for c in self.consumers),
            "refreshes": self.refreshes,
            "reuse": self.reuse,
            "connections": self.connections,
            "megabytes": self.megabytes,
        }


def megabytes() -> float:
    """Return the memory of this process, emulator included, in megabytes; 0 without /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return round(pages * 4096 / 1e6, 1)


def disturbances(emulator: Emulator) -> dict[str, Callable[[], None]]:
    """Return functions that disturb connections, by name."""
    realtime = emulator.realtime

    def refused_starts() -> None:
        realtime.faults.refuse_starts(5)
        realtime.drop_sockets()

    def refused_handshake() -> None:
        realtime.faults.refuse_connections(1)
        realtime.drop_sockets()

    return {
        "closed by the server": realtime.close_sockets,
        "dropped": realtime.drop_sockets,
        "half open": realtime.silence_sockets,
        "ended one by one": realtime.end_subscriptions,
        "refused at the start": refused_starts,
        "refused at the handshake": refused_handshake,
        "rate limited": realtime.send_error,
    }


async def soak(seconds: float, subscriptions: int, every: float, seed: int) -> Figures:
    """Run for ``seconds``, with a disturbance every ``every`` seconds."""
    figures, rand = Figures(seconds, subscriptions), random.Random(seed)  # noqa: S311 - no secret
    async with Emulator(token_lifetime=LIFETIME, rotation=True) as emulator:
        emulator.realtime.settings.connection_timeout = 1.5
        emulator.realtime.settings.keep_alive = 0.4
        emulator.realtime.settings.registration_lag = 0.3
        provider = CognitoProvider(
            emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
        )
        settings = RealtimeSettings(
            ack_timeout=2,
            start_timeout=2,
            max_age=max(seconds / 6, 5),
            delays=lambda: full_jitter(base=0.05, cap=0.5),
        )
        store = TokenStore(provider, tokens=emulator.issue_tokens())
        transport = AppSyncTransport(emulator.graphql_url, auth=store, realtime=settings)
        async with store, Client(transport=transport) as session:
            figures.consumers = [Consumer() for _ in range(subscriptions)]
            tasks = [asyncio.ensure_future(c.run(session)) for c in figures.consumers]
            await _all_subscribed(emulator, subscriptions)
            publishing = asyncio.ensure_future(_publish(emulator, figures))
            until, choices = time.monotonic() + seconds, disturbances(emulator)
            while time.monotonic() < until:
                figures.megabytes.append(megabytes())
                await asyncio.sleep(min(every, max(until - time.monotonic(), 0)))
                name = rand.choice(list(choices))
                figures.disturbances[name] += 1
                choices[name]()
            await _recover(emulator, subscriptions, publishing)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        figures.refreshes = emulator.counters["refreshes"]
        figures.reuse = emulator.counters["reuse"]
        figures.connections = emulator.counters["realtime.connections"]
    step = max(len(figures.megabytes) // 10, 1)
    figures.megabytes = figures.megabytes[::step]
    return figures


async def _publish(emulator: Emulator, figures: Figures) -> None:
    for number in itertools.count():
        emulator.realtime.publish("onCreateItem", {"id": "1", "name": str(number)})
        figures.published = number + 1
        await asyncio.sleep(0.05)


async def _recover(emulator: Emulator, subscriptions: int, publishing: asyncio.Task[None]) -> None:
    """Wait until everything is subscribed again and the last numbers have arrived."""
    emulator.realtime.faults.clear()
    await asyncio.sleep(4)
    with contextlib.suppress(asyncio.TimeoutError):  # then the figures show who is missing
        await _all_subscribed(emulator, subscriptions)
    await asyncio.sleep(1)
    publishing.cancel()
    await asyncio.gather(publishing, return_exceptions=True)
    await asyncio.sleep(1)


async def _all_subscribed(emulator: Emulator, subscriptions: int) -> None:
    async def wait() -> None:
        while emulator.realtime.registrations < subscriptions:
            await asyncio.sleep(0.02)

    await asyncio.wait_for(wait(), 20)


def main() -> None:
    """Disturb subscriptions, and print the counts as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--subscriptions", type=int, default=50)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between disturbances")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    figures = asyncio.run(soak(given.seconds, given.subscriptions, given.every, given.seed))
    counts = figures.as_dict()
    print(json.dumps(counts, indent=2))  # noqa: T201 - it is a program
    sys.exit(bool(counts["doubled"] or counts["unmarked"] or counts["ended"] or counts["reuse"]))


if __name__ == "__main__":
    main()
