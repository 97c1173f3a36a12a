"""A gql transport for AWS AppSync whose tokens never expire under a request.

::

    store = TokenStore(CognitoProvider(client_id="…", region="eu-west-1"), refresh_token="…")
    async with Client(transport=AppSyncTransport("https://…/graphql", auth=store)) as session:
        await session.execute(gql("query { … }"))
"""

from . import events
from .auth.base import Auth, Headers
from .clock import Clock
from .documents import gql
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
from .expiry import TokenState
from .held import StoreStatus
from .persistence.base import TokenPersistence
from .persistence.dynamodb import DynamoDBPersistence
from .persistence.file import FilePersistence
from .persistence.keyring import KeyringPersistence
from .persistence.memory import MemoryPersistence
from .persistence.redis import RedisPersistence
from .providers.base import Grant, TokenProvider
from .providers.cognito import CognitoProvider
from .realtime.hub import RealtimeSettings
from .realtime.subscription import Gap
from .refusal import Answer, Replay, Verdict
from .session_key import SessionKey
from .store import BlockingTokenStore, TokenStore
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
