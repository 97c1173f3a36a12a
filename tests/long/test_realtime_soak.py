"""Subscriptions that are disturbed all the time; ``python -m long.realtime_soak`` runs longer."""

from __future__ import annotations

import pytest

from long.realtime_soak import soak

pytestmark = pytest.mark.slow


async def test_disturbed_subscriptions_deliver_nothing_twice_and_mark_what_they_missed() -> None:
    figures = (await soak(seconds=10, subscriptions=12, every=1.0, seed=3)).as_dict()
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
