"""What resolvers are, what they receive, and the errors that they may raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "API_KEY",
    "USER_POOLS",
    "Caller",
    "Resolver",
    "ResolverError",
    "Resolvers",
    "unauthorized",
]

Resolver = Callable[..., Any]
"""A function ``(source, info, **arguments)``, async or not; ``info.context`` is a :class:`Caller`.

It runs in the emulator's event loop: a function that blocks delays every other request.
"""

Resolvers = Mapping[str, Mapping[str, Resolver]]
"""Resolvers by type name and field name: ``{"Query": {"item": resolver}}``."""

API_KEY = "API_KEY"
USER_POOLS = "AMAZON_COGNITO_USER_POOLS"


@dataclass(frozen=True, slots=True)
class Caller:
    """The authorized sender of a request: ``info.context`` of resolvers.

    Attributes:
        claims: of the token; empty for an API key.
        mode: AppSync's name of the authorization mode.
        headers: of the request, without the token.
    """

    claims: Mapping[str, Any] = field(default_factory=dict)
    mode: str = USER_POOLS
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class ResolverError(Exception):
    """An error that a resolver chooses to raise, as ``util.error()`` does in AppSync.

    Args:
        message: for the client.
        error_type: its ``errorType``.
        error_info: its ``errorInfo``.
    """

    def __init__(self, message: str, error_type: str | None = None, error_info: Any = None) -> None:
        super().__init__(message)
        self.error_type, self.error_info = error_type, error_info


def unauthorized(message: str = "Unauthorized") -> ResolverError:
    """Return the error that ``util.unauthorized()`` raises in AppSync."""
    return ResolverError(message, "Unauthorized")
