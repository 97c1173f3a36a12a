"""Measures the process that it runs in, for hosts that make their load themselves."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from .measurement import Measurement, descendants, settled

if TYPE_CHECKING:
    from collections.abc import Callable

    from .measurement import Count

WARM_UP_SECONDS, LOAD_SECONDS = 1.5, 3.0
MARK = "MEASURED "


def measure_own_process(users: int, load: Callable[[float], Count]) -> None:
    """Make the load twice, and print what was measured for the test to read.

    Args:
        users: how many there are.
        load: asks for a number of seconds.
    """
    measured = Measurement(users=users, count=load(WARM_UP_SECONDS))
    before = open_now()
    measured.count.merge(load(LOAD_SECONDS))
    after = open_now()
    measured.descriptors, measured.threads = zip(before, after, strict=True)
    print(MARK + measured.to_json(), flush=True)  # noqa: T201


def open_now() -> tuple[int, int]:
    """Return how many descriptors and threads this process and its children have."""
    gc.collect()  # the loops that gql makes for threads are garbage with their thread
    return settled(lambda: descendants(os.getpid()))
