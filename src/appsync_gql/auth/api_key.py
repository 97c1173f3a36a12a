"""The API-key mode: one key in the header ``x-api-key``."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ..exceptions import ConfigurationError
from ..pickling import not_pickled
from ..secret import Secret, arguments_hidden, hidden

if TYPE_CHECKING:
    from .base import Headers

__all__ = ["ApiKeyAuth"]


class ApiKeyAuth:
    """Authorizes requests with an API key.

    An API key can't be renewed: a wrong or expired one is ``Refused`` at once, and nothing is
    sent twice.

    Args:
        key: the key, as ``da2-…``.

    Raises:
        ConfigurationError: it is empty, or has blanks or line feeds in it.
    """

    refused_advice = (
        "The API key is wrong or has expired: keys expire after 7 days by default and 365 at most. "
        "The API's owner extends it or creates a new one (aws appsync list-api-keys)."
    )

    @arguments_hidden
    def __init__(self, key: str) -> None:
        given, key = hidden(key), ""  # no traceback shows it
        if not isinstance(given, Secret):
            kind = "None" if given is None else given.__name__
            raise ConfigurationError(
                f"key is the API key as a str, such as 'da2-…'; not {kind}.", setting="key"
            )
        if not given or not given.isascii() or not given.isprintable() or " " in given:
            raise ConfigurationError(
                "The API key is empty, or has blanks, line feeds or other characters that no key "
                "has.",
                setting="key",
            )
        self._headers: Headers = MappingProxyType({"x-api-key": given})

    def headers_nowait(self) -> Headers:
        """Return the header with the key."""
        return self._headers

    async def headers(self) -> Headers:
        """Return the header with the key."""
        return self._headers

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """Return the same header: there is no other."""
        del rejected, denied
        return self._headers

    def __repr__(self) -> str:
        return "<ApiKeyAuth>"

    __reduce__ = not_pickled
