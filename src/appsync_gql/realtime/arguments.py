"""Checks of the arguments of subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import OperationType, get_operation_ast

from ..exceptions import BadRequest, ConfigurationError

if TYPE_CHECKING:
    from gql import GraphQLRequest

__all__ = ["check_options", "check_settings", "check_subscription"]

_POLICIES = ("drop_oldest", "fail", "wait")


def check_subscription(request: GraphQLRequest) -> None:
    """Refuse what can't be subscribed to, before anything is sent.

    A mutation would be carried out, and carried out again at each attempt to subscribe.

    Raises:
        BadRequest: the operation is no subscription.
    """
    operation = get_operation_ast(request.document, request.operation_name)
    if operation is None:
        raise BadRequest("subscribe() takes one subscription; operation_name must name it.")
    if operation.operation is not OperationType.SUBSCRIPTION:
        raise BadRequest(
            f"subscribe() takes a subscription, and this is a {operation.operation.value}: "
            "use execute(). It was not sent."
        )


def check_settings(settings: object) -> None:
    """Refuse what are no settings.

    Raises:
        ConfigurationError: they aren't.
    """
    from .settings import RealtimeSettings  # noqa: PLC0415 - for subscriptions only

    if not isinstance(settings, RealtimeSettings):
        raise ConfigurationError("realtime takes RealtimeSettings(…).", setting="realtime")


def check_options(buffer: object, on_full: object, on_gap: object) -> None:
    """Refuse options of a subscription that can't be used.

    Raises:
        ConfigurationError: one can't.
    """
    if not isinstance(buffer, int) or buffer < 1 or on_full not in _POLICIES:
        names = ", ".join(repr(policy) for policy in _POLICIES)
        raise ConfigurationError(
            f"buffer is a whole number of 1 or more, and on_full one of {names}.",
            setting="on_full",
        )
    if on_gap is not None and not callable(on_gap):
        raise ConfigurationError("on_gap takes a function.", setting="on_gap")
