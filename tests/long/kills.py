"""Processes that are killed (SIGKILL) at some line of a renewal, and whether the session survives.

Run by hand for longer: ``python -m long.kills --help``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import appsync_gql
from appsync_gql import SessionExpired, SessionKey, StorageFailed
from appsync_gql.testing import Emulator
from long.fleet import KINDS, Job, SharedPersistence, job, saved_tokens, shared_persistence

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from types import FrameType

    from appsync_gql import Tokens

# A server that has most of it imported already, and forks a child for each round.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "appsync_gql.testing.emulator.emulator",
        "boto3",
        "filelock",
        "gql",
        "platformdirs",
        "pytest",
        "redis",
    ]
)

PACKAGE = Path(appsync_gql.__file__).parent
TRACED = frozenset(
    str(path)
    for pattern in (
        "persistence/*.py",
        "store/renewal.py",
        "store/saved_sessions.py",
        "store/worker.py",
    )
    for path in PACKAGE.glob(pattern)
)
"""The modules whose lines are counted: all that a renewal runs around the call of Cognito."""

LONGEST_CHILD = 60.0


class KillAtLine:
    """Counts the lines that worker threads run, and ends the process at one of them."""

    def __init__(self, at: int | None) -> None:
        self.lines = 0
        self._at = at

    def __call__(self, frame: FrameType, event: str, arg: object) -> Any:
        del event, arg
        code = frame.f_code.co_filename
        return self._line if code in TRACED else None

    def _line(self, frame: FrameType, event: str, arg: object) -> Any:
        del frame, arg
        if event == "line":
            self.lines += 1
            if self.lines == self._at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._line


def renew_once(job: Job, at: int | None, line: Connection) -> None:
    """Renew the saved session, and send the number of lines that it took, unless killed before."""
    killer = KillAtLine(at)
    threading.settrace(killer)
    refresh(job)
    line.send(killer.lines)


def refresh(job: Job) -> None:
    """Load the saved tokens and refresh them although they are fresh."""
    store = job.store().blocking
    store.renew(store.headers())


def hold_lock(shared: SharedPersistence, line: Connection) -> None:
    """Hold the lock until killed, for a minute at most."""
    with shared.open().lock(SessionKey()):
        line.send("held")
        time.sleep(60)


def wait_after_killed_holder(kind: str, lease: float) -> float:
    """Return the seconds that a renewal took after the holder of the lock was killed."""
    emulated = Emulator.in_thread(rotation=True)
    with emulated as emulator, shared_persistence(kind, lease) as shared:
        assigned = job(emulator, shared, seconds=0, pause=0, seed=emulator.issue_tokens())
        ours, theirs = FORKS.Pipe()
        holder = FORKS.Process(target=hold_lock, args=(shared, theirs))
        holder.start()
        try:
            assert ours.poll(LONGEST_CHILD), "the holder did not start"
        finally:
            holder.kill()
            holder.join()
        began = time.monotonic()
        refresh(assigned)
        return time.monotonic() - began


@dataclass
class Figures:
    """Counts of repeated kills.

    Attributes:
        rounds: children that were killed.
        lines: of one renewal, at any of which a child may be killed.
        unreadable: times that the persistence could not be read after a kill.
        refreshed_unsaved: times that Cognito had responded and nothing was saved.
        lost: sessions that could not be renewed after that.
        lost_otherwise: sessions lost although nothing had been refreshed.
        waits: seconds from a kill until another process had renewed.
    """

    rounds: int = 0
    lines: int = 0
    unreadable: int = 0
    refreshed_unsaved: int = 0
    lost: int = 0
    lost_otherwise: int = 0
    waits: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return them for printing."""
        waits = sorted(self.waits)
        return {
            **{n: v for n, v in vars(self).items() if n != "waits"},
            "wait_median": round(statistics.median(waits), 3),
            "wait_longest": round(waits[-1], 3),
        }


class KillRuns:
    """Kills one child a round, and then renews as the next process would."""

    def __init__(self, emulator: Emulator, assigned: Job) -> None:
        self._emulator = emulator
        self._job = assigned
        self.figures = Figures()

    def run(self, rounds: int, rand: random.Random) -> Figures:
        """Kill so many children, each at a line chosen at random."""
        self._sign_in()
        self.figures.lines = self._child(None)
        for _ in range(rounds):
            self._round(rand.randint(1, self.figures.lines))
        return self.figures

    def _round(self, at: int) -> None:
        figures, counters = self.figures, self._emulator.counters
        before, refreshes = self._saved(), counters["refreshes"]
        if self._child(at):
            return  # it took fewer lines this time, and ended by itself
        figures.rounds += 1
        refreshed = counters["refreshes"] > refreshes
        try:
            unsaved = refreshed and self._saved() == before
        except StorageFailed:
            figures.unreadable += 1
            return
        figures.refreshed_unsaved += unsaved
        began = time.monotonic()
        try:
            refresh(self._job)
        except SessionExpired:
            figures.lost += unsaved
            figures.lost_otherwise += not unsaved
            self._sign_in()
        else:
            figures.waits.append(time.monotonic() - began)

    def _saved(self) -> Tokens | None:
        return saved_tokens(self._job.shared, self._job.client_id)

    def _sign_in(self) -> None:
        persistence, key = self._job.shared.open(), SessionKey(client_id=self._job.client_id)
        with persistence.lock(key):
            persistence.save(key, self._emulator.issue_tokens(issued_ago=0))

    def _child(self, at: int | None) -> int:
        """Renew in a child process; return how many lines it took, or 0 if it was killed."""
        ours, theirs = FORKS.Pipe()
        process = FORKS.Process(target=renew_once, args=(self._job, at, theirs))
        process.start()
        theirs.close()
        process.join(LONGEST_CHILD)
        lines = 0
        try:
            if ours.poll():
                lines = ours.recv()
        except EOFError:
            assert process.exitcode == -signal.SIGKILL, f"a child ended by {process.exitcode}"
        finally:
            process.kill()
            process.join()
            ours.close()
        return lines


def kill_repeatedly(
    kind: str, *, rounds: int, seed: int, grace_period: int, lease: float
) -> Figures:
    """Kill renewals on a new persistence of that kind."""
    emulated = Emulator.in_thread(rotation=True, grace_period=grace_period)
    with emulated as emulator, shared_persistence(kind, lease) as shared:
        assigned = job(emulator, shared, seconds=0, pause=0, seed=emulator.issue_tokens())
        assigned.seed.clear()
        return KillRuns(emulator, assigned).run(rounds, random.Random(seed))  # noqa: S311 - no secret


def main() -> None:
    """Kill processes during renewals, and print as JSON whether the session survived."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("persistence", choices=KINDS)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--grace-period", type=int, default=0, help="seconds")
    parser.add_argument("--lease", type=float, default=0.5, help="seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--holder",
        action="store_true",
        help="only: how long others wait for a killed holder's lock",
    )
    given = parser.parse_args()
    if given.holder:
        waited = wait_after_killed_holder(given.persistence, given.lease)
        outcome = {"lease": given.lease, "waited": round(waited, 2)}
        print(json.dumps({"persistence": given.persistence, **outcome}))  # noqa: T201
        return
    figures = kill_repeatedly(
        given.persistence,
        rounds=given.rounds,
        seed=given.seed,
        grace_period=given.grace_period,
        lease=given.lease,
    )
    print(json.dumps({"persistence": given.persistence, **figures.as_dict()}, indent=2))  # noqa: T201
    sys.exit(bool(figures.unreadable or figures.lost_otherwise))


if __name__ == "__main__":
    main()
