"""A local AppSync and Cognito, and what else tests need. ``pip install "appsync-gql[testing]"``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clock import FakeClock
    from .contract import PersistenceContract
    from .emulator.appsync import Caller, Resolver, ResolverError, Resolvers, unauthorized
    from .emulator.emulator import Emulator
    from .emulator.faults import Faults, Hold
    from .emulator.record import RecordedRequest

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
    "Caller": "emulator.appsync",
    "Emulator": "emulator.emulator",
    "FakeClock": "clock",
    "Faults": "emulator.faults",
    "Hold": "emulator.faults",
    "PersistenceContract": "contract",
    "RecordedRequest": "emulator.record",
    "Resolver": "emulator.appsync",
    "ResolverError": "emulator.appsync",
    "Resolvers": "emulator.appsync",
    "unauthorized": "emulator.appsync",
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
