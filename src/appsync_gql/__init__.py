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
    from .http.response import Answer, Replay, Verdict
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
    from .store.blocking import BlockingTokenStore
    from .store.status import StoreStatus
    from .store.token_store import TokenStore
    from .store.validity import TokenState
    from .tokens import TokenClaims, Tokens
    from .transport import AppSyncTransport

__version__ = "0.1.0"

__all__ = [
    "Answer",
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
    "OutcomeUnknown",
    "RealtimeSettings",
    "RedisPersistence",
    "Refused",
    "RenewalFailed",
    "Replay",
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
    "Verdict",
    "events",
    "gql",
]

_HOMES = {
    "Answer": ".http.response",
    "AppSyncError": ".exceptions",
    "AppSyncTransport": ".transport",
    "Auth": ".auth.base",
    "BadRequest": ".exceptions",
    "BlockedByWaf": ".exceptions",
    "BlockingTokenStore": ".store.blocking",
    "ChallengeRequired": ".exceptions",
    "Clock": ".clock",
    "CognitoProvider": ".providers.cognito",
    "ConfigurationError": ".exceptions",
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
    "OutcomeUnknown": ".exceptions",
    "RealtimeSettings": ".realtime.settings",
    "RedisPersistence": ".persistence.redis",
    "Refused": ".exceptions",
    "RenewalFailed": ".exceptions",
    "Replay": ".http.response",
    "ServerFailed": ".exceptions",
    "SessionExpired": ".exceptions",
    "SessionKey": ".session_key",
    "SignInFailed": ".exceptions",
    "SignedOut": ".exceptions",
    "StorageCorrupt": ".exceptions",
    "StorageFailed": ".exceptions",
    "StoreStatus": ".store.status",
    "SubscriptionOverflow": ".exceptions",
    "Throttled": ".exceptions",
    "TokenClaims": ".tokens",
    "TokenPersistence": ".persistence.base",
    "TokenProvider": ".providers.base",
    "TokenState": ".store.validity",
    "TokenStore": ".store.token_store",
    "Tokens": ".tokens",
    "Verdict": ".http.response",
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
