"""What is measured of a host: counts of requests, and of what its processes have open."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PROC = Path("/proc")
_SETTLE_SECONDS = 2.0


@dataclass
class Count:
    """What a number of requests came to.

    Attributes:
        requests: how many there were.
        wrong: responses that repeat another's question or name another user.
        errors: the errors, as text.
    """

    requests: int = 0
    wrong: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, question: tuple[str, str], answer: tuple[str, str] | Exception) -> None:
        """Count one request.

        Args:
            question: the text that was sent, and the user who sent it.
            answer: the text and the user of the response, or the error.
        """
        self.requests += 1
        if isinstance(answer, Exception):
            self.errors.append(f"{question[1]}: {type(answer).__name__}: {answer}")
        elif answer != question:
            self.wrong.append(f"{question} was answered with {answer}")

    def merge(self, other: Count) -> None:
        """Add the counts of another."""
        self.requests += other.requests
        self.wrong += other.wrong
        self.errors += other.errors


@dataclass
class Measurement:
    """One line of the table of hosts.

    Attributes:
        users: how many users there were.
        count: the requests of the whole run.
        descriptors: open descriptors of all processes of the host, before and after the load.
        threads: likewise.
        renewals: how many renewals there were during the load.
        repeated: mutations that were executed more than once.
        log: suspicious lines of what the host printed.
    """

    users: int
    count: Count = field(default_factory=Count)
    descriptors: tuple[int, int] = (0, 0)
    threads: tuple[int, int] = (0, 0)
    renewals: int = 0
    repeated: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the measurement as one line, for another process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Measurement:
        """Return the measurement that another process has printed."""
        values = json.loads(text)
        for name in ("descriptors", "threads"):
            values[name] = tuple(values[name])
        return cls(**{**values, "count": Count(**values["count"])})

    def problems(self, *, descriptors: int, threads: int) -> list[str]:
        """Return what is not as it should be; nothing if all is well.

        Args:
            descriptors: by how many their number may grow between two equal loads.
            threads: likewise.
        """
        found = [*self.count.wrong[:5], *_most_frequent(self.count.errors), *self.log[:20]]
        if self.count.requests < 20 * self.users:
            found.append(f"only {self.count.requests} requests were made")
        if self.renewals < self.users:
            found.append(f"only {self.renewals} renewals happened: there was no load on them")
        if self.repeated:
            found.append(f"mutations were executed twice: {self.repeated[:5]}")
        for name, (before, after), most in (
            ("descriptors", self.descriptors, descriptors),
            ("threads", self.threads, threads),
        ):
            if after > before + most:
                found.append(f"{name} grew from {before} to {after}")
        return found


def _most_frequent(errors: Iterable[str]) -> list[str]:
    counted = Counter(error.partition(": ")[2] for error in errors)
    return [f"{count} times {error}" for error, count in counted.most_common(5)]


def descendants(process: int) -> list[int]:
    """Return a process and all that it started, itself first."""
    found = [process]
    for parent in found:
        found += _children(parent)
    return found


def _children(process: int) -> list[int]:
    # A process or thread that has just ended has no such files any more.
    found: list[int] = []
    with suppress(OSError):
        for task in (_PROC / str(process) / "task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def open_in(processes: Iterable[int]) -> tuple[int, int]:
    """Return how many descriptors and threads some processes have together."""
    folders = [_PROC / str(process) for process in processes]
    return sum(_entries(f / "fd") for f in folders), sum(_entries(f / "task") for f in folders)


def _entries(folder: Path) -> int:
    with suppress(OSError):
        return len(list(folder.iterdir()))
    return 0


def settled(
    processes: Callable[[], Iterable[int]], seconds: float = _SETTLE_SECONDS
) -> tuple[int, int]:
    """Return the fewest descriptors and threads that processes have within some seconds.

    Connections of the load just made are closed a moment after it.
    """
    lowest = open_in(processes())
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.1)
        now = open_in(processes())
        lowest = min(lowest[0], now[0]), min(lowest[1], now[1])
    return lowest
