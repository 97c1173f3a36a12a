"""The demo: the same requests with plain gql and with this package, while tokens expire."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ..testing import Emulator
from .demo_load import Report, checking_expiry, renewing, run_load

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import TaskID

    from ..tokens import Tokens
    from .demo_load import Side

__all__ = ["Verdict", "run_demo", "verdict"]


class Verdict(NamedTuple):
    """The result of a demo.

    Attributes:
        ok: whether it is a success.
        text: one line that says why or why not.
    """

    ok: bool
    text: str


def run_demo(*, seconds: float, workers: int, lifetime: int, skew: float, as_json: bool) -> bool:
    """Run the demo and print its figures.

    Args:
        seconds: how long requests are sent.
        workers: how many tasks send requests at once, on each side.
        lifetime: seconds for which a token is valid.
        skew: seconds by which AppSync's clock is ahead of this machine's.
        as_json: print one JSON object instead of a table.

    Returns:
        Whether the demo is a success; see :func:`verdict`.

    Raises:
        MissingExtra: the emulator needs another package.
    """
    console = Console(stderr=as_json)
    console.print(*introduction(seconds, workers, lifetime, skew), sep="\n", highlight=False)
    with Progress(
        TextColumn("{task.description:>26}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        plain, ours = asyncio.run(_run_both(bars, seconds, workers, lifetime, skew))
    result = verdict(plain, ours)
    if as_json:
        figures = {
            "ok": result.ok,
            "verdict": result.text,
            "sides": [plain.as_json(), ours.as_json()],
        }
        print(json.dumps(figures, indent=2))  # noqa: T201
    else:
        console.print(_table(plain, ours))
        color = "green" if result.ok else "bold red"
        console.print(f"[{color}]{result.text}[/]")
    return result.ok


def introduction(seconds: float, workers: int, lifetime: int, skew: float) -> list[str]:
    """Return the lines that explain what is compared; arguments as for :func:`run_demo`."""
    direction = "ahead of" if skew >= 0 else "behind"
    clocks = f"AppSync's clock is {abs(skew):g} s {direction} this machine's"
    plain = "before each request, compares exp with the local clock, and refreshes an expired token"
    ours = "learns AppSync's clock, and renews in the background before a token expires"
    return [
        f"Tokens are valid for {lifetime} s; {clocks}.",
        f"Each side sends requests with {workers} tasks for {seconds:g} s, on this machine only.",
        f"gql, checking exp locally: {plain}.",
        f"appsync-gql: {ours}; a refused request is sent once more.",
        "Renewing before the expiry means more refresh calls, and no request that fails.",
    ]


def verdict(plain: Report, ours: Report) -> Verdict:
    """Return whether this package's side had no failure, and a line that says so.

    A side that sent no request proves nothing, so the demo is no success then.
    """
    for report in (plain, ours):
        if report.requests == 0:
            return Verdict(ok=False, text=f"{report.name} sent no request: nothing was compared.")
    if ours.errors or ours.twice:
        text = f"appsync-gql: {ours.errors} errors, {ours.twice} mutations ran twice."
        return Verdict(ok=False, text=text)
    text = f"None of appsync-gql's {ours.requests} requests failed, and no mutation ran twice."
    return Verdict(ok=True, text=text)


async def _run_both(
    bars: Progress, seconds: float, workers: int, lifetime: int, skew: float
) -> tuple[Report, Report]:
    """Run both sides at the same time, each with an emulator of its own."""

    async def run(make: Callable[[Emulator, Tokens], Side], emulator: Emulator) -> Report:
        side = make(emulator, emulator.issue_tokens())
        task = bars.add_task(side.name, total=seconds, figures="")
        return await run_load(
            side, emulator, seconds=seconds, workers=workers, progress=_progress(bars, task)
        )

    with ExitStack() as stack:
        first, second = (
            stack.enter_context(
                Emulator.in_thread(token_lifetime=lifetime, clock_offset=skew, rotation=True)
            )
            for _ in range(2)
        )
        plain, ours = await asyncio.gather(run(checking_expiry, first), run(renewing, second))
        return plain, ours


def _progress(bars: Progress, task: TaskID) -> Callable[[Report], None]:
    began = time.monotonic()

    def show(so_far: Report) -> None:
        figures = f"{so_far.requests:>6} requests  {so_far.unauthorized:>5} Unauthorized"
        bars.update(task, completed=time.monotonic() - began, figures=figures)

    return show


def _table(plain: Report, ours: Report) -> Table:
    table = Table(title="Results", title_justify="left")
    table.add_column("")
    for report in (plain, ours):
        table.add_column(report.name, justify="right")
    rows: list[tuple[str, Callable[[Report], str]]] = [
        ("requests", lambda r: f"{r.requests}"),
        ("Unauthorized errors", lambda r: _colored(r.unauthorized)),
        ("other errors", lambda r: _colored(r.other_errors)),
        ("requests refused by AppSync", lambda r: f"{r.refused}"),
        ("refresh calls", lambda r: f"{r.refreshes}"),
        ("mutations that ran twice", lambda r: _colored(r.twice)),
        ("p50", lambda r: f"{r.percentile(50):.1f} ms"),
        ("p99", lambda r: f"{r.percentile(99):.1f} ms"),
    ]
    for label, show in rows:
        table.add_row(label, show(plain), show(ours))
    return table


def _colored(count: int) -> str:
    return f"[green]{count}[/]" if count == 0 else f"[bold red]{count}[/]"
