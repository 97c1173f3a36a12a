"""The error of a value that is not of its AWS scalar. Pure."""

from __future__ import annotations

from graphql import GraphQLError

__all__ = ["invalid_value"]

_SHOWN = 60
"""Characters of a value that an error shows."""


def invalid_value(scalar: str, value: object, expected: str, reason: str = "") -> GraphQLError:
    """Return the error for a value that a scalar does not accept.

    Args:
        scalar: the scalar's name.
        value: the value.
        expected: what the scalar accepts.
        reason: what is wrong with the value; empty if ``expected`` says enough.
    """
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = shown[: _SHOWN - 1] + "…"
    because = f" ({reason})" if reason else ""
    return GraphQLError(f"{shown} is not a valid {scalar}{because}: expected {expected}.")
