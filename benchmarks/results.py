"""The results of one run, and how they are printed and saved."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["Results", "is_installed", "machine", "print_results"]

PACKAGES = ("gql", "graphql-core", "aiohttp", "anyio", "msgspec", "orjson")
PACKAGES += ("httpx", "sgqlc", "uvloop")


@dataclass
class Results:
    """The results of one run.

    Attributes:
        rows: lines of the table: section, name, figure, target.
        failed: descriptions of counts that are wrong.
        data: all figures, for the JSON file.
    """

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def row(self, section: str, name: str, figure: str, target: str = "") -> None:
        """Add a line to the table."""
        self.rows.append((section, name, figure, target))

    def check(self, holds: bool, failure: str) -> None:  # noqa: FBT001
        """Check a count that must be right on every machine."""
        if not holds:
            self.failed.append(failure)


def is_installed(package: str) -> bool:
    """Return whether a distribution is installed."""
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def machine() -> dict[str, Any]:
    """Describe this machine and the versions of the compared packages."""
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
        "packages": {name: version(name) for name in PACKAGES if is_installed(name)},
    }


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def print_results(results: Results, json_path: Path | None) -> None:
    """Print the table; write all figures to a JSON file unless the path is ``None``."""
    console = Console(width=None if sys.stdout.isatty() else 132)
    here = results.data["machine"]
    table = Table(title="appsync-gql: measured in one run", title_justify="left")
    for heading in ("", "result", "target"):
        table.add_column(heading)
    section = ""
    for row in results.rows:
        if row[0] != section:
            section = row[0]
            table.add_section()
            table.add_row(f"[bold]{section}[/bold]")
        table.add_row("  " + row[1], row[2], row[3])
    console.print(table)
    packages = ", ".join(f"{name} {number}" for name, number in here["packages"].items())
    console.print(
        f"{here['processor']}, {here['processors']} processors; "
        f"Python {here['python']}; {packages}."
    )
    if "server_us" in results.data:
        console.print(f"The server needs {results.data['server_us']:.0f} µs for a response.")
    for failure in results.failed:
        console.print(f"[red]wrong:[/red] {failure}")
    if json_path:
        json_path.write_text(json.dumps(results.data, indent=1), encoding="utf-8")
