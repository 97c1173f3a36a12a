"""The comparisons of a run, by name. Each measures something and adds rows to the results."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import blocking_clients as b
import clients as c
import cold_start
import first_use
import modes_clients as m
import renewals
import rounds
import subscriptions
from results import is_installed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from results import Results

__all__ = ["COMPARISONS", "NEED_SERVER", "Context", "curve", "without_fast"]


@dataclass
class Context:
    """What a comparison needs.

    Attributes:
        results: where it adds rows.
        options: of the command line.
        targets: URLs of the server by name; empty for comparisons without it.
        processors: for the clients and for the server; ``None`` for any.
    """

    results: Results
    options: argparse.Namespace
    targets: dict[str, c.Target] = field(default_factory=dict)
    processors: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True)
class Throughput:
    """Clients that are compared at one concurrency.

    Attributes:
        title: of the section.
        target: a name in :attr:`Context.targets`.
        at_once: queries in progress at a time.
        clients: which.
    """

    title: str
    target: str
    at_once: int
    clients: list[c.ComparedClient]

    def __call__(self, context: Context) -> None:
        """Measure and add rows."""
        results, options = context.results, context.options
        figures = rounds.run(
            self.clients,
            context.targets[self.target],
            at_once=self.at_once,
            rounds=options.rounds,
            turn=options.turn,
        )
        base = figures[c.RAW.name]
        found = {name: one.summary(base) for name, one in figures.items()}
        results.data[self.title] = found
        for name, it in found.items():
            text = (
                f"{it['ratio']:.2f} of raw ({it['ratio_low']:.2f} to {it['ratio_high']:.2f})  "
                f"{it['per_second']:,.0f}/s  p99 {it['p99_ms']:.2f} ms"
            )
            results.row(self.title, name, text, GOALS.get((name, self.title), ""))
        if c.GQL.name in found and c.OURS.name in found:
            times = found[c.OURS.name]["ratio"] / found[c.GQL.name]["ratio"]
            goal = {1: "≥ 1.8"}.get(self.at_once, "≥ 2.6" if self.target == "small" else "")
            results.row(self.title, "appsync-gql against gql", f"{times:.2f} times", goal)
        if c.OURS_FIXED.name in found:
            ratio = f"{found[c.OURS.name]['p99_ratio']:.2f}"
            results.row(self.title, "p99 against raw's", ratio, "≤ 1.3")
            cost = found[c.OURS.name]["cpu_us"] / found[c.OURS_FIXED.name]["cpu_us"] - 1
            results.row(self.title, "the token store's processor time", f"{cost:+.1%}", "≤ 2%")


GOALS = {
    (c.OURS.name, "16 at a time"): "≥ 0.85",
    (c.OURS.name, "256 at a time"): "≥ 0.85",
    (c.OURS.name, "208 KB responses, 16 at a time"): "≥ 0.96",
    (c.OURS_TEXT.name, "16 at a time"): "≥ 0.75",
    (c.OURS_CALL.name, "1 at a time"): "≥ 0.75",
    (c.OURS_CALL.name, "1 at a time, TLS"): "≥ 0.75",
}

_HTTPX = [c.HTTPX] if is_installed("httpx") else []
_SGQLC = [c.SGQLC] if is_installed("sgqlc") else []
_OURS = [c.OURS, c.OURS_UNTIMED, c.OURS_DIRECT, c.OURS_FIXED, c.OURS_NO_AUTH, c.OURS_TEXT]


def without_fast(context: Context) -> None:
    """Compare clients that have only the standard library's json."""
    for at_once in (1, 16):
        figures = rounds.run(
            [c.RAW_JSON, c.GQL, c.OURS],
            context.targets["small"],
            at_once=at_once,
            rounds=context.options.rounds,
            turn=context.options.turn,
        )
        title = f"without the extra fast, {at_once} at a time"
        for name, one in figures.items():
            it = one.summary(figures[c.RAW_JSON.name])
            text = f"{it['ratio']:.2f} of raw with json  {it['per_second']:,.0f}/s"
            context.results.row(title, name, text)


def measure_renewals(context: Context) -> None:
    """Measure requests during renewals, and requests with an expired token."""
    results, options, target = context.results, context.options, context.targets["small"]
    title = "renewals"
    check = f"{renewals.check_microseconds(target):.2f} µs"
    results.row(title, "check whether the token is fresh", check, "≤ 1 µs")
    found = asyncio.run(renewals.while_renewing(target, options.seconds))
    results.data["while renewing"] = found
    results.check(found["errors"] == 0, f"{found['errors']} errors during renewals")
    results.check(found["refreshes"] >= 1, "no renewal within the given seconds")
    results.row(
        title,
        f"p99 during {found['refreshes']} renewals against p99 at other times",
        f"{found['ratio']:.2f} ({found['p99_during_ms']:.2f} and {found['p99_apart_ms']:.2f} ms)",
        "≤ 1.1",
    )
    found = asyncio.run(renewals.many_in_flight(target, options.in_flight))
    results.data["in flight"] = found
    results.check(found["refreshes"] == 1, f"{found['refreshes']} refreshes for one expiry")
    results.check(found["errors"] == 0, f"{found['errors']} errors at an expiry")
    results.row(
        title,
        f"{options.in_flight:,} requests with an expired token",
        f"{found['refreshes']} refresh, {found['errors']} errors, "
        f"{found['bytes_per_waiting_request'] / 1024:.1f} KB per waiting request",
        "1 refresh, 0 errors",
    )


def measure_memory(context: Context) -> None:
    """Measure whether memory grows over many requests."""
    count = context.options.requests
    found = asyncio.run(renewals.memory_over(context.targets["small"], count))
    context.results.data["memory"] = found
    context.results.row(
        "memory",
        f"growth over {count:,} requests, after the first tenth",
        f"{found['grown_bytes'] / 1024:+,.0f} KB, {found['grown_blocks']:+,} blocks",
        "none",
    )
    grown = found["grown_blocks"]
    context.results.check(grown < 5_000, f"memory grew by {grown} blocks")


def measure_first_use(context: Context) -> None:
    """Measure imports and the first request."""
    results, starts = context.results, context.options.starts
    found = first_use.imports(starts)
    results.data["imports"] = found
    results.check(not found["unwanted"], f"imported without need: {found['unwanted']}")
    title = "first use"
    over = f"+{found['package']:.1f} ms (gql itself {found['gql']:.0f} ms)"
    results.row(title, "import appsync_gql", over, "≤ +15 ms")
    results.row(title, "and its transport, store, provider", f"+{found['names']:.0f} ms")
    found = first_use.blocked(starts)
    results.data["blocked"] = found
    results.check(found["refreshes"] == 1, "not exactly one refresh at first use")
    text = f"{found['ms']:.0f} ms, worst {found['worst_ms']:.0f} ms"
    results.row(title, "event loop blocked, boto3's import included", text, "≤ 50 ms")


def measure_cold_start(context: Context) -> None:
    """Measure a Lambda function's imports and first signed request."""
    found = cold_start.measure(context.targets["tls"], max(context.options.starts, 1))
    context.results.data["cold start"] = found
    base, title = found[cold_start.BY_HAND], "cold start in AWS Lambda"
    for name, it in found.items():
        text = (
            f"{it['cpu_ms']:.0f} ms of processor time ({it['cpu_ms'] / base['cpu_ms']:.2f} times); "
            f"{it['wall_ms']:.0f} ms, of which {it['request_ms']:.0f} for the request"
        )
        context.results.row(title, name, text)


def measure_subscriptions(context: Context) -> None:
    """Measure events per second."""
    results, options = context.results, context.options
    found = subscriptions.measure(options.rounds * 2, options.messages, context.processors)
    results.data["subscriptions"] = found
    for name, it in found.items():
        text = f"{it['ratio']:.2f} of raw  {it['per_second']:,.0f}/s"
        results.row("subscriptions", name, text, "≥ 0.55" if name == subscriptions.OURS else "")
    times = found[subscriptions.OURS]["ratio"] / found[subscriptions.GQL]["ratio"]
    results.row("subscriptions", "appsync-gql against gql", f"{times:.2f} times", "≥ 3")


def compare(
    context: Context, title: str, at_once: int, named: list[c.ComparedClient]
) -> dict[str, dict[str, float]]:
    """Add a row for each client with its ratio to the first; return the figures by name."""
    figures = rounds.run(
        named,
        context.targets["small"],
        at_once=at_once,
        rounds=context.options.rounds,
        turn=context.options.turn,
    )
    base = figures[named[0].name]
    found = {name: one.summary(base) for name, one in figures.items()}
    context.results.data[title] = found
    for name, it in found.items():
        text = (
            f"{it['ratio']:.2f} times ({it['ratio_low']:.2f} to {it['ratio_high']:.2f})  "
            f"{it['per_second']:,.0f}/s  p99 {it['p99_ms']:.2f} ms"
        )
        context.results.row(title, name, text)
    return found


def measure_sync(context: Context) -> None:
    """Compare synchronous clients, one at a time and in 16 threads."""
    gqls = [b.GQL_REQUESTS, b.GQL_REQUESTS_TUNED]
    hands = [b.BY_HAND, b.BY_HAND_TUNED]
    for at_once, goal in ((1, "≥ 2"), (16, "≥ 3")):
        title = f"synchronous, {at_once} thread{'s' if at_once > 1 else ''}"
        peers = gqls if at_once > 1 else gqls[:1]  # one thread needs one connection
        found = compare(context, title, at_once, [*peers, b.OURS_BLOCKING])
        ours = found[b.OURS_BLOCKING.name]
        for peer in peers:
            times = ours["ratio"] / found[peer.name]["ratio"]
            context.results.row(title, f"against {peer.name}", f"{times:.2f} times", goal)
            p99 = ours["p99_ratio"] / found[peer.name]["p99_ratio"]
            context.results.row(title, f"p99 against {peer.name}", f"{p99:.2f}", "≤ 1")
        signed = [*(hands if at_once > 1 else hands[:1]), b.OURS_BLOCKING_IAM]
        compare(context, f"{title}, signed", at_once, signed)


def measure_modes(context: Context) -> None:
    """Compare the authorization modes, and the time of a signature."""
    compare(context, "modes, 16 at a time", 16, [m.GQL_KEY, m.GQL_IAM, *m.OURS])
    took = asyncio.run(m.signing_microseconds())
    context.results.data["signing_us"] = took
    context.results.row(
        "modes, 16 at a time", "a signature of 500 bytes", f"{took:.0f} µs", "≤ 120 µs"
    )


def curve(context: Context) -> None:
    """Measure throughput and p99 at several concurrencies, for the plot."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for at_once in (1, 4, 16, 64, 256):
        figures = rounds.run(
            [c.RAW, c.GQL, c.OURS],
            context.targets["small"],
            at_once=at_once,
            rounds=context.options.rounds // 3 + 1,
            turn=context.options.turn,
        )
        for name, one in figures.items():
            found.setdefault(name, {})[at_once] = one.summary(figures[c.RAW.name])
    context.results.data["curve"] = found


COMPARISONS: dict[str, Callable[[Context], None]] = {
    "1": Throughput(
        "1 at a time",
        "small",
        1,
        [c.RAW, c.RAW_IN_CLIENT, c.RAW_JSON, c.GQL, c.GQL_CALL, *_SGQLC, c.OURS, c.OURS_CALL],
    ),
    "16": Throughput(
        "16 at a time",
        "small",
        16,
        [c.RAW, c.RAW_TUNED, c.RAW_IN_CLIENT, c.RAW_JSON, c.GQL, c.GQL_TEXT, *_HTTPX, *_OURS],
    ),
    "256": Throughput("256 at a time", "small", 256, [c.RAW, c.RAW_IN_CLIENT, c.GQL, c.OURS]),
    "large": Throughput(
        "208 KB responses, 16 at a time",
        "large",
        16,
        [c.RAW, c.RAW_TUNED, c.RAW_JSON, c.GQL, c.GQL_ORJSON, c.OURS],
    ),
    "tls": Throughput("1 at a time, TLS", "tls", 1, [c.RAW, c.GQL_CALL, c.OURS, c.OURS_CALL]),
    "sync": measure_sync,
    "modes": measure_modes,
    "renewals": measure_renewals,
    "memory": measure_memory,
    "first-use": measure_first_use,
    "cold": measure_cold_start,
    "subscriptions": measure_subscriptions,
}
"""The values of ``--only``, in the order of a full run."""

NEED_SERVER = [name for name in COMPARISONS if name not in {"first-use", "subscriptions"}]
"""Comparisons that send queries to the byte server."""
