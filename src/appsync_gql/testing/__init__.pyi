# Written by tests/support/stubs.py. Type checkers read it in place of __init__.py.
from .clock import FakeClock as FakeClock
from .contract import PersistenceContract as PersistenceContract
from .emulator.appsync import Caller as Caller
from .emulator.appsync import Resolver as Resolver
from .emulator.appsync import ResolverError as ResolverError
from .emulator.appsync import Resolvers as Resolvers
from .emulator.appsync import unauthorized as unauthorized
from .emulator.emulator import Emulator as Emulator
from .emulator.faults import Faults as Faults
from .emulator.faults import Hold as Hold
from .emulator.record import RecordedRequest as RecordedRequest

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
