"""What resolvers are, what they receive, and the errors that they may raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "API_KEY",
    "IAM",
    "LAMBDA",
    "OIDC",
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
IAM = "AWS_IAM"
LAMBDA = "AWS_LAMBDA"
OIDC = "OPENID_CONNECT"
USER_POOLS = "AMAZON_COGNITO_USER_POOLS"


@dataclass(frozen=True, slots=True)
class Caller:
    """The authorized sender of a request: ``info.context`` of resolvers.

    Attributes:
        claims: of the token; for IAM ``accountId``, ``userArn`` and ``username``; empty for
            API keys and Lambda authorizers.
        mode: AppSync's name of the authorization mode.
        headers: of the request, without the token.
        resolver_context: of a Lambda authorizer; empty for other modes.
        denied_fields: ``Type.field`` of those that a Lambda authorizer denies.
    """

    claims: Mapping[str, Any] = field(default_factory=dict)
    mode: str = USER_POOLS
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    resolver_context: Mapping[str, Any] = field(default_factory=dict)
    denied_fields: frozenset[str] = frozenset()


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
