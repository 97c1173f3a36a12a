"""Settings of subscriptions."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from appsync_gql import ConfigurationError, RealtimeSettings
from appsync_gql.clock import SystemClock


def test_by_default_a_connection_is_replaced_ahead_of_the_servers_24_hours() -> None:
    settings = RealtimeSettings()
    assert settings.max_age + settings.overlap + settings.start_timeout < 24 * 3600


def test_pauses_have_no_end() -> None:
    assert len(list(itertools.islice(RealtimeSettings().delays(), 100))) == 100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, value)
            for name in ("ack_timeout", "start_timeout", "max_age")
            for value in (0, "5")
        ),
        ("ack_timeout", None),
        ("start_timeout", True),
        ("max_age", float("nan")),
        ("max_age", float("inf")),
        ("overlap", -1),
        ("attempts", 0),
        ("attempts", 1.5),
        ("attempts", True),
        ("delays", [1.0]),
        ("clock", SystemClock),
        ("clock", None),
    ],
)
def test_settings_that_can_not_be_used_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        RealtimeSettings(**{name: value})
    assert caught.value.setting == name


def test_numbers_of_both_kinds_are_accepted() -> None:
    settings = RealtimeSettings(ack_timeout=1, overlap=0, max_age=0.1, attempts=1)
    assert (settings.ack_timeout, settings.overlap, settings.max_age) == (1, 0, 0.1)
