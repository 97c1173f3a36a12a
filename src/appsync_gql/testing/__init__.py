"""A local AppSync and Cognito, a settable clock and a test suite for persistence.

Needs ``pip install "appsync-gql[testing]"``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clock import FakeClock
    from .contract import PersistenceContract
    from .emulator.auth_iam import IamCredentials
    from .emulator.emulator import Emulator
    from .emulator.faults import Faults, Hold
    from .emulator.recorded_requests import RecordedRequest
    from .emulator.resolvers import Caller, Resolver, ResolverError, Resolvers, unauthorized

__all__ = [
    "Caller",
    "Emulator",
    "FakeClock",
    "Faults",
    "Hold",
    "IamCredentials",
    "PersistenceContract",
    "RecordedRequest",
    "Resolver",
    "ResolverError",
    "Resolvers",
    "unauthorized",
]

_MODULES = {
    "Caller": "emulator.resolvers",
    "Emulator": "emulator.emulator",
    "FakeClock": "clock",
    "Faults": "emulator.faults",
    "Hold": "emulator.faults",
    "IamCredentials": "emulator.auth_iam",
    "PersistenceContract": "contract",
    "RecordedRequest": "emulator.recorded_requests",
    "Resolver": "emulator.resolvers",
    "ResolverError": "emulator.resolvers",
    "Resolvers": "emulator.resolvers",
    "unauthorized": "emulator.resolvers",
}


def __getattr__(name: str) -> Any:
    # pytest imports this package at every start, because of its plugin, also in projects that
    # do not use the plugin. So a module is imported only when a name of it is used.
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
