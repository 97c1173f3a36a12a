"""Checks of the transport's arguments at construction."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from aiohttp.typedefs import LooseHeaders

__all__ = ["check_headers", "check_timeout"]

_FORBIDDEN = "\r\n\0"


def check_headers(headers: LooseHeaders | None) -> None:
    """Check headers that are sent with every request.

    Raises:
        ConfigurationError: they are no headers, or one holds a line feed.
    """
    try:
        items = list(CIMultiDict(headers or {}).items())
    except (TypeError, ValueError):
        raise ConfigurationError(
            "headers is a mapping of names to strings.", setting="headers"
        ) from None
    for name, value in items:
        if any(c in _FORBIDDEN for c in f"{name}{value}"):
            raise ConfigurationError(
                f"The header {name!r} must not contain line feeds.", setting="headers"
            )


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
