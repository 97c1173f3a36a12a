"""The authorization mode of API keys: a key in ``x-api-key``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .authorization import WRONG_KEY, unauthorized_exception
from .recorded_requests import without_token
from .resolvers import API_KEY, Caller

if TYPE_CHECKING:
    from collections.abc import Collection

    from .authorization import AuthorizationRequest

__all__ = ["ApiKeyMode"]


class ApiKeyMode:
    """Accepts requests without ``Authorization`` whose ``x-api-key`` is one of the keys.

    Args:
        keys: the API's keys.
    """

    def __init__(self, keys: Collection[str]) -> None:
        self._keys = frozenset(keys)

    def recognizes(self, request: AuthorizationRequest) -> bool:
        """Return whether there is an API key, and no ``Authorization``."""
        headers = request.headers
        return headers.get("x-api-key") is not None and not headers.get("Authorization")

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return a caller without claims.

        Raises:
            AuthorizationFailed: the API has no such key.
        """
        if request.headers["x-api-key"] not in self._keys:
            raise unauthorized_exception(WRONG_KEY)
        return Caller(mode=API_KEY, headers=without_token(request.headers))
