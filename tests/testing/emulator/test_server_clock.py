"""The server's clock differs from this machine's by an offset."""

from __future__ import annotations

import time

import pytest

from appsync_gql.testing.emulator.server_clock import ServerClock


@pytest.mark.parametrize("offset", [0.0, 3600.0, -3600.0])
def test_the_clock_has_an_offset_that_can_be_changed(offset: float) -> None:
    clock = ServerClock(offset)
    assert clock.now() - time.time() == pytest.approx(offset, abs=5)
    clock.shift(100)
    clock.shift(-50)
    assert clock.now() - time.time() == pytest.approx(offset + 50, abs=5)
