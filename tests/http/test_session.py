from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from gql.transport.aiohttp import AIOHTTPTransport

from appsync_gql import ConfigurationError
from appsync_gql.http.session import (
    check_session_arguments,
    is_reusable,
    make_session,
    session_arguments,
)

URL = "https://api.example.com/graphql"


@pytest.mark.parametrize("arguments", [None, {}, {"trust_env": True, "raise_for_status": True}])
def test_arguments_that_aiohttp_knows_are_accepted(arguments: dict[str, Any] | None) -> None:
    check_session_arguments(arguments)


def test_an_argument_that_aiohttp_does_not_know_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="proxyy") as caught:
        check_session_arguments({"proxyy": "http://localhost"})
    assert caught.value.setting == "client_session_args"


def test_the_arguments_are_equal_until_the_transport_is_changed() -> None:
    transport = AIOHTTPTransport(URL, headers={"x-a": "1"})
    before = session_arguments(transport, shared_timeout=True)
    assert session_arguments(transport, shared_timeout=True) == before
    assert isinstance(transport.headers, dict)
    transport.headers["x-a"] = "2"
    assert session_arguments(transport, shared_timeout=True) != before


@pytest.mark.parametrize(
    ("timeout", "shared_timeout", "more", "total"),
    [
        (5, True, {}, 5),
        (None, True, {}, None),
        (None, False, {}, "aiohttp's own"),
        (None, True, {"timeout": aiohttp.ClientTimeout(total=7)}, 7),
    ],
)
def test_which_limit_a_request_has(
    timeout: int | None, more: dict[str, Any], total: object, *, shared_timeout: bool
) -> None:
    transport = AIOHTTPTransport(URL, timeout=timeout, client_session_args=more)
    arguments = session_arguments(transport, shared_timeout=shared_timeout)
    found = arguments.get("timeout")
    assert ("aiohttp's own" if found is None else found.total) == total


async def test_a_shared_timer_is_made_only_for_requests_without_a_limit() -> None:
    for shared in (True, False):
        arguments = session_arguments(AIOHTTPTransport(URL), shared_timeout=shared)
        session, timer = make_session(arguments, None)
        assert (timer is not None) is shared
        await session.close()


async def test_a_connector_that_is_kept_is_not_closed_with_the_session() -> None:
    async with aiohttp.TCPConnector() as connector:
        arguments = session_arguments(AIOHTTPTransport(URL), shared_timeout=True)
        session, _timer = make_session(arguments, connector)
        assert session.connector is connector
        await session.close()
        assert not connector.closed
        assert "connector" not in arguments


@pytest.mark.parametrize(
    ("arguments", "reusable"),
    [
        ({}, True),
        ({"headers": {"x-a": "1"}}, False),
        ({"cookies": {"a": "1"}}, False),
        ({"trace_configs": [aiohttp.TraceConfig()]}, False),
    ],
)
async def test_a_session_is_reusable_if_it_has_gathered_nothing(
    arguments: dict[str, Any], *, reusable: bool
) -> None:
    async with aiohttp.ClientSession(**arguments) as session:
        assert is_reusable(session) is reusable
    await asyncio.sleep(0)
