from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.auth.arguments import check_profile, check_region, check_seconds, check_source


@pytest.mark.parametrize("value", [0, 0.5, 30])
def test_seconds_are_numbers_from_zero(value: float) -> None:
    check_seconds("patience", value)


@pytest.mark.parametrize("value", ["30", None, True, -1, math.nan, math.inf])
def test_what_is_no_number_of_seconds_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match="0 or more") as caught:
        check_seconds("patience", value)
    assert caught.value.setting == "patience"


def test_zero_is_refused_where_it_makes_no_sense() -> None:
    check_seconds("timeout", 0.1, above_zero=True)
    with pytest.raises(ConfigurationError, match="above 0"):
        check_seconds("timeout", 0, above_zero=True)


@pytest.mark.parametrize("region", [None, "eu-west-1", "us-gov-west-1", "local"])
def test_a_region_is_a_host_label_or_none(region: object) -> None:
    check_region(region)


@pytest.mark.parametrize("region", ["", "EU West", "eu-west-1\n", "eu_west_1", 7, "a.b"])
def test_what_is_no_region_is_refused(region: object) -> None:
    with pytest.raises(ConfigurationError, match="AWS region") as caught:
        check_region(region)
    assert caught.value.setting == "region"


def test_a_profile_is_a_name_or_none() -> None:
    check_profile(None)
    check_profile("dev")
    for wrong in ("", 7, b"dev"):
        with pytest.raises(ConfigurationError) as caught:
            check_profile(wrong)
        assert caught.value.setting == "profile"


class CalledWithout:
    def __call__(self) -> str:
        return "token"


class CalledWith:
    def __call__(self, user: str) -> str:
        return user


async def coroutine_function() -> str:
    return "token"


@pytest.mark.parametrize(
    "source",
    [
        "token",
        lambda: "token",
        lambda user="ada": user,
        lambda *users: str(users),
        CalledWithout(),
        coroutine_function,
        partial(CalledWith(), "ada"),
        iter(["token"]).__next__,
    ],
)
def test_a_source_is_a_token_or_is_called_without_arguments(source: Any) -> None:
    check_source(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "not NoneType"),
        (7, "not int"),
        (b"token", "not bytes"),
        (str, "the class str"),
        (CalledWithout, "the class CalledWithout; pass an instance"),
        (lambda user: user, "called without arguments.*'user'"),
        (CalledWith(), "called without arguments.*'user'"),
    ],
)
def test_what_is_no_source_is_refused(source: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        check_source(source)
    assert caught.value.setting == "source"


def test_a_source_that_was_called_already_is_refused_with_the_reason() -> None:
    called = coroutine_function()
    with pytest.raises(ConfigurationError, match="function itself"):
        check_source(called)
    called.close()
