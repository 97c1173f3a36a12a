"""Checks of the emulator's arguments, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from appsync_gql.testing.emulator.arguments import check_numbers, strings

GOOD: dict[str, Any] = {"lifetimes": (1, 1), "grace_period": 0.0, "latency": 0.0, "port": 0}


@pytest.mark.parametrize("change", [{}, {"grace_period": 60}, {"port": 65_535}, {"latency": 9.9}])
def test_numbers_within_their_limits_are_accepted(change: dict[str, Any]) -> None:
    check_numbers(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"lifetimes": (0, 1)}, "at least 1 second"),
        ({"lifetimes": (1, 0)}, "at least 1 second"),
        ({"grace_period": -0.1}, "grace_period is 0 to 60"),
        ({"grace_period": 60.1}, "grace_period is 0 to 60"),
        ({"grace_period": float("nan")}, "grace_period is 0 to 60"),
        ({"latency": -0.1}, "latency is 0 seconds or more"),
        ({"latency": float("nan")}, "latency is 0 seconds or more"),
        ({"port": -1}, "port is 0 to 65535"),
        ({"port": 65_536}, "port is 0 to 65535"),
    ],
)
def test_a_number_out_of_range_is_an_error(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        check_numbers(**{**GOOD, **change})


def test_strings_are_a_tuple_and_never_the_letters_of_one_string() -> None:
    assert strings(["a", "b"], "groups") == ("a", "b")
    with pytest.raises(TypeError, match="groups is a collection: put the string in a list"):
        strings("ab", "groups")
