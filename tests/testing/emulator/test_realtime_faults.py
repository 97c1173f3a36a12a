"""Queues of faults for handshakes and start messages."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from appsync_gql.testing.emulator.realtime_faults import EXPIRED, FrameError, RealtimeFaults

OTHER = FrameError("Other", "m")


def test_each_handshake_takes_one_fault_in_the_order_in_which_they_were_added() -> None:
    faults = RealtimeFaults()
    faults.refuse_connections(2)
    faults.drop_connections()
    faults.refuse_connections(error=OTHER)
    taken = [faults.next_handshake() for _ in range(5)]
    expected = [(True, EXPIRED), (True, EXPIRED), (True, None), (True, OTHER), (False, None)]
    assert taken == expected


def test_each_start_takes_one_fault() -> None:
    faults = RealtimeFaults()
    faults.refuse_starts()
    faults.ignore_starts()
    faults.delay_starts(seconds=0.5)
    assert [faults.next_start() for _ in range(4)] == [EXPIRED, math.inf, 0.5, 0.0]


def test_each_omitted_acknowledgement_is_taken_once() -> None:
    faults = RealtimeFaults()
    faults.ignore_connections(2)
    assert [faults.omits_next_ack() for _ in range(3)] == [True, True, False]


def test_clear_removes_all_faults() -> None:
    faults = RealtimeFaults()
    faults.refuse_connections()
    faults.refuse_starts()
    faults.ignore_connections()
    faults.clear()
    assert faults.next_handshake() == (False, None)
    assert faults.next_start() == 0.0
    assert not faults.omits_next_ack()


@pytest.mark.parametrize(
    "add",
    [
        lambda f: f.refuse_connections(0),
        lambda f: f.drop_connections(-1),
        lambda f: f.ignore_starts(0),
        lambda f: f.ignore_connections(0),
    ],
)
def test_a_fault_happens_at_least_once(add: Callable[[RealtimeFaults], None]) -> None:
    with pytest.raises(ValueError, match="at least once"):
        add(RealtimeFaults())
