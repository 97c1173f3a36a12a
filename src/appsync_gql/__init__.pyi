# Written by tests/support/stubs.py. Type checkers read it in place of __init__.py.
from . import events as events
from .auth.api_key import ApiKeyAuth as ApiKeyAuth
from .auth.base import Auth as Auth
from .auth.base import Headers as Headers
from .auth.base import SignableRequest as SignableRequest
from .auth.base import SigningAuth as SigningAuth
from .auth.iam import IamAuth as IamAuth
from .auth.identity_pool import IdentityPoolAuth as IdentityPoolAuth
from .auth.source import LambdaAuth as LambdaAuth
from .auth.source import OidcAuth as OidcAuth
from .blocking import BlockingAppSyncTransport as BlockingAppSyncTransport
from .challenges import ChallengeRequired as ChallengeRequired
from .client import AppSyncClient as AppSyncClient
from .client import connect as connect
from .clock import Clock as Clock
from .data.paginate import paginate as paginate
from .data.scalars import add_aws_scalars as add_aws_scalars
from .data.scalars import parse_aws_scalars as parse_aws_scalars
from .data.scalars import serialize_aws_scalars as serialize_aws_scalars
from .exceptions import AccountFailed as AccountFailed
from .exceptions import AppSyncError as AppSyncError
from .exceptions import BadRequest as BadRequest
from .exceptions import BlockedByWaf as BlockedByWaf
from .exceptions import ChallengeExpired as ChallengeExpired
from .exceptions import ConfigurationError as ConfigurationError
from .exceptions import ConnectionFailed as ConnectionFailed
from .exceptions import Denied as Denied
from .exceptions import InsecureEndpoint as InsecureEndpoint
from .exceptions import InvalidToken as InvalidToken
from .exceptions import LockTimeout as LockTimeout
from .exceptions import MissingExtra as MissingExtra
from .exceptions import NotSignedIn as NotSignedIn
from .exceptions import OutcomeUnknown as OutcomeUnknown
from .exceptions import PaginationFailed as PaginationFailed
from .exceptions import Refused as Refused
from .exceptions import RenewalFailed as RenewalFailed
from .exceptions import ServerFailed as ServerFailed
from .exceptions import SessionExpired as SessionExpired
from .exceptions import SignInFailed as SignInFailed
from .exceptions import SignedOut as SignedOut
from .exceptions import StorageCorrupt as StorageCorrupt
from .exceptions import StorageFailed as StorageFailed
from .exceptions import SubscriptionOverflow as SubscriptionOverflow
from .exceptions import Throttled as Throttled
from .exceptions import WrongAnswer as WrongAnswer
from .http.request_body import gql as gql
from .http.response import Outcome as Outcome
from .http.response import Replay as Replay
from .http.response import Response as Response
from .notebook import load_ipython_extension as load_ipython_extension
from .persistence.base import TokenPersistence as TokenPersistence
from .persistence.dynamodb import DynamoDBPersistence as DynamoDBPersistence
from .persistence.file import FilePersistence as FilePersistence
from .persistence.keyring import KeyringPersistence as KeyringPersistence
from .persistence.memory import MemoryPersistence as MemoryPersistence
from .persistence.redis import RedisPersistence as RedisPersistence
from .providers.base import Grant as Grant
from .providers.base import TokenProvider as TokenProvider
from .providers.client_credentials import ClientCredentials as ClientCredentials
from .providers.cognito import CognitoProvider as CognitoProvider
from .realtime.buffer import Gap as Gap
from .realtime.settings import RealtimeSettings as RealtimeSettings
from .session_key import SessionKey as SessionKey
from .store.blocking import BlockingTokenStore as BlockingTokenStore
from .store.status import StoreStatus as StoreStatus
from .store.token_store import TokenStore as TokenStore
from .store.validity import TokenState as TokenState
from .tokens import TokenClaims as TokenClaims
from .tokens import Tokens as Tokens
from .transport import AppSyncTransport as AppSyncTransport

__version__: str

__all__ = [
    "AccountFailed",
    "ApiKeyAuth",
    "AppSyncClient",
    "AppSyncError",
    "AppSyncTransport",
    "Auth",
    "BadRequest",
    "BlockedByWaf",
    "BlockingAppSyncTransport",
    "BlockingTokenStore",
    "ChallengeExpired",
    "ChallengeRequired",
    "ClientCredentials",
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
    "IamAuth",
    "IdentityPoolAuth",
    "InsecureEndpoint",
    "InvalidToken",
    "KeyringPersistence",
    "LambdaAuth",
    "LockTimeout",
    "MemoryPersistence",
    "MissingExtra",
    "NotSignedIn",
    "OidcAuth",
    "Outcome",
    "OutcomeUnknown",
    "PaginationFailed",
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
    "SignableRequest",
    "SignedOut",
    "SigningAuth",
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
    "WrongAnswer",
    "add_aws_scalars",
    "connect",
    "events",
    "gql",
    "load_ipython_extension",
    "paginate",
    "parse_aws_scalars",
    "serialize_aws_scalars",
]
