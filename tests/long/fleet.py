"""Several processes on one session: what each does, and how they are started and counted.

Run by hand for longer: ``python -m long.fleet --help``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gql import Client, gql

from appsync_gql import (
    AppSyncTransport,
    CognitoProvider,
    DynamoDBPersistence,
    FilePersistence,
    RedisPersistence,
    SessionKey,
    Tokens,
    TokenStore,
    events,
)
from appsync_gql.testing import Emulator
from support.backends import aws_session, dynamodb_server, redis_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from multiprocessing.connection import Connection

    from appsync_gql import TokenPersistence

KINDS = ("file", "redis", "dynamodb")
QUERY = gql("query { me { username } }")
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class SharedPersistence:
    """Describes a persistence by values, so that it can be sent to another process."""

    kind: str
    address: str
    lease: float = 10.0

    def open(self) -> TokenPersistence:
        if self.kind == "file":
            return FilePersistence(self.address)
        if self.kind == "redis":
            return RedisPersistence(self.address, key="session", lease=self.lease)
        return DynamoDBPersistence(
            "sessions",
            key="session",
            endpoint_url=self.address,
            boto3_session=aws_session(),
            lease=self.lease,
        )


@contextmanager
def shared_persistence(kind: str, lease: float = 10.0) -> Iterator[SharedPersistence]:
    """Create an empty persistence of that kind; remove it afterwards."""
    if kind == "file":
        with tempfile.TemporaryDirectory() as folder:
            yield SharedPersistence(kind, f"{folder}/sessions.json")
        return
    serve: dict[str, Callable[[], AbstractContextManager[str]]] = {
        "redis": redis_server,
        "dynamodb": dynamodb_server,
    }
    with serve[kind]() as address:
        made = SharedPersistence(kind, address, lease)
        opened = made.open()
        if isinstance(opened, DynamoDBPersistence):
            opened.create_table()
        yield made


@dataclass(frozen=True)
class Job:
    """What a worker process does."""

    shared: SharedPersistence
    graphql_url: str
    cognito_url: str
    client_id: str
    region: str
    seconds: float
    pause: float
    seed: dict[str, str]

    def store(self, on_event: Callable[[events.Event], object] | None = None) -> TokenStore:
        provider = CognitoProvider(
            self.client_id, region=self.region, endpoint_url=self.cognito_url
        )
        tokens = Tokens(**self.seed) if self.seed else None  # type: ignore[arg-type]
        return TokenStore(
            provider, tokens=tokens, persistence=self.shared.open(), on_event=on_event
        )


def job(
    emulator: Emulator, shared: SharedPersistence, *, seconds: float, pause: float, seed: Tokens
) -> Job:
    """Return a worker's job; the seed is the tokens that it was configured with."""
    configured = {n: getattr(seed, n) for n in ("access_token", "id_token", "refresh_token")}
    return Job(
        shared=shared,
        graphql_url=emulator.graphql_url,
        cognito_url=emulator.cognito_url,
        client_id=emulator.client_id,
        region=emulator.region,
        seconds=seconds,
        pause=pause,
        seed={name: str(value) for name, value in configured.items() if value},
    )


@dataclass
class Report:
    """What a worker counted."""

    requests: int = 0
    errors: list[str] = field(default_factory=list)
    events: dict[str, int] = field(default_factory=dict)
    refreshed: int = 0
    adopted: int = 0
    longest: float = 0.0


async def _work(job: Job, report: Report) -> None:
    def note(event: events.Event) -> None:
        counts[type(event).__name__] += 1
        if isinstance(event, events.Renewed):
            report.refreshed += event.api is not None
            report.adopted += event.api is None

    counts: Counter[str] = Counter()
    store = job.store(note)
    transport = AppSyncTransport(job.graphql_url, auth=store)
    until = time.monotonic() + job.seconds
    async with Client(transport=transport) as session:
        while time.monotonic() < until:
            began = time.monotonic()
            try:
                await session.execute(QUERY)
            except Exception as error:  # noqa: BLE001 - every error is counted
                report.errors.append(f"{type(error).__name__}: {error}"[:200])
            report.requests += 1
            report.longest = max(report.longest, time.monotonic() - began)
            await asyncio.sleep(job.pause)
    await store.aclose()
    report.events = dict(counts)


def work(job: Job, start: Any, line: Connection) -> None:
    """Send queries with the shared session until the time is over."""
    line.send("ready")
    start.wait(60)
    report = Report()
    asyncio.run(_work(job, report))
    line.send(report)


def run(job: Job, processes: int) -> list[Report]:
    """Run the job in several processes at the same time; return their reports."""
    start = SPAWN.Event()
    workers = []
    for _ in range(processes):
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=work, args=(job, start, theirs))
        process.start()
        theirs.close()
        workers.append((process, ours))
    try:
        for _, line in workers:
            assert line.poll(120), "a worker did not start"
            line.recv()
        start.set()
        reports = []
        for _, line in workers:
            assert line.poll(job.seconds + 120), "a worker did not report"
            reports.append(line.recv())
        return reports
    finally:
        for process, line in workers:
            process.join(10)
            process.kill()
            line.close()


def expired_tokens(emulator: Emulator) -> Tokens:
    """Return tokens whose access token has expired."""
    return emulator.issue_tokens(issued_ago=60)


def saved_tokens(shared: SharedPersistence, client_id: str) -> Tokens | None:
    """Return the saved tokens."""
    return shared.open().load(SessionKey(client_id=client_id))


def commands(shared: SharedPersistence) -> dict[str, int]:
    """Return how often Redis executed each command; empty for other persistences."""
    if shared.kind != "redis":
        return {}
    import redis  # noqa: PLC0415 - workers with other persistences need not have it

    with redis.Redis.from_url(shared.address) as client:
        stats = client.info("commandstats")
    wanted = ("hget", "eval", "evalsha")
    return {
        name: stats[f"cmdstat_{name}"]["calls"] for name in wanted if f"cmdstat_{name}" in stats
    }


def main() -> None:
    """Run several processes on one session and print the counts as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("persistence", choices=KINDS)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--lifetime", type=int, default=2, help="seconds that a token lives")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between requests")
    given = parser.parse_args()
    emulated = Emulator.in_thread(token_lifetime=given.lifetime, rotation=True)
    with emulated as emulator, shared_persistence(given.persistence) as shared:
        seed = expired_tokens(emulator)
        assigned = job(emulator, shared, seconds=given.seconds, pause=given.pause, seed=seed)
        began = time.monotonic()
        reports = run(assigned, given.processes)
        elapsed = time.monotonic() - began
        window = given.lifetime / 2
        out = {
            "persistence": given.persistence,
            "processes": given.processes,
            "seconds": given.seconds,
            "requests": sum(r.requests for r in reports),
            "errors": Counter(e for r in reports for e in r.errors),
            "refused_by_appsync": emulator.counters["graphql.401"],
            "refreshes": emulator.counters["refreshes"],
            "refreshes_allowed": int(given.seconds / (given.lifetime - window)) + 1,
            "reuse": emulator.counters["reuse"],
            "adopted": sum(r.adopted for r in reports),
            "longest_request": round(max(r.longest for r in reports), 3),
            "elapsed": round(elapsed, 1),
            "commands": commands(shared),
            "events": sum((Counter(r.events) for r in reports), Counter[str]()),
        }
    print(json.dumps(out, indent=2))  # noqa: T201 - it is a program
    sys.exit(bool(out["errors"] or out["reuse"]))


if __name__ == "__main__":
    main()
