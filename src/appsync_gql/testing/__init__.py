"""A local AppSync and Cognito, a settable clock and a test suite for persistences.

Needs ``pip install "appsync-gql[testing]"``.

pytest loads the plugin of this package at each start, in projects that do not use it too: so
nothing is imported before it is used.
"""

from ..lazy_imports import lazy_names

_NAMES = {
    "clock": "FakeClock",
    "contract": "PersistenceContract",
    "emulator.auth_iam": "IamCredentials",
    "emulator.emulator": "Emulator",
    "emulator.faults": "Faults Hold",
    "emulator.recorded_requests": "RecordedRequest",
    "emulator.resolvers": "Caller Resolver ResolverError Resolvers unauthorized",
}

__all__, __getattr__, __dir__ = lazy_names(__name__, _NAMES)
