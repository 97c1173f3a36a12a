"""What the transport asks of an authorization mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

__all__ = ["Auth", "Headers"]

Headers = Mapping[str, str]
"""HTTP headers that authorize one request. Their ``repr`` shows no token."""


@runtime_checkable
class Auth(Protocol):
    """Gives headers to requests, and newer ones where they were rejected.

    ``TokenStore`` is the user-pool mode; an object of your own with these five
    methods is taken by ``AppSyncTransport(auth=…)`` just the same.
    """

    def headers_nowait(self) -> Headers | None:
        """Return headers that may be sent now, or ``None`` if they must be waited for."""
        ...

    async def headers(self) -> Headers:
        """Return headers that may be sent now, waiting for them if need be."""
        ...

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """Return newer headers than the rejected ones, or those same ones if there are none.

        Args:
            rejected: the headers that AppSync did not accept; ``None`` for whichever there are.
            denied: they were accepted, but a permission was missing.

        Raises:
            AppSyncError: newer ones were needed and could not be had.
        """
        ...

    def answered(self, date: str | None, took: float) -> None:
        """Hear of an answer.

        Args:
            date: its ``Date`` header (RFC 9110 6.6.1): the server's time.
            took: seconds between sending the request and having the answer's head.
        """
        ...

    def replayed(self, reason: Literal["refused", "denied"]) -> None:
        """Hear that a request is being sent once more."""
        ...
