"""What tests of subscriptions are given."""

from __future__ import annotations

import itertools

import pytest

from appsync_gql import RealtimeSettings
from support.realtime import Heard


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def settings() -> RealtimeSettings:
    return RealtimeSettings(ack_timeout=2, start_timeout=1, delays=lambda: itertools.repeat(0.01))
