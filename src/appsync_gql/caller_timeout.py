"""How long a caller still waits, by a time limit of its own."""

from __future__ import annotations

import asyncio
import math

import anyio

__all__ = ["seconds_left"]

_MARGIN = 0.5
_MARGIN_PART = 0.2


def seconds_left() -> float:
    """Return how many seconds an error may take that is to reach the caller in time.

    gql's ``Client(execute_timeout=10)`` ends a request by anyio's ``fail_after``, with a
    ``TimeoutError`` that says nothing. Whoever waits shorter than this can say why it waits.

    Returns:
        What is left of the time limit, less a fifth of that, and half a second at most;
        infinity without a limit, and in code that no task of asyncio executes. Limits of
        ``asyncio.timeout`` and ``asyncio.wait_for`` can't be known.
    """
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop is running
        return math.inf
    if task is None:  # a callback of the loop
        return math.inf
    left = anyio.current_effective_deadline() - anyio.current_time()
    return max(0.0, left - min(_MARGIN, left * _MARGIN_PART))
