"""A local AppSync and Cognito, and what else tests need. ``pip install "appsync-gql[testing]"``.

pytest loads the plugin of this package at each start, in projects that do not use it too: so
nothing is imported before it is used.
"""

from ..lazy_imports import lazy_names

_NAMES = {
    "contract": "PersistenceContract",
    "emulator.appsync": "Caller Resolver ResolverError Resolvers unauthorized",
    "clock": "FakeClock",
    "emulator.emulator": "Emulator",
    "emulator.faults": "Faults Hold",
    "emulator.record": "RecordedRequest",
}

__all__, __getattr__, __dir__ = lazy_names(__name__, _NAMES)
