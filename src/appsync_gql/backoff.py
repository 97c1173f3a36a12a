"""How long to wait between attempts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["delays"]


def delays(
    base: float = 0.5,
    cap: float = 30.0,
    rand: Callable[[], float] = random.random,
) -> Iterator[float]:
    """Yield seconds to wait after the first, second, … failure in a row, for ever.

    Exponential with "equal jitter": between half and the whole of
    ``base * 2**n``, never above ``cap``; so a fleet that failed together does
    not come back together, and no wait is near zero.
    """
    ceiling = base
    while True:
        yield ceiling * (0.5 + rand() / 2)
        ceiling = min(cap, ceiling * 2)
