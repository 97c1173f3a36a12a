"""A local AppSync and Cognito, and what else tests need. ``pip install "appsync-gql[testing]"``."""

from .appsync import Caller, Resolver, ResolverError, Resolvers, unauthorized
from .clock import FakeClock
from .emulator import Emulator
from .faults import Faults, Hold
from .record import RecordedRequest

__all__ = [
    "Caller",
    "Emulator",
    "FakeClock",
    "Faults",
    "Hold",
    "RecordedRequest",
    "Resolver",
    "ResolverError",
    "Resolvers",
    "unauthorized",
]
