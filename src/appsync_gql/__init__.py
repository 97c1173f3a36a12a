"""A gql transport for AWS AppSync whose tokens never expire under a request.

::

    store = TokenStore(CognitoProvider(client_id="…", region="eu-west-1"), refresh_token="…")
    async with Client(transport=AppSyncTransport("https://…/graphql", auth=store)) as session:
        await session.execute(gql("query { … }"))
"""

from .lazy_imports import lazy_names

__version__ = "0.2.0"

_NAMES = {
    "auth.api_key": "ApiKeyAuth",
    "auth.base": "Auth Headers SignableRequest SigningAuth",
    "auth.iam": "IamAuth",
    "auth.identity_pool": "IdentityPoolAuth",
    "auth.source": "LambdaAuth OidcAuth",
    "blocking": "BlockingAppSyncTransport",
    "challenges": "ChallengeRequired",
    "client": "AppSyncClient connect",
    "clock": "Clock",
    "data.paginate": "paginate",
    "data.scalars": "add_aws_scalars parse_aws_scalars serialize_aws_scalars",
    "events": "",
    "exceptions": """
        AccountFailed AppSyncError BadRequest BlockedByWaf ChallengeExpired ConfigurationError
        ConnectionFailed Denied InsecureEndpoint InvalidToken LockTimeout MissingExtra
        NotSignedIn OutcomeUnknown PaginationFailed Refused RenewalFailed ServerFailed
        SessionExpired SignInFailed SignedOut StorageCorrupt StorageFailed SubscriptionOverflow
        Throttled WrongAnswer
    """,
    "http.request_body": "gql",
    "http.response": "Outcome Replay Response",
    "notebook": "load_ipython_extension",
    "persistence.base": "TokenPersistence",
    "persistence.dynamodb": "DynamoDBPersistence",
    "persistence.file": "FilePersistence",
    "persistence.keyring": "KeyringPersistence",
    "persistence.memory": "MemoryPersistence",
    "persistence.redis": "RedisPersistence",
    "providers.base": "Grant TokenProvider",
    "providers.client_credentials": "ClientCredentials",
    "providers.cognito": "CognitoProvider",
    "realtime.buffer": "Gap",
    "realtime.settings": "RealtimeSettings",
    "session_key": "SessionKey",
    "store.blocking": "BlockingTokenStore",
    "store.status": "StoreStatus",
    "store.token_store": "TokenStore",
    "store.validity": "TokenState",
    "tokens": "TokenClaims Tokens",
    "transport": "AppSyncTransport",
}

__all__, __getattr__, __dir__ = lazy_names(__name__, _NAMES)


def _bundle() -> None:
    """Refer to the modules of all names; see :mod:`.bundled`. Never called."""
    from . import bundled  # noqa: F401, PLC0415
