"""The authorization mode of Lambda authorizers: a Python function decides.

Event and response: https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

from __future__ import annotations

import inspect
import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from .authorization import WRONG_KEY, unauthorized_exception
from .recorded_requests import fingerprint, without_token
from .resolvers import LAMBDA, Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .authorization import AuthorizationRequest

__all__ = ["LambdaAuthorizer", "LambdaMode"]

LambdaAuthorizer = Callable[[dict[str, Any]], "dict[str, Any] | Awaitable[dict[str, Any]]"]
"""Receives AppSync's event; returns ``isAuthorized`` and, if needed, ``deniedFields``,
``resolverContext`` and ``ttlOverride``. Async or not; it runs in the emulator's event loop."""

_LONGEST_TOKEN = 2048
_JWT_DOTS = 2
_logger = logging.getLogger(__name__)


class LambdaMode:
    """Accepts the tokens that a function accepts.

    AppSync does not pass a token to the function that is a JWT if the API has a mode for JWTs,
    and neither does this class.

    A result is cached for ``ttlOverride`` seconds, and without that key not at all.

    Args:
        function: the authorizer.
        now: the server's clock, seconds since the epoch.
    """

    name, denies_fields = LAMBDA, True

    def __init__(self, function: LambdaAuthorizer, *, now: Callable[[], float]) -> None:
        self._function, self._now = function, now
        self._cache: dict[str | None, tuple[float, dict[str, Any]]] = {}

    def recognizes(self, request: AuthorizationRequest) -> bool:
        """Return whether ``Authorization`` is a token that is no JWT."""
        token = request.headers.get("Authorization") or ""
        return bool(token) and token.count(".") != _JWT_DOTS

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return a caller with the function's ``resolverContext``.

        Raises:
            AuthorizationFailed: the token is too long, or the function did not accept it. If the
                function raises or returns something else than a ``dict``, AppSync's error is not
                documented; the same error is used.
        """
        token = request.headers["Authorization"]
        if len(token) > _LONGEST_TOKEN:
            raise unauthorized_exception()
        result = await self._result(token, request)
        if result.get("isAuthorized") is not True:
            raise unauthorized_exception(WRONG_KEY)
        return Caller(
            mode=LAMBDA,
            headers=without_token(request.headers),
            resolver_context=dict(result.get("resolverContext") or {}),
            denied_fields=frozenset(map(_field_name, result.get("deniedFields") or ())),
        )

    async def _result(self, token: str, request: AuthorizationRequest) -> dict[str, Any]:
        """Return the function's result, from the cache if it is there and not too old."""
        key = fingerprint(token)
        expires_at, cached = self._cache.get(key, (0.0, {}))
        if self._now() < expires_at:
            return cached
        try:
            returned = self._function(_event(token, request))
            result = await returned if inspect.isawaitable(returned) else returned
        except Exception as error:  # noqa: BLE001 - AppSync turns every error into a refusal
            # Only the type, because the message may contain the token.
            _logger.warning("the Lambda authorizer raised %s", type(error).__name__)
            return {}
        if not isinstance(result, dict):
            _logger.warning("the Lambda authorizer returned %s, no dict", type(result).__name__)
            return {}
        seconds = float(result.get("ttlOverride") or 0)
        if seconds > 0:
            self._cache[key] = (self._now() + seconds, result)
        return result


def _event(token: str, request: AuthorizationRequest) -> dict[str, Any]:
    """Return the event that AppSync sends to the function."""
    operation = {} if request.connects else _operation(request.body)
    return {
        "authorizationToken": token,
        "requestContext": {
            "apiId": "emulator",
            "accountId": "123456789012",
            "requestId": str(uuid.uuid4()),
            "queryString": operation.get("query", ""),
            "operationName": (
                "DeepDish:Connect" if request.connects else operation.get("operationName")
            ),
            "variables": operation.get("variables") or {},
        },
        "requestHeaders": dict(without_token(request.headers)),
    }


def _operation(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _field_name(field: str) -> str:
    """Return ``Type.field`` of that form or of an ARN ``…/types/Type/fields/field``."""
    if not field.startswith("arn:"):
        return field
    type_name, _, name = field.partition("/types/")[2].partition("/fields/")
    return f"{type_name}.{name}"
