"""The card of ``%appsync status``. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..store.validity import TokenState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..store.status import StoreStatus

__all__ = ["card_lines", "duration"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """Return seconds as a person says them: ``40 s``, ``59 min``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = int(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def card_lines(
    *,
    url: str,
    mode: str,
    user_pool_id: str | None,
    status: StoreStatus | None,
    others: Sequence[str],
) -> list[tuple[str, str]]:
    """Return the lines of the card: names and values.

    Args:
        url: the GraphQL endpoint.
        mode: the connection's authorization mode.
        user_pool_id: of the configuration; ``None`` without.
        status: of the user pool's token store; ``None`` without a user pool.
        others: names of the other connections.
    """
    lines = [("API", url), ("authorization mode", mode)]
    if status is not None:
        lines += [
            ("user", status.username or _without_user(status)),
            ("user pool", user_pool_id or "unknown"),
        ]
        if status.state is not TokenState.UNKNOWN:
            lines.append(("tokens", _tokens(status)))
        if status.unsaved:
            lines.append(("saving", "the newest tokens are not saved yet"))
        if status.state is not TokenState.UNKNOWN or status.last_error:
            lines.append(("last error", status.last_error or "none"))
    if others:
        lines.append(("other connections", ", ".join(others)))
    return lines


def _without_user(status: StoreStatus) -> str:
    if status.state is TokenState.UNKNOWN:
        return "a saved session is looked for at the first request"
    return "nobody is signed in"


def _tokens(status: StoreStatus) -> str:
    state = str(status.state.value)
    left = f", {duration(status.seconds_left)} left" if status.seconds_left > 0 else ""
    renewing = ", being renewed" if status.renewing else ""
    return f"{state}{left}{renewing}"
