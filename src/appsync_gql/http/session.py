"""The aiohttp session of a transport: its arguments, and the session itself."""

from __future__ import annotations

import inspect
import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict

from ..exceptions import ConfigurationError
from .connector import new_connector
from .timeouts import NO_TOTAL, SharedTimeout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gql.transport.aiohttp import AIOHTTPTransport

__all__ = [
    "authorization_headers",
    "check_session_arguments",
    "is_reusable",
    "make_session",
    "session_arguments",
    "session_headers",
    "socket_session_arguments",
    "warn_of_headers",
]

log = logging.getLogger(__name__)

_AUTHORIZATION = ("Authorization", "x-api-key")
"""The headers of the authorization modes, of which a request carries one."""

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


def session_headers(transport: AIOHTTPTransport) -> CIMultiDict[str]:
    """Return the headers of all requests of a transport, but for those that authorize.

    Those can't be part of a session, since a request may have another authorization.
    """
    headers = _given_headers(transport)
    for name in _AUTHORIZATION:
        headers.popall(name, None)
    return headers


def authorization_headers(transport: AIOHTTPTransport) -> CIMultiDict[str]:
    """Return the headers of all requests of a transport that authorize them; mostly none."""
    headers = _given_headers(transport)
    found = ((name, value) for name in _AUTHORIZATION for value in headers.getall(name, ()))
    return CIMultiDict(found)


def warn_of_headers(transport: AIOHTTPTransport) -> None:
    """Log that headers of all requests are not sent, because the transport has a mode."""
    for name in authorization_headers(transport):
        log.warning(
            "auth= authorizes the transport's requests, so the header %s of its headers= is not "
            "sent: remove one of the two. To replace the mode for one request, pass the header "
            "in extra_args={'headers': {…}}.",
            name,
        )


def _given_headers(transport: AIOHTTPTransport) -> CIMultiDict[str]:
    """Return a copy of what the user gave, who may change it in place."""
    given = (transport.client_session_args or {}).get("headers", transport.headers)
    return CIMultiDict(given or {})


def session_arguments(
    transport: AIOHTTPTransport,
    more: Mapping[str, str] = MappingProxyType({}),
    shared_timeout: bool = False,  # noqa: FBT001, FBT002 - it is given by functools.partial
) -> dict[str, Any]:
    """Return the arguments for a session of a transport, as it is configured now.

    Args:
        transport: whose attributes count.
        more: further headers.
        shared_timeout: whether one timer serves all requests where no limit is given.
    """
    arguments: dict[str, Any] = {
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
    arguments["headers"] = _with(session_headers(transport), more)
    return arguments


def socket_session_arguments(
    transport: AIOHTTPTransport, more: Mapping[str, str]
) -> dict[str, Any]:
    """Return the arguments for the session of a transport's sockets: the settings of requests.

    Args:
        transport: whose attributes count.
        more: further headers.
    """
    headers = _with(session_headers(transport), more)
    arguments = {"cookies": transport.cookies, **(transport.client_session_args or {})}
    return {**arguments, "headers": headers}


def _with(headers: CIMultiDict[str], more: Mapping[str, str]) -> CIMultiDict[str] | None:
    headers.update(more)
    return headers or None


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
    elif arguments.get("connector") is None:
        arguments = {**arguments, "connector": new_connector()}
    shared = SharedTimeout(_SECONDS) if arguments.get("timeout") is NO_TOTAL else None
    return aiohttp.ClientSession(**arguments), shared


def is_reusable(session: aiohttp.ClientSession) -> bool:
    """Return whether a session has no state, such as cookies, that the next one must not have."""
    return not (session.headers or session.trace_configs or session.cookie_jar)
