"""A gql transport for AWS AppSync whose tokens never expire under a request.

::

    store = TokenStore(CognitoProvider(client_id="…", region="eu-west-1"), refresh_token="…")
    async with Client(transport=AppSyncTransport("https://…/graphql", auth=store)) as session:
        await session.execute(gql("query { … }"))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import events
    from .auth.base import Auth, Headers
    from .clock import Clock
    from .exceptions import (
        AppSyncError,
        BadRequest,
        BlockedByWaf,
        ChallengeRequired,
        ConfigurationError,
        ConnectionFailed,
        Denied,
        InsecureEndpoint,
        InvalidToken,
        LockTimeout,
        MissingExtra,
        NotSignedIn,
        OutcomeUnknown,
        Refused,
        RenewalFailed,
        ServerFailed,
        SessionExpired,
        SignedOut,
        SignInFailed,
        StorageCorrupt,
        StorageFailed,
        SubscriptionOverflow,
        Throttled,
    )
    from .http.request_body import gql
    from .http.response import Outcome, Replay, Response
    from .persistence.base import TokenPersistence
    from .persistence.dynamodb import DynamoDBPersistence
    from .persistence.file import FilePersistence
    from .persistence.keyring import KeyringPersistence
    from .persistence.memory import MemoryPersistence
    from .persistence.redis import RedisPersistence
    from .providers.base import Grant, TokenProvider
    from .providers.cognito import CognitoProvider
    from .realtime.buffer import Gap
    from .realtime.settings import RealtimeSettings
    from .session_key import SessionKey
    from .store.snapshot import StoreStatus
    from .store.token_store import BlockingTokenStore, TokenStore
    from .store.validity import TokenState
    from .tokens import TokenClaims, Tokens
    from .transport import AppSyncTransport

__version__ = "0.1.0"

__all__ = [
    "AppSyncError",
    "AppSyncTransport",
    "Auth",
    "BadRequest",
    "BlockedByWaf",
    "BlockingTokenStore",
    "ChallengeRequired",
    "Clock",
    "CognitoProvider",
    "ConfigurationError",
    "ConnectionFailed",
    "Denied",
    "DynamoDBPersistence",
    "FilePersistence",
    "Gap",
    "Grant",
    "Headers",
    "InsecureEndpoint",
    "InvalidToken",
    "KeyringPersistence",
    "LockTimeout",
    "MemoryPersistence",
    "MissingExtra",
    "NotSignedIn",
    "Outcome",
    "OutcomeUnknown",
    "RealtimeSettings",
    "RedisPersistence",
    "Refused",
    "RenewalFailed",
    "Replay",
    "Response",
    "ServerFailed",
    "SessionExpired",
    "SessionKey",
    "SignInFailed",
    "SignedOut",
    "StorageCorrupt",
    "StorageFailed",
    "StoreStatus",
    "SubscriptionOverflow",
    "Throttled",
    "TokenClaims",
    "TokenPersistence",
    "TokenProvider",
    "TokenState",
    "TokenStore",
    "Tokens",
    "events",
    "gql",
]

_HOMES = {
    "AppSyncError": ".exceptions",
    "AppSyncTransport": ".transport",
    "Auth": ".auth.base",
    "BadRequest": ".exceptions",
    "BlockedByWaf": ".exceptions",
    "BlockingTokenStore": ".store.token_store",
    "ChallengeRequired": ".exceptions",
    "Clock": ".clock",
    "CognitoProvider": ".providers.cognito",
    "ConfigurationError": ".exceptions",
    "ConnectionFailed": ".exceptions",
    "Denied": ".exceptions",
    "DynamoDBPersistence": ".persistence.dynamodb",
    "FilePersistence": ".persistence.file",
    "Gap": ".realtime.buffer",
    "Grant": ".providers.base",
    "Headers": ".auth.base",
    "InsecureEndpoint": ".exceptions",
    "InvalidToken": ".exceptions",
    "KeyringPersistence": ".persistence.keyring",
    "LockTimeout": ".exceptions",
    "MemoryPersistence": ".persistence.memory",
    "MissingExtra": ".exceptions",
    "NotSignedIn": ".exceptions",
    "Outcome": ".http.response",
    "OutcomeUnknown": ".exceptions",
    "RealtimeSettings": ".realtime.settings",
    "RedisPersistence": ".persistence.redis",
    "Refused": ".exceptions",
    "RenewalFailed": ".exceptions",
    "Replay": ".http.response",
    "Response": ".http.response",
    "ServerFailed": ".exceptions",
    "SessionExpired": ".exceptions",
    "SessionKey": ".session_key",
    "SignInFailed": ".exceptions",
    "SignedOut": ".exceptions",
    "StorageCorrupt": ".exceptions",
    "StorageFailed": ".exceptions",
    "StoreStatus": ".store.snapshot",
    "SubscriptionOverflow": ".exceptions",
    "Throttled": ".exceptions",
    "TokenClaims": ".tokens",
    "TokenPersistence": ".persistence.base",
    "TokenProvider": ".providers.base",
    "TokenState": ".store.validity",
    "TokenStore": ".store.token_store",
    "Tokens": ".tokens",
    "gql": ".http.request_body",
}
"""Where each name lives. They are imported when they are first asked for: who sends queries
does not wait for what subscriptions, DynamoDB or the keyring need."""


def __getattr__(name: str) -> Any:
    if name == "events":
        return import_module(".events", __name__)
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    found = globals()[name] = getattr(import_module(home, __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
