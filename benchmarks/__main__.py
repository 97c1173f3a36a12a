"""Measure everything and print the table: ``python benchmarks`` (see README.md beside this)."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import contestants as c
import expiry
import first_use
import jwt
import plot
import rounds
import server
import subscriptions
from certificate import make_certificate
from rich.console import Console
from rich.table import Table

PACKAGES = ("gql", "graphql-core", "aiohttp", "anyio", "msgspec", "orjson")
PACKAGES += ("httpx", "sgqlc", "uvloop")


@dataclass
class Run:
    """What was found.

    Attributes:
        rows: lines of the table: section, name, figure, target.
        wrong: counts that had to hold and did not.
        data: everything, for the JSON.
    """

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def row(self, section: str, name: str, figure: str, target: str = "") -> None:
        """Add a line."""
        self.rows.append((section, name, figure, target))

    def must(self, holds: bool, what: str) -> None:  # noqa: FBT001
        """Note a count that has to hold on every machine."""
        if not holds:
            self.wrong.append(what)


TARGETS = {
    (c.OURS.name, "16 at a time"): "≥ 0.85",
    (c.OURS.name, "256 at a time"): "≥ 0.85",
    (c.OURS.name, "1 at a time"): "≥ 0.87",
    (c.OURS.name, "208 KB answers, 16"): "≥ 0.96",
    (c.OURS_TEXT.name, "16 at a time"): "≥ 0.75",
    (c.OURS_CALL.name, "1 at a time"): "≥ 0.75",
    (c.OURS_CALL.name, "1 at a time, TLS"): "≥ 0.75",
}


def without_fast(run: Run, place: c.Place, given: argparse.Namespace) -> None:
    """Compare where only the standard library's json is to be had."""
    for at_once in (1, 16):
        who = [c.RAW_JSON, c.GQL, c.OURS]
        figures = rounds.run(who, place, at_once=at_once, rounds=given.rounds, turn=given.turn)
        for name, one in figures.items():
            it = one.summary(figures[c.RAW_JSON.name])
            text = f"{it['ratio']:.2f} of raw with json  {it['per_second']:,.0f}/s"
            run.row(f"without the extra fast, {at_once} at a time", name, text)


def throughput(run: Run, places: dict[str, c.Place], given: argparse.Namespace) -> None:
    """Compare contestants at several concurrencies."""
    slow = [c.HTTPX] if _has("httpx") else []
    alone = [c.SGQLC] if _has("sgqlc") else []
    many = [c.RAW, c.RAW_TUNED, c.RAW_JSON, c.GQL, c.GQL_TEXT, *slow]
    large = [c.RAW, c.RAW_TUNED, c.RAW_JSON, c.GQL, c.GQL_ORJSON, c.OURS]
    ours = [c.OURS, c.OURS_UNTIMED, c.OURS_DIRECT, c.OURS_FIXED, c.OURS_NO_AUTH, c.OURS_TEXT]
    one = [c.RAW, c.RAW_JSON, c.GQL, c.GQL_CALL, *alone, c.OURS, c.OURS_CALL]
    sections = [
        ("1 at a time", "small", 1, one),
        ("16 at a time", "small", 16, many + ours),
        ("256 at a time", "small", 256, [c.RAW, c.GQL, c.OURS]),
        ("208 KB answers, 16", "large", 16, large),
        ("1 at a time, TLS", "tls", 1, [c.RAW, c.GQL_CALL, c.OURS, c.OURS_CALL]),
    ]
    for title, place, at_once, who in sections:
        figures = rounds.run(
            who, places[place], at_once=at_once, rounds=given.rounds, turn=given.turn
        )
        base = figures[c.RAW.name]
        found = {name: one.summary(base) for name, one in figures.items()}
        run.data[title] = found
        for name, it in found.items():
            text = (
                f"{it['ratio']:.2f} of raw ({it['ratio_low']:.2f} to {it['ratio_high']:.2f})  "
                f"{it['per_second']:,.0f}/s  p99 {it['p99_ms']:.2f} ms"
            )
            run.row(title, name, text, TARGETS.get((name, title), ""))
        if c.GQL.name in found and c.OURS.name in found:
            times = found[c.OURS.name]["ratio"] / found[c.GQL.name]["ratio"]
            target = {1: "≥ 1.9"}.get(at_once, "≥ 2.7" if place == "small" else "")
            run.row(title, "appsync-gql against gql", f"{times:.2f} times", target)
        if at_once == 16 and place == "small":
            run.row(title, "p99 against raw's", f"{found[c.OURS.name]['p99_ratio']:.2f}", "≤ 1.3")
            cost = found[c.OURS.name]["cpu_us"] / found[c.OURS_FIXED.name]["cpu_us"] - 1
            run.row(title, "the token store's processor time", f"{cost:+.1%}", "≤ 2%")


def counted(run: Run, place: c.Place, given: argparse.Namespace) -> None:
    """Measure what has counts that must hold as well."""
    title = "renewals"
    run.row(title, "is the token fresh?", f"{expiry.check_microseconds(place):.2f} µs", "≤ 1 µs")
    found = asyncio.run(expiry.while_renewing(place, given.seconds))
    run.data["while renewing"] = found
    run.must(found["errors"] == 0, f"{found['errors']} errors while renewing")
    run.must(found["refreshes"] >= 1, "no renewal in the time given")
    run.row(
        title,
        f"p99 during {found['refreshes']} renewals against p99 apart from them",
        f"{found['ratio']:.2f} ({found['p99_during_ms']:.2f} and {found['p99_apart_ms']:.2f} ms)",
        "≤ 1.1",
    )
    found = asyncio.run(expiry.many_in_flight(place, given.in_flight))
    run.data["in flight"] = found
    run.must(found["refreshes"] == 1, f"{found['refreshes']} refreshes for those in flight")
    run.must(found["errors"] == 0, f"{found['errors']} errors of those in flight")
    run.row(
        title,
        f"{given.in_flight:,} requests meet an expired token",
        f"{found['refreshes']} refresh, {found['errors']} errors, "
        f"{found['bytes_per_waiting_request'] / 1024:.1f} KB a waiting request",
        "1 refresh, 0 errors",
    )
    found = asyncio.run(expiry.memory_over(place, given.requests))
    run.data["memory"] = found
    run.row(
        title,
        f"memory over {given.requests:,} requests, after the first tenth",
        f"{found['grown_bytes'] / 1024:+,.0f} KB, {found['grown_blocks']:+,} blocks",
        "flat",
    )
    run.must(found["grown_blocks"] < 5_000, f"{found['grown_blocks']} blocks of memory more")


def first(run: Run, given: argparse.Namespace) -> None:
    """Measure what comes before the first request."""
    found = first_use.imports(given.starts)
    run.data["imports"] = found
    run.must(not found["unwanted"], f"imported needlessly: {found['unwanted']}")
    title = "first use"
    over = f"+{found['package']:.1f} ms (gql's own {found['gql']:.0f} ms)"
    run.row(title, "import appsync_gql", over, "≤ +15 ms")
    run.row(title, "and its transport, store, provider", f"+{found['names']:.0f} ms")
    found = first_use.stall(given.starts)
    run.data["stall"] = found
    run.must(found["refreshes"] == 1, "not one refresh at first use")
    text = f"{found['ms']:.0f} ms, worst {found['worst_ms']:.0f} ms"
    run.row(title, "longest stall of the loop, boto3's import included", text, "≤ 50 ms")


def realtime(run: Run, given: argparse.Namespace) -> None:
    """Measure subscriptions."""
    found = subscriptions.measure(given.rounds * 2, given.messages, given.processors)
    run.data["subscriptions"] = found
    for name, it in found.items():
        text = f"{it['ratio']:.2f} of raw  {it['per_second']:,.0f}/s"
        run.row("subscriptions", name, text, "≥ 0.5" if name.startswith("appsync") else "")
    for name in list(found)[2:]:
        times = found[name]["ratio"] / found[subscriptions.THEIRS]["ratio"]
        run.row("subscriptions", f"{name} against gql", f"{times:.2f} times", "≥ 3")


def curve(run: Run, place: c.Place, given: argparse.Namespace) -> None:
    """Measure throughput and p99 over concurrency, for the plot."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for at_once in (1, 4, 16, 64, 256):
        who = [c.RAW, c.GQL, c.OURS]
        figures = rounds.run(
            who, place, at_once=at_once, rounds=given.rounds // 3 + 1, turn=given.turn
        )
        for name, one in figures.items():
            found.setdefault(name, {})[at_once] = one.summary(figures[c.RAW.name])
    run.data["curve"] = found


def machine() -> dict[str, Any]:
    """Describe where it ran."""
    packages = {name: version(name) for name in PACKAGES if _has(name)}
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.processor(),
    )
    return {
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": model,
        "processors": os.cpu_count(),
        "packages": packages,
    }


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _has(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="turns of each contestant")
    parser.add_argument("--turn", type=float, default=1.0, help="seconds of a turn, about")
    parser.add_argument("--seconds", type=float, default=30.0, help="of renewals")
    parser.add_argument("--in-flight", type=int, default=10_000, help="requests at an expiry")
    parser.add_argument("--requests", type=int, default=1_000_000, help="to watch memory over")
    parser.add_argument("--messages", type=int, default=20_000, help="of a subscription, a burst")
    parser.add_argument("--starts", type=int, default=9, help="fresh interpreters")
    parser.add_argument(
        "--without-fast",
        action="store_true",
        help="compare in sessions, as if msgspec and orjson were missing",
    )
    parser.add_argument("--json", type=Path, help="write everything that was found here")
    parser.add_argument("--plot", type=Path, help="draw a PNG (needs matplotlib)")
    parser.add_argument(
        "--short",
        action="store_true",
        help="half a minute instead of ten: the counts hold, the times mean little",
    )
    given = parser.parse_args()
    if given.short:
        given.rounds, given.turn, given.seconds, given.in_flight = 2, 0.05, 5.0, 2_000
        given.requests, given.messages, given.starts = 10_000, 2_000, 1
    return given


def main() -> int:
    """Run; 1 if a count does not hold."""
    given, run = arguments(), Run()
    run.data["machine"] = machine()
    mine, its = given.processors = server.part_processors()
    server.pin(mine)
    now = int(time.time())
    token = jwt.encode(
        {"iat": now, "exp": now + 86_400, "username": "ada", "pad": "x" * 600}, "k" * 32
    )
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))
        with server.running(certificate, its) as where:
            places = {
                "small": c.Place(where.http + "/small", token),
                "large": c.Place(where.http + "/large", token),
                "tls": c.Place(where.https + "/small", token, certificate),
            }
            run.data["server_us"] = asyncio.run(server.microseconds(where))
            if given.without_fast:
                without_fast(run, places["small"], given)
                report(run, given)
                return 0
            throughput(run, places, given)
            counted(run, places["small"], given)
            if given.plot:
                curve(run, places["small"], given)
    first(run, given)
    realtime(run, given)
    report(run, given)
    return 1 if run.wrong else 0


def report(run: Run, given: argparse.Namespace) -> None:
    """Show and save."""
    console = Console(width=None if sys.stdout.isatty() else 132)
    its = run.data["machine"]
    table = Table(title="appsync-gql: measured in one run", title_justify="left")
    for heading in ("", "found", "target"):
        table.add_column(heading)
    section = ""
    for row in run.rows:
        if row[0] != section:
            section = row[0]
            table.add_section()
            table.add_row(f"[bold]{section}[/bold]")
        table.add_row("  " + row[1], row[2], row[3])
    console.print(table)
    packages = ", ".join(f"{name} {number}" for name, number in its["packages"].items())
    console.print(
        f"{its['processor']}, {its['processors']} processors; Python {its['python']}; {packages}. "
        f"The server takes {run.data['server_us']:.0f} µs of its processor for an answer."
    )
    for what in run.wrong:
        console.print(f"[red]does not hold:[/red] {what}")
    if given.json:
        given.json.write_text(json.dumps(run.data, indent=1), encoding="utf-8")
    if given.plot:
        plot.draw(run.data, given.plot)


if __name__ == "__main__":
    sys.exit(main())
