"""Prints the table of hosts: ``python -m hosts.report`` in the folder ``tests``.

With words as arguments only the hosts whose names contain one of them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .matrix import HOSTS

if TYPE_CHECKING:
    from .matrix import Host
    from .measurement import Measurement

_TITLES = ("host", "users", "requests", "wrong", "errors", "renewals", "descriptors", "threads")
_WIDTHS = (34, 6, 9, 6, 7, 9, 14, 10)


def line(cells: tuple[object, ...]) -> str:
    """Return a line of the table."""
    first, *others = cells
    padded = (str(cell).rjust(width) for cell, width in zip(others, _WIDTHS[1:], strict=True))
    return "".join((str(first).ljust(_WIDTHS[0]), *padded))


def row(name: str, measured: Measurement) -> str:
    """Return the line of a host."""
    count = measured.count
    return line(
        (
            name,
            measured.users,
            count.requests,
            len(count.wrong),
            len(count.errors),
            measured.renewals,
            "{} → {}".format(*measured.descriptors),
            "{} → {}".format(*measured.threads),
        )
    )


def report(host: Host) -> bool:
    """Run a host and print its line; return whether all is well."""
    absent = host.missing()
    if absent:
        print(f"{host.name.ljust(_WIDTHS[0])}not installed: {', '.join(absent)}", flush=True)  # noqa: T201
        return True
    with tempfile.TemporaryDirectory(prefix="host-") as folder:
        measured = host.measure(Path(folder))
    problems = host.problems(measured)
    print(row(host.name, measured), *problems, sep="\n    ", flush=True)  # noqa: T201
    return not problems


def main(words: list[str]) -> int:
    """Print the table; return the exit status."""
    print(line(_TITLES), flush=True)  # noqa: T201
    chosen = [host for host in HOSTS if not words or any(word in host.name for word in words)]
    outcomes = [report(host) for host in chosen]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
