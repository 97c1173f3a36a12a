from __future__ import annotations

import pytest

from appsync_gql import TokenStore
from appsync_gql.testing import FakeClock
from support import FakeProvider, Told, fixed_delay


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
        provider, tokens=provider.issue(), clock=clock, on_event=told, delays=fixed_delay(5)
    )
