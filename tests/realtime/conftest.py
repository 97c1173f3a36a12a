"""Fixtures for subscriptions."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest

from appsync_gql import RealtimeSettings
from support.realtime import Reported, Server, serving


@pytest.fixture
def reported() -> Reported:
    """The events that a transport reports."""
    return Reported()


@pytest.fixture
def settings() -> RealtimeSettings:
    """Settings with short times."""
    return RealtimeSettings(
        ack_timeout=2, start_timeout=1, overlap=0.05, delays=lambda: itertools.repeat(0.01)
    )


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """An endpoint whose responses a test sets."""
    async with serving() as server:
        yield server
