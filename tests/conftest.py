from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appsync_gql import TokenStore
from appsync_gql.testing import Emulator, FakeClock
from support.store import FakeProvider, Told, fixed_delay

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
def told() -> Told:
    return Told()


@pytest.fixture
def store(clock: FakeClock, provider: FakeProvider, told: Told) -> TokenStore:
    return TokenStore(
        provider,
        tokens=provider.issue(),
        clock=clock,
        on_event=told,
        delays=fixed_delay(5),
        patience=0,
    )
