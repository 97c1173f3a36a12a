# Written by tests/support/stubs.py. Type checkers read it in place of __init__.py.
from .clock import FakeClock as FakeClock
from .contract import PersistenceContract as PersistenceContract
from .emulator.auth_iam import IamCredentials as IamCredentials
from .emulator.emulator import Emulator as Emulator
from .emulator.faults import Faults as Faults
from .emulator.faults import Hold as Hold
from .emulator.recorded_requests import RecordedRequest as RecordedRequest
from .emulator.resolvers import Caller as Caller
from .emulator.resolvers import Resolver as Resolver
from .emulator.resolvers import ResolverError as ResolverError
from .emulator.resolvers import Resolvers as Resolvers
from .emulator.resolvers import unauthorized as unauthorized

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
