"""The aiohttp session of a transport: its arguments, and the session itself."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict

from ..exceptions import ConfigurationError
from .timeouts import NO_TOTAL, SharedTimeout

if TYPE_CHECKING:
    from gql.transport.aiohttp import AIOHTTPTransport

__all__ = ["check_session_arguments", "is_reusable", "make_session", "session_arguments"]

_SECONDS = 300.0
"""Seconds that a POST may take where no other limit is set: aiohttp's own default."""


def check_session_arguments(arguments: dict[str, Any] | None) -> None:
    """Check the arguments for aiohttp's session.

    Raises:
        ConfigurationError: aiohttp knows no such argument.
    """
    try:
        inspect.signature(aiohttp.ClientSession).bind(**(arguments or {}))
    except TypeError as error:
        raise ConfigurationError(
            f"client_session_args are arguments of aiohttp.ClientSession: {error}.",
            setting="client_session_args",
        ) from None


def session_arguments(transport: AIOHTTPTransport, *, shared_timeout: bool) -> dict[str, Any]:
    """Return the arguments for a session of a transport, as it is configured now.

    Args:
        transport: whose attributes count.
        shared_timeout: whether one timer serves all requests where no limit is given.
    """
    arguments: dict[str, Any] = {
        # A copy, since the user may change it in place.
        "headers": CIMultiDict(transport.headers) if transport.headers else None,
        "cookies": transport.cookies,
        "auth": transport.auth,
        "json_serialize": transport.json_serialize,
    }
    if transport.timeout is not None:
        arguments["timeout"] = aiohttp.ClientTimeout(total=transport.timeout)
    elif shared_timeout:
        arguments["timeout"] = NO_TOTAL
    if transport.client_session_args:
        arguments.update(transport.client_session_args)
    return arguments


def make_session(
    arguments: dict[str, Any], connector: aiohttp.BaseConnector | None
) -> tuple[aiohttp.ClientSession, SharedTimeout | None]:
    """Return a session on the running loop, and its timer if it has no limit of its own.

    Args:
        arguments: of :func:`session_arguments`.
        connector: whose connections to use; ``None`` for a new connector.
    """
    if connector is not None:
        arguments = {**arguments, "connector": connector, "connector_owner": False}
    shared = SharedTimeout(_SECONDS) if arguments.get("timeout") is NO_TOTAL else None
    return aiohttp.ClientSession(**arguments), shared


def is_reusable(session: aiohttp.ClientSession) -> bool:
    """Return whether a session has no state, such as cookies, that the next one must not have."""
    return not (session.headers or session.trace_configs or session.cookie_jar)
