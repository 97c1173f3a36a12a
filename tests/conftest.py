from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from appsync_gql import TokenStore
from appsync_gql.testing import Emulator, FakeClock
from support.store import EventRecorder, FakeProvider, fixed_delay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def pytest_configure() -> None:
    """Let programs that tests start receive Ctrl-C, also where a shell in the background runs us.

    Such a shell starts its jobs with SIGINT ignored, which their children inherit.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """An AppSync and a Cognito with rotation and no grace, in the test's own loop."""
    async with Emulator(rotation=True) as emulator:
        yield emulator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def provider(clock: FakeClock) -> FakeProvider:
    return FakeProvider(clock)


@pytest.fixture
def recorder() -> EventRecorder:
    return EventRecorder()


@pytest.fixture
def store(clock: FakeClock, provider: FakeProvider, recorder: EventRecorder) -> TokenStore:
    return TokenStore(
        provider,
        tokens=provider.issue(),
        clock=clock,
        on_event=recorder,
        delays=fixed_delay(5),
        patience=0,
    )
