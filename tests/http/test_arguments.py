from __future__ import annotations

import copy
import math
from typing import Any

import aiohttp
import pytest
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication
from multidict import CIMultiDict

from appsync_gql import BadRequest, ConfigurationError
from appsync_gql.auth.adapters import authorizer_of
from appsync_gql.http.arguments import (
    authorization_of,
    check_closing,
    check_cookies,
    check_functions,
    check_headers,
    check_timeout,
)
from support.http import FixedAuth


@pytest.mark.parametrize(
    "headers", [None, {}, {"x-a": "1"}, [("x-a", "1"), ("x-a", "2")], CIMultiDict({"x-a": "ü"})]
)
def test_headers_are_accepted(headers: Any) -> None:
    check_headers(headers)


@pytest.mark.parametrize(
    "headers", [{"x-a": "1\n"}, {"x-a\r": "1"}, {"x-a": "\0"}, {"x-a": 1}, 5, "text", [1]]
)
def test_what_are_no_headers_is_a_configuration_error(headers: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_headers(headers)
    assert caught.value.setting == "headers"


def test_the_value_of_a_wrong_header_is_not_in_the_message() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_headers({"Authorization": "secret\n"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("timeout", [None, 1, 0.5])
def test_a_timeout_is_seconds_or_none(timeout: float | None) -> None:
    check_timeout(timeout)


@pytest.mark.parametrize("timeout", [0, -1, math.nan, math.inf, True, "5"])
def test_another_timeout_is_a_configuration_error(timeout: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_timeout(timeout)
    assert caught.value.setting == "timeout"


DEFAULT, OTHER = FixedAuth(), FixedAuth()
KEY = AppSyncApiKeyAuthentication("localhost", "key")


@pytest.mark.parametrize(
    ("extra_args", "auth", "left"),
    [
        (None, DEFAULT, None),
        ({}, DEFAULT, None),
        ({"proxy": "p"}, DEFAULT, {"proxy": "p"}),
        ({"auth": None}, DEFAULT, {"auth": None}),
        ({"auth": OTHER, "proxy": "p"}, OTHER, {"proxy": "p"}),
        ({"auth": KEY}, KEY, {}),
        ({"headers": {"x-a": "1"}}, DEFAULT, {"headers": {"x-a": "1"}}),
        ({"headers": {"authorization": "t"}}, None, {"headers": {"authorization": "t"}}),
        ({"headers": [("X-API-KEY", "k")]}, None, {"headers": [("X-API-KEY", "k")]}),
        ({"headers": {"x-api-key": "k"}, "auth": OTHER}, None, {"headers": {"x-api-key": "k"}}),
    ],
)
def test_who_authorizes_one_request(
    extra_args: dict[str, Any] | None, auth: object, left: dict[str, Any] | None
) -> None:
    before = copy.copy(extra_args)
    authorizer, arguments = authorization_of(extra_args, authorizer_of(DEFAULT))
    assert authorizer == (None if auth is None else authorizer_of(auth))
    assert arguments == left
    assert extra_args == before, "the caller's arguments are not changed"


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")
def test_basic_auth_for_one_request_is_left_to_aiohttp() -> None:
    extra_args = {"auth": aiohttp.BasicAuth("user", "password")}
    assert authorization_of(extra_args, authorizer_of(DEFAULT)) == (None, extra_args)


def test_headers_of_one_request_that_are_none_are_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="nothing was sent"):
        authorization_of({"headers": 5}, None)


def test_an_authorization_of_one_request_that_is_none_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        authorization_of({"auth": "token"}, None)


@pytest.mark.parametrize("cookies", [None, {"a": "1"}, [("a", "1")]])
def test_cookies_are_accepted(cookies: Any) -> None:
    check_cookies(cookies)


@pytest.mark.parametrize("cookies", [5, "a=1", b"a=1", dict])
def test_what_are_no_cookies_is_a_configuration_error(cookies: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_cookies(cookies)
    assert caught.value.setting == "cookies"


def test_functions_are_accepted_and_some_may_be_left_out() -> None:
    check_functions(classify=None, on_event=print, json_serialize=str)


@pytest.mark.parametrize(
    ("name", "value"), [("classify", 5), ("on_event", []), ("json_serialize", None)]
)
def test_what_is_no_function_is_a_configuration_error(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        check_functions(**{name: value})
    assert caught.value.setting == name


@pytest.mark.parametrize("seconds", [None, 0, 10, 0.5])
def test_a_session_may_end_with_or_without_a_limit(seconds: float | None) -> None:
    check_closing(ssl_close_timeout=seconds, keep_open=False)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("ssl_close_timeout", "10"),
        ("ssl_close_timeout", -1),
        ("ssl_close_timeout", True),
        ("ssl_close_timeout", float("nan")),
        ("keep_open", "no"),
        ("keep_open", None),
        ("keep_open", 15),
    ],
)
def test_how_a_session_can_not_end_is_a_configuration_error(setting: str, value: Any) -> None:
    arguments: dict[str, Any] = {"ssl_close_timeout": 10, "keep_open": True, setting: value}
    with pytest.raises(ConfigurationError, match=setting) as caught:
        check_closing(**arguments)
    assert caught.value.setting == setting
