"""Checks of the arguments of subscriptions."""

from __future__ import annotations

from typing import Any

import pytest
from gql import GraphQLRequest, gql

from appsync_gql import BadRequest, ConfigurationError, RealtimeSettings
from appsync_gql.realtime.arguments import check_options, check_settings, check_subscription

TWO = "subscription A { a } subscription B { b }"


def test_one_subscription_is_accepted() -> None:
    check_subscription(gql("subscription { a }"))
    check_subscription(GraphQLRequest(TWO, operation_name="B"))


@pytest.mark.parametrize("document", ["mutation { a }", "query { a }", TWO])
def test_anything_else_is_refused_before_it_is_sent(document: str) -> None:
    with pytest.raises(BadRequest):
        check_subscription(gql(document))


@pytest.mark.parametrize("on_full", ["drop_oldest", "fail", "wait"])
def test_options_are_accepted(on_full: str) -> None:
    check_options(1, on_full, None)
    check_options(1000, on_full, print)


@pytest.mark.parametrize(
    ("buffer", "on_full", "on_gap"),
    [
        (0, "fail", None),
        ("9", "fail", None),
        (1.5, "fail", None),
        (None, "fail", None),
        (1, "explode", None),
        (1, ["fail"], None),
        (1, "fail", "print"),
    ],
)
def test_options_that_can_not_be_used_are_refused(buffer: Any, on_full: Any, on_gap: Any) -> None:
    with pytest.raises(ConfigurationError):
        check_options(buffer, on_full, on_gap)


@pytest.mark.parametrize("settings", [5, {"ack_timeout": 5}, RealtimeSettings])
def test_what_are_no_settings_is_refused(settings: Any) -> None:
    check_settings(RealtimeSettings())
    with pytest.raises(ConfigurationError, match="RealtimeSettings"):
        check_settings(settings)
