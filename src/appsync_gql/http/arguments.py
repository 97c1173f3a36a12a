"""Checks of the arguments of the transport and of its requests."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import aiohttp
from multidict import CIMultiDict

from ..auth.adapters import authorizer_of
from ..endpoint import check_ssl
from ..exceptions import BadRequest, ConfigurationError
from .session import authorization_headers, check_session_arguments

if TYPE_CHECKING:
    from aiohttp.typedefs import LooseHeaders
    from gql.transport.aiohttp import AIOHTTPTransport

    from ..auth.adapters import Authorizer

__all__ = [
    "authorization_of",
    "check_arguments",
    "check_closing",
    "check_cookies",
    "check_functions",
    "check_headers",
    "check_timeout",
]

_FORBIDDEN = "\r\n\0"
_LEFT_OUT = {"classify", "on_event"}


def check_arguments(
    *,
    headers: LooseHeaders | None,
    cookies: object,
    timeout: Any,
    ssl: object,
    session: dict[str, Any] | None,
) -> None:
    """Check the transport's arguments for aiohttp.

    Raises:
        ConfigurationError: one can't be used.
    """
    check_ssl(ssl)
    check_headers(headers)
    check_cookies(cookies)
    check_timeout(timeout)
    check_session_arguments(session)


def check_headers(headers: LooseHeaders | None) -> None:
    """Check headers that are sent with every request.

    Raises:
        ConfigurationError: they are no headers, or one contains a line feed.
    """
    try:
        items = list(CIMultiDict(headers or {}).items())
    except (TypeError, ValueError):
        raise ConfigurationError(
            "headers is a mapping of names to strings.", setting="headers"
        ) from None
    for name, value in items:
        if not isinstance(value, str):
            raise ConfigurationError(
                f"The header {name!r} is a string, not {type(value).__name__}.", setting="headers"
            )
        if any(c in _FORBIDDEN for c in f"{name}{value}"):
            raise ConfigurationError(
                f"The header {name!r} must not contain line feeds.", setting="headers"
            )


def check_cookies(cookies: object) -> None:
    """Check cookies that are sent with every request.

    Raises:
        ConfigurationError: they are neither a mapping nor pairs.
    """
    if cookies is not None and (
        isinstance(cookies, str | bytes | type) or not isinstance(cookies, Iterable)
    ):
        raise ConfigurationError("cookies is a mapping of names to strings.", setting="cookies")


def check_functions(**given: object) -> None:
    """Check arguments that are functions; ``None`` where one may be left out.

    Raises:
        ConfigurationError: one is something else.
    """
    for name, value in given.items():
        if not callable(value) and not (value is None and name in _LEFT_OUT):
            raise ConfigurationError(f"{name} takes a function.", setting=name)


def check_timeout(timeout: Any) -> None:
    """Check the limit of a request.

    Raises:
        ConfigurationError: it is neither ``None`` nor a number of seconds above 0.
    """
    if timeout is None:
        return
    number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not number or not math.isfinite(timeout) or timeout <= 0:
        raise ConfigurationError(
            "timeout is a number of seconds above 0, or None.", setting="timeout"
        )


def check_closing(*, ssl_close_timeout: Any, keep_open: object) -> None:
    """Check how a session ends.

    Raises:
        ConfigurationError: ``ssl_close_timeout`` is neither ``None`` nor a number of seconds of
            0 or more, or ``keep_open`` is no ``bool``.
    """
    number = isinstance(ssl_close_timeout, int | float) and not isinstance(ssl_close_timeout, bool)
    if ssl_close_timeout is not None and not (
        number and math.isfinite(ssl_close_timeout) and ssl_close_timeout >= 0
    ):
        raise ConfigurationError(
            "ssl_close_timeout is a number of seconds, 0 or more, or None for no limit.",
            setting="ssl_close_timeout",
        )
    if not isinstance(keep_open, bool):
        raise ConfigurationError("keep_open is True or False.", setting="keep_open")


def authorization_of(
    extra_args: dict[str, Any] | None,
    default: Authorizer | None,
    transport: AIOHTTPTransport | None = None,
) -> tuple[Authorizer | None, dict[str, Any] | None]:
    """Return what authorizes one request, and the arguments that are left for aiohttp.

    Args:
        extra_args: the caller's arguments; they are not changed.
        default: what authorizes where the arguments say nothing else; ``None`` for nothing.
        transport: its headers authorize if nothing else does; ``None`` for no such headers.

    Raises:
        BadRequest: the headers are no headers.
        ConfigurationError: ``auth`` is no authorization mode.
    """
    if not extra_args and default is not None:
        return default, None
    arguments = dict(extra_args or {})
    auth = arguments.get("auth")
    if auth is not None and not isinstance(auth, aiohttp.BasicAuth):
        default = authorizer_of(arguments.pop("auth"))
    try:
        headers = CIMultiDict(arguments.get("headers") or {})
    except (TypeError, ValueError):
        raise BadRequest("headers is a mapping of names to strings; nothing was sent.") from None
    if "Authorization" in headers or "x-api-key" in headers:
        return None, arguments
    if default is not None and not isinstance(auth, aiohttp.BasicAuth):
        return default, arguments
    if transport is not None and (more := authorization_headers(transport)):
        arguments["headers"] = CIMultiDict([*headers.items(), *more.items()])
    return None, arguments
