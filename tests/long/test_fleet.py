"""Several processes on one session, with real locks, real sockets and real kills.

For longer runs: ``python -m long.fleet`` and ``python -m long.kills``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appsync_gql.testing import Emulator
from long.fleet import expired_tokens, job, run, shared_persistence
from long.kills import kill_repeatedly, wait_after_killed_holder
from support.backends import in_ci, redis_program

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

PROCESSES, SECONDS, LIFETIME = 8, 5.0, 2

EVERY_PERSISTENCE = pytest.mark.parametrize(
    "kind",
    [
        "file",
        pytest.param("redis", marks=pytest.mark.peer("redis")),
        pytest.param("dynamodb", marks=pytest.mark.peer("moto")),
    ],
)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Rotation, and no grace: one refresh too many would end the session for all."""
    with Emulator.in_thread(token_lifetime=LIFETIME, rotation=True) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def _redis_where_needed(request: pytest.FixtureRequest) -> None:
    if "redis" in request.node.name and redis_program() is None:
        if in_ci():
            pytest.fail("CI is set, so this may not be skipped: redis-server is not installed")
        pytest.skip("redis-server is not installed")


@EVERY_PERSISTENCE
def test_processes_that_share_a_session_refresh_it_once_a_lifetime(
    emulator: Emulator, kind: str
) -> None:
    """Pitfall: all begin with the same expired token, and all try to refresh it."""
    with shared_persistence(kind) as shared:
        assigned = job(emulator, shared, seconds=SECONDS, pause=0.05, seed=expired_tokens(emulator))
        reports = run(assigned, PROCESSES)
    assert [report.errors for report in reports] == [[]] * PROCESSES
    assert all(report.requests for report in reports)
    assert emulator.counters["graphql.401"] == 0
    assert emulator.counters["reuse"] == 0
    # The window is half of the lifetime; processes do not begin and end in the same moment.
    assert emulator.counters["refreshes"] <= (SECONDS + 1) / (LIFETIME / 2) + 1
    assert sum(report.refreshed for report in reports) == emulator.counters["refreshes"]


@EVERY_PERSISTENCE
def test_the_lock_of_a_killed_holder_is_acquired_by_the_next_process(kind: str) -> None:
    assert wait_after_killed_holder(kind, lease=0.3) < 20, "that is long after its lease"


ROUNDS = {"file": 40, "redis": 12, "dynamodb": 6}


@EVERY_PERSISTENCE
def test_a_kill_at_any_line_loses_the_session_only_between_the_response_and_the_save(
    kind: str,
) -> None:
    """Without a grace period that is the one gap that no client can close."""
    figures = kill_repeatedly(kind, rounds=ROUNDS[kind], seed=7, grace_period=0, lease=0.3)
    assert figures.rounds >= ROUNDS[kind] / 2
    assert (figures.unreadable, figures.lost_otherwise) == (0, 0)
    assert figures.lost <= figures.refreshed_unsaved


def test_with_a_grace_period_a_kill_at_any_line_loses_nothing() -> None:
    figures = kill_repeatedly("file", rounds=40, seed=11, grace_period=30, lease=0.3)
    assert figures.refreshed_unsaved > 0, "no child was killed in the gap"
    assert (figures.lost, figures.unreadable, figures.lost_otherwise) == (0, 0, 0)
