from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appsync_gql import TokenStore
from appsync_gql.testing import Emulator, FakeClock
from support.store import EventRecorder, FakeProvider, fixed_delay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


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
