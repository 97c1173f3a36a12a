"""An event that any number of threads wait for, whatever interrupts them."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from appsync_gql.store.ended import Ended

if TYPE_CHECKING:
    from types import FrameType


class Interrupted(BaseException):
    """What Ctrl-C raises here."""


def test_who_waits_is_woken_and_who_comes_later_does_not_wait() -> None:
    ended, woken = Ended(), []
    threads = [threading.Thread(target=lambda: woken.append(ended.wait(10))) for _ in range(3)]
    for thread in threads:
        thread.start()
    ended.set()
    for thread in threads:
        thread.join(10)
    assert woken == [True] * 3
    assert ended.is_set()
    assert ended.wait()


def test_setting_it_again_has_no_effect() -> None:
    ended = Ended()
    ended.set()
    ended.set()
    assert ended.wait(0)


@pytest.mark.parametrize("seconds", [0.0, 0.001])
def test_a_wait_ends_in_time_and_leaves_nothing(seconds: float) -> None:
    ended = Ended()
    assert not ended.wait(seconds)
    assert not ended.is_set()
    assert not ended._gates


def test_a_wait_may_be_longer_than_a_lock_allows() -> None:
    ended = Ended()
    threading.Timer(0.01, ended.set).start()
    assert ended.wait(threading.TIMEOUT_MAX * 2)


@pytest.mark.parametrize("steps", range(40))
def test_an_interrupt_between_any_two_calls_leaves_no_lock_taken(steps: int) -> None:
    ended, left = Ended(), [steps]

    def interrupt(_frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_return"}:
            left[0] -= 1
            if left[0] == 0:
                sys.setprofile(None)
                raise Interrupted

    sys.setprofile(interrupt)
    try:
        ended.wait(0.001)
    except Interrupted:
        pass
    finally:
        sys.setprofile(None)
    setting = threading.Thread(target=ended.set, daemon=True)
    setting.start()
    began = time.monotonic()
    assert ended.wait(5)
    setting.join(5)
    assert time.monotonic() - began < 5
