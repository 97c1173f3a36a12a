"""Subscriptions in lasting trouble; ``python tests/realtime_soak.py`` does it for longer."""

from __future__ import annotations

import pytest

from long.realtime_soak import soak

pytestmark = pytest.mark.slow


async def test_in_lasting_trouble_nothing_is_doubled_and_nothing_missed_without_a_gap() -> None:
    figures = (await soak(seconds=10, subscriptions=12, every=1.0, seed=3)).told()
    wanted = ("doubled", "unmarked", "ended", "behind_at_the_end", "reuse")
    assert {name: figures[name] for name in wanted} == {
        "doubled": 0,
        "unmarked": 0,
        "ended": [],
        "behind_at_the_end": 0,
        "reuse": 0,
    }
    assert figures["gaps"] > 0
    assert figures["seen"] > 0
