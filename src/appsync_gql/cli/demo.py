"""The demo: the same load on plain gql and on ours, at tokens that live for seconds."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..testing import Emulator
from .load import Contender, Report, checking_locally, put_load_on, renewing

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import TaskID

    from ..tokens import Tokens

__all__ = ["run_demo"]

TOKEN_LIFETIME = 3
CLOCK_OFFSET = 2.0
"""Seconds by which the server's clock is ahead of this machine's."""


def run_demo(*, seconds: float, workers: int, as_json: bool) -> bool:
    """Run the demo and show its table.

    Args:
        seconds: how long the load lasts.
        workers: how many tasks make requests at once, for each side.
        as_json: print the figures as one JSON object instead of a table.

    Returns:
        Whether ours went without a single error and without a mutation run twice.
    """
    console = Console(stderr=as_json)
    console.print(
        f"Tokens of {TOKEN_LIFETIME} s, a server clock {CLOCK_OFFSET:g} s ahead, refresh tokens "
        f"that rotate; {workers} tasks on each side for {seconds:g} s, on this machine only."
    )
    with Progress(
        TextColumn("{task.description:>26}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        reports = asyncio.run(_both(bars, seconds, workers))
    plain, ours = reports
    good = ours.requests > 0 and ours.errors == 0 and ours.twice == 0
    if as_json:
        print(json.dumps({"ok": good, "sides": [r.as_json() for r in reports]}, indent=2))  # noqa: T201
    else:
        console.print(_table(plain, ours))
        console.print(_verdict(ours, good=good))
    return good


async def _both(bars: Progress, seconds: float, workers: int) -> tuple[Report, Report]:
    """Run both sides at the same time, each against an emulator of its own."""

    async def side(make: Callable[[Emulator, Tokens], Contender], emulator: Emulator) -> Report:
        contender = make(emulator, emulator.issue_tokens())
        task = bars.add_task(contender.name, total=seconds, figures="")
        return await put_load_on(
            contender,
            emulator,
            seconds=seconds,
            workers=workers,
            progress=_reporter(bars, task),
        )

    with ExitStack() as stack:
        one, two = (
            stack.enter_context(
                Emulator.in_thread(
                    token_lifetime=TOKEN_LIFETIME, clock_offset=CLOCK_OFFSET, rotation=True
                )
            )
            for _ in range(2)
        )
        plain, ours = await asyncio.gather(side(checking_locally, one), side(renewing, two))
        return plain, ours


def _reporter(bars: Progress, task: TaskID) -> Callable[[Report], None]:
    began = time.monotonic()

    def report(so_far: Report) -> None:
        figures = f"{so_far.requests:>6} requests  {so_far.unauthorized:>5} Unauthorized"
        bars.update(task, completed=time.monotonic() - began, figures=figures)

    return report


def _table(plain: Report, ours: Report) -> Table:
    table = Table(title="What the callers saw", title_justify="left")
    table.add_column("")
    for report in (plain, ours):
        table.add_column(report.name, justify="right")
    rows: list[tuple[str, Callable[[Report], str]]] = [
        ("requests", lambda r: f"{r.requests}"),
        ("Unauthorized errors", lambda r: _marked(r.unauthorized)),
        ("other errors", lambda r: _marked(r.other_errors)),
        ("refused by AppSync", lambda r: f"{r.refused}"),
        ("refresh calls", lambda r: f"{r.refreshes}"),
        ("mutations run twice", lambda r: _marked(r.twice)),
        ("p50", lambda r: f"{r.percentile(50):.1f} ms"),
        ("p99", lambda r: f"{r.percentile(99):.1f} ms"),
    ]
    for label, show in rows:
        table.add_row(label, show(plain), show(ours))
    return table


def _marked(count: int) -> str:
    return f"[green]{count}[/]" if count == 0 else f"[bold red]{count}[/]"


def _verdict(ours: Report, *, good: bool) -> str:
    if good:
        return "[green]No request of appsync-gql failed, and no mutation ran twice.[/]"
    return f"[bold red]appsync-gql: {ours.errors} errors, {ours.twice} mutations run twice.[/]"
