"""A local AppSync and Cognito, and what else tests need. ``pip install "appsync-gql[testing]"``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .appsync import Caller, Resolver, ResolverError, Resolvers, unauthorized
    from .clock import FakeClock
    from .contract import PersistenceContract
    from .emulator import Emulator
    from .faults import Faults, Hold
    from .record import RecordedRequest

__all__ = [
    "Caller",
    "Emulator",
    "FakeClock",
    "Faults",
    "Hold",
    "PersistenceContract",
    "RecordedRequest",
    "Resolver",
    "ResolverError",
    "Resolvers",
    "unauthorized",
]

_ROOMS = {
    "Caller": "appsync",
    "Emulator": "emulator",
    "FakeClock": "clock",
    "Faults": "faults",
    "Hold": "faults",
    "PersistenceContract": "contract",
    "RecordedRequest": "record",
    "Resolver": "appsync",
    "ResolverError": "appsync",
    "Resolvers": "appsync",
    "unauthorized": "appsync",
}


def __getattr__(name: str) -> Any:
    # pytest loads the plugin in this package at each start, in projects that
    # have no use for it too: so nothing is imported before it is asked for.
    if name not in _ROOMS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f".{_ROOMS[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
