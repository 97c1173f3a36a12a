"""Settings of subscriptions."""

from __future__ import annotations

import itertools

from appsync_gql import RealtimeSettings


def test_by_default_a_connection_is_replaced_ahead_of_the_servers_24_hours() -> None:
    settings = RealtimeSettings()
    assert settings.max_age + settings.overlap + settings.start_timeout < 24 * 3600


def test_pauses_have_no_end() -> None:
    assert len(list(itertools.islice(RealtimeSettings().delays(), 100))) == 100
