"""Noticing that a connection is dead."""

from __future__ import annotations

import asyncio
import time

import pytest

from appsync_gql.realtime.keepalive import Keepalive, Reading, reason_to_close
from appsync_gql.testing import FakeClock


@pytest.mark.parametrize(
    ("now", "checked", "received", "reason"),
    [
        (Reading(105, 105), Reading(100, 100), Reading(100, 100), None),
        (Reading(160, 160), Reading(155, 155), Reading(100, 100), None),
        (Reading(161, 161), Reading(156, 156), Reading(100, 100), "nothing was received for 60 s"),
        (Reading(1100, 105), Reading(100, 100), Reading(1099, 104), "this machine slept for 995 s"),
        (Reading(150, 105), Reading(100, 100), Reading(100, 100), None),
        (Reading(160, 160), Reading(100, 100), Reading(159, 159), None),
    ],
    ids=["received", "just in time", "silent", "slept", "slept shortly", "blocked"],
)
def test_when_a_connection_is_dead(
    now: Reading, checked: Reading, received: Reading, reason: str | None
) -> None:
    assert reason_to_close(now, checked, received, silence=60.0) == reason


class Clock(FakeClock):
    """A machine that can sleep while the event loop's clock stands still."""

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


async def checks(keepalive: Keepalive, clock: Clock, seconds: float) -> None:
    """Make the keep-alive check itself after so many seconds of the machine's clock."""
    clock.advance(seconds)
    keepalive._check()


async def test_a_step_of_the_wall_clock_is_no_sleep() -> None:
    clock, reasons = Clock(), list[str]()
    keepalive = Keepalive(60.0, clock, reasons.append)
    keepalive.start()
    clock.jump_wall(24 * 3600)
    await checks(keepalive, clock, 5.0)
    assert not reasons
    keepalive.stop()


@pytest.mark.parametrize(("silence", "interval"), [(60.0, 5.0), (8.0, 2.0)])
async def test_it_checks_four_times_in_the_silence_that_is_allowed_and_every_five_seconds(
    silence: float, interval: float
) -> None:
    assert Keepalive(silence, Clock(), lambda _: None)._interval == interval


async def test_silence_between_checks_adds_up() -> None:
    clock, reasons = Clock(), list[str]()
    keepalive = Keepalive(40.0, clock, reasons.append)
    keepalive.start()
    first = keepalive._timer
    await checks(keepalive, clock, 30.0)
    assert not reasons
    assert keepalive._timer not in {None, first}, "the next check is planned"
    await checks(keepalive, clock, 30.0)
    assert reasons == ["nothing was received for 40 s"]


async def test_after_the_loop_was_blocked_what_has_arrived_meanwhile_is_read_first() -> None:
    clock, reasons = Clock(), list[str]()
    keepalive = Keepalive(0.04, clock, reasons.append)
    keepalive.start()
    time.sleep(0.025)  # noqa: ASYNC251 - it blocks the loop on purpose
    await checks(keepalive, clock, 0.05)
    assert not reasons
    keepalive.stop()


async def test_after_the_machine_slept_the_connection_is_closed() -> None:
    clock, reasons = Clock(), list[str]()
    keepalive = Keepalive(60.0, clock, reasons.append)
    keepalive.start()
    keepalive.received = True
    await checks(keepalive, clock, 3600.0)
    assert reasons == ["this machine slept for 3600 s"]
    assert keepalive._timer is None, "it checks no longer"


async def test_a_connection_whose_reader_waits_for_a_consumer_is_alive() -> None:
    clock, reasons = Clock(), list[str]()
    keepalive = Keepalive(60.0, clock, reasons.append)
    keepalive.start()
    keepalive.paused = True
    for _ in range(20):
        await checks(keepalive, clock, 5.0)
    assert not reasons
    keepalive.stop()


async def test_the_last_reading_changes_only_when_something_was_received() -> None:
    keepalive = Keepalive(60.0, Clock(), lambda _: None)
    before = keepalive.last_received()
    assert keepalive.last_received() is before
    keepalive.received = True
    assert keepalive.last_received() is not before


async def test_silence_is_noticed_by_its_own_timer_and_only_until_it_is_stopped() -> None:
    clock, reasons = Clock(), list[str]()
    keepalive = Keepalive(0.02, clock, reasons.append)
    stopped = Keepalive(0.02, clock, reasons.append)
    keepalive.start()
    stopped.start()
    stopped.stop()
    stopped.stop()

    async def silence() -> None:
        # More than once: a check that comes late, on a busy machine, excuses the silence.
        while not reasons:
            clock.advance(0.03)
            await asyncio.sleep(0.005)

    await asyncio.wait_for(silence(), 5)
    assert len(reasons) == 1
