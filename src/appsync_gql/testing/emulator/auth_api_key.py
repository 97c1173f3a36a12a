"""The authorization mode of API keys: a key in ``x-api-key``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .arguments import strings
from .authorization import WRONG_KEY, unauthorized_exception
from .recorded_requests import without_token
from .resolvers import API_KEY, Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .authorization import AuthorizationRequest

__all__ = ["ApiKeyMode"]


class ApiKeyMode:
    """Accepts requests without ``Authorization`` whose ``x-api-key`` is valid.

    Args:
        keys: the API's keys; in a mapping, each with the time at which it expires, in seconds
            since the epoch, or ``None`` for never. AppSync rounds that time down to the hour;
            this class does not.
        now: the server's clock, seconds since the epoch.

    Raises:
        TypeError: ``keys`` is one string.
    """

    name, denies_fields = API_KEY, False

    def __init__(
        self, keys: Collection[str] | Mapping[str, float | None], *, now: Callable[[], float]
    ) -> None:
        given = keys if isinstance(keys, Mapping) else dict.fromkeys(strings(keys, "api_keys"))
        self._expires_at: dict[str, float | None] = dict(given)
        self._now = now

    @property
    def valid_key(self) -> str | None:
        """A key that has not expired; ``None`` without one."""
        now = self._now()
        valid = (key for key, end in self._expires_at.items() if end is None or end > now)
        return next(valid, None)

    def recognizes(self, request: AuthorizationRequest) -> bool:
        """Return whether there is an API key, and no ``Authorization``."""
        headers = request.headers
        return headers.get("x-api-key") is not None and not headers.get("Authorization")

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return a caller without claims.

        Raises:
            AuthorizationFailed: the API has no such key, or the key has expired.
        """
        expires_at = self._expires_at.get(request.headers["x-api-key"], 0.0)
        if expires_at is not None and expires_at <= self._now():
            raise unauthorized_exception(WRONG_KEY)
        return Caller(mode=API_KEY, headers=without_token(request.headers))
