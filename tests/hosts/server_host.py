"""Loads a host that serves requests or tasks, measures it, and ends it hard and gracefully."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .host_program import host_program
from .load import ask_in_threads
from .measurement import Count, Measurement, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from .api import Api
    from .host_program import HostProgram

_WARM_UP_SECONDS, _LOAD_SECONDS, _KILL_SECONDS, _END_SECONDS = 1.5, 3.0, 1.5, 1.0
_STOP_SECONDS = 30.0
"""Celery waits 10 s for what a killed worker was doing, after all that it does else at its end."""

_TERMINATED = {0, -signal.SIGTERM}


class Asker(Protocol):
    """Asks a running host."""

    def ask(self, user: str, text: str, mutation: bool, /) -> tuple[str, str]:  # noqa: FBT001
        """Ask for a user; return the text and the user of the answer."""

    def close(self) -> None:
        """Close all connections to the host."""


@dataclass(frozen=True, kw_only=True)
class ServerHost:
    """A host that serves requests or tasks.

    Attributes:
        command: its command line, without the Python.
        ready: a pattern of what it prints when it is ready; the group is passed to ``asker``.
        asker: returns what asks it; called with the group and the host's folder.
        environment: further variables.
        environment_of: further variables that depend on the host's folder.
        threads: how many ask at once.
        kills_a_worker: whether one of its worker processes is killed under load.
        lost: the errors that an end in mid-load may cause.
        says: a pattern of lines that the host itself writes about a killed worker.
    """

    command: Sequence[str]
    ready: str
    asker: Callable[[str, Path], Asker]
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_of: Callable[[Path], Mapping[str, str]] = lambda _folder: {}
    threads: int = 8
    kills_a_worker: bool = False
    lost: tuple[str, ...] = ()
    says: str = "$^"

    def measure(self, api: Api, folder: Path) -> Measurement:
        """Run the host, load it twice, and end it with SIGTERM during another load.

        Args:
            api: what it asks.
            folder: for its files.
        """
        variables = {
            **api.settings.environment(),
            **self.environment,
            **self.environment_of(folder),
        }
        with host_program(self.command, variables, folder) as program:
            asker = self.asker(program.printed(self.ready), folder)
            run = _Run(self, api, program, asker)
            run.load()
            if self.kills_a_worker:
                run.kill_a_worker()
            run.end()
        run.measured.repeated = api.repeated
        lines = [line for line in program.suspicious if not re.search(self.says, line)]
        run.measured.log += lines
        return run.measured


class _Run:
    """One run of a host."""

    def __init__(self, host: ServerHost, api: Api, program: HostProgram, asker: Asker) -> None:
        self._host, self._api, self._program, self._asker = host, api, program, asker
        self.measured = Measurement(users=len(api.settings.users))

    def load(self) -> None:
        """Load the host twice; measure it after the first and after the second load."""
        self.measured.count.merge(self._ask(_WARM_UP_SECONDS))
        before = self._open()
        refreshed = self._api.emulator.counters["refreshes"]
        self.measured.count.merge(self._ask(_LOAD_SECONDS))
        self.measured.renewals = self._api.emulator.counters["refreshes"] - refreshed
        after = self._open()
        self.measured.descriptors = before[0], after[0]
        self.measured.threads = before[1], after[1]

    def kill_a_worker(self) -> None:
        """Kill a worker process in mid-load; the others, and its successor, go on."""
        workers = self._program.processes
        assert len(workers) > 1, f"it has no workers:\n{self._program.last_output}"
        self._meanwhile(_KILL_SECONDS, lambda: os.kill(workers[-1], signal.SIGKILL))
        self._asker.close()
        self.measured.count.merge(self._ask(_KILL_SECONDS))
        if len(self._program.processes) < len(workers):
            self.measured.log.append("the killed worker was not replaced")

    def end(self) -> None:
        """End the host with SIGTERM in mid-load."""
        self._meanwhile(_END_SECONDS, self._program.process.terminate)
        status = self._program.wait(_STOP_SECONDS)
        self._asker.close()
        if status not in _TERMINATED:
            self.measured.log.append(f"it ended with status {status}")

    def _ask(self, seconds: float) -> Count:
        host, users = self._host, self._api.settings.users
        return ask_in_threads(self._asker.ask, users, seconds=seconds, threads=host.threads)

    def _open(self) -> tuple[int, int]:
        self._asker.close()
        return settled(lambda: self._program.processes)

    def _meanwhile(self, seconds: float, act: Callable[[], object]) -> None:
        """Act in the middle of a load, which may fail then, but is not answered wrongly."""
        counts: list[Count] = []
        loading = threading.Thread(target=lambda: counts.append(self._ask(seconds)))
        loading.start()
        time.sleep(seconds / 2)
        act()
        loading.join()
        for count in counts:
            count.errors = [error for error in count.errors if not self._is_lost(error)]
            self.measured.count.merge(count)

    def _is_lost(self, error: str) -> bool:
        return any(f": {name}" in error for name in self._host.lost)
