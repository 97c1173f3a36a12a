"""Everything that can be wrong with a mode is a clear error, and nothing is executed."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from gql import Client, GraphQLRequest, gql

from appsync_gql import (
    ApiKeyAuth,
    AppSyncError,
    AppSyncTransport,
    BlockingAppSyncTransport,
    ConfigurationError,
    IamAuth,
    IdentityPoolAuth,
    InvalidToken,
    LambdaAuth,
    NotSignedIn,
    OidcAuth,
    Refused,
    RenewalFailed,
    SessionExpired,
    TokenStore,
)
from appsync_gql.clock import SystemClock
from appsync_gql.testing import Emulator, FakeClock
from support.modes import ACCESS_KEY, KEY, MODES, SECRET_KEY, Api, Mode, each_of
from support.store import fixed_delay
from support.tracebacks import assert_hidden

if TYPE_CHECKING:
    from collections.abc import Callable

CREATE = GraphQLRequest(gql('mutation { createItem(key: "tea", name: "n") { id } }'))
HIDDEN = "hidden-7f3a"

Case = tuple["Callable[[Api], Any]", type[AppSyncError], str]


def iam(
    key: str = ACCESS_KEY, secret: str = SECRET_KEY, token: str | None = None, **more: Any
) -> IamAuth:
    session = botocore.session.Session()
    session.set_credentials(key, secret, token)
    return IamAuth(session=session, **{"region": "us-east-1", "patience": 0, **more})


def expired_iam(api: Api) -> IamAuth:
    found = api.emulator.issue_iam_credentials(lifetime=60, issued_ago=100)
    return iam(found.access_key_id, found.secret_access_key, found.session_token)


def source(outcome: object) -> Callable[[], Any]:
    def call() -> object:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return call


def hanging() -> str:
    threading.Event().wait(1)
    return "too late"


async def hanging_async() -> str:
    await asyncio.sleep(60)
    return "too late"


def store(api: Api, **more: Any) -> TokenStore:
    return TokenStore(api.provider(), **{"patience": 0, **more})


def ended_session(api: Api) -> TokenStore:
    tokens = api.emulator.issue_tokens(lifetime=60, issued_ago=100)
    api.emulator.sign_out("ada")
    return store(api, tokens=tokens)


def of_another_pool(_api: Api) -> TokenStore:
    emulator = Emulator(region="eu-west-1")
    tokens = emulator.issue_tokens()
    return store(_api, tokens=tokens)


def pool(api: Api, identity_pool_id: str, of: TokenStore | None = None) -> IdentityPoolAuth:
    url = api.emulator.cognito_url
    return IdentityPoolAuth(of, identity_pool_id, endpoint_url=url, patience=0)


CASES: dict[str, Case] = {
    "API key: wrong": (lambda _: ApiKeyAuth(HIDDEN), Refused, "keys expire"),
    "API key: empty": (lambda _: ApiKeyAuth(""), ConfigurationError, "API key is empty"),
    "API key: None": (lambda _: ApiKeyAuth(None), ConfigurationError, "as a str.*not None"),  # type: ignore[arg-type]
    "IAM: key": (
        lambda _: iam("AKIA" + HIDDEN),
        Refused,
        "security token.*access key",
    ),
    "IAM: secret": (lambda _: iam(secret=HIDDEN), Refused, "signature.*secret key"),
    "IAM: session token": (lambda _: iam(token=HIDDEN), Refused, "security token.*invalid"),
    "IAM: region": (
        lambda _: iam(region="eu-west-1"),
        Refused,
        "valid region, not 'eu-west-1'.*region",
    ),
    "IAM: no region": (lambda _: iam(region=None), ConfigurationError, "Which region"),
    "IAM: region in no form": (
        lambda _: iam(region="Europe"),
        ConfigurationError,
        "name of an AWS region",
    ),
    "IAM: expired session": (expired_iam, Refused, "token.*expired.*AWS_IAM"),
    "IAM: another partition": (
        lambda _: iam("AKIACHINA", region="cn-north-1"),
        Refused,
        "security token.*access key",
    ),
    "IAM: profile": (
        lambda _: IamAuth(profile="nobody"),
        ConfigurationError,
        "no profile 'nobody'",
    ),
    "IAM: no credentials": (lambda _: IamAuth(), ConfigurationError, "aws configure"),
    "identity pool: unknown": (
        lambda api: pool(api, "us-east-1:00000000"),
        ConfigurationError,
        "no such identity pool",
    ),
    "identity pool: no id": (
        lambda api: pool(api, "pool"),
        ConfigurationError,
        "a region, a colon",
    ),
    "identity pool: not signed in": (
        lambda api: pool(api, api.emulator.identity_pool_id, store(api)),
        NotSignedIn,
        "sign_in",
    ),
    "user pool: not signed in": (store, NotSignedIn, "sign_in"),
    "user pool: session ended": (ended_session, SessionExpired, "sign in"),
    "user pool: another pool": (of_another_pool, AppSyncError, ""),
    "OIDC: forged": (
        lambda api: OidcAuth(api.emulator.forge_token()),
        Refused,
        "token source|issuer",
    ),
    "OIDC: no JWT": (lambda _: OidcAuth(f"{HIDDEN}.x.y"), Refused, "OPENID_CONNECT"),
    "OIDC: Bearer": (lambda _: OidcAuth(f"Bearer {HIDDEN}"), InvalidToken, "without 'Bearer'"),
    "Lambda: not authorized": (lambda _: LambdaAuth(HIDDEN), Refused, "Lambda authorizer"),
}
for name, mode in (("OIDC", OidcAuth), ("Lambda", LambdaAuth)):
    CASES |= {
        f"{name}: empty": (lambda _, m=mode: m(""), InvalidToken, "empty"),  # type: ignore[misc]
        f"{name}: blank": (lambda _, m=mode: m(source("  ")), InvalidToken, "empty"),  # type: ignore[misc]
        f"{name}: line feed": (
            lambda _, m=mode: m(source(f"{HIDDEN}\n")),  # type: ignore[misc]
            InvalidToken,
            "line feeds",
        ),
        f"{name}: None": (lambda _, m=mode: m(source(None)), InvalidToken, "str, not None"),  # type: ignore[misc]
        f"{name}: bytes": (lambda _, m=mode: m(source(b"x")), InvalidToken, "not bytes"),  # type: ignore[misc]
        f"{name}: raises": (
            lambda _, m=mode: m(source(KeyError(HIDDEN)), patience=0.1, delays=fixed_delay(0.01)),  # type: ignore[misc]
            RenewalFailed,
            r"KeyError in call\(\), line \d+ of",
        ),
        f"{name}: hangs": (
            lambda _, m=mode: m(hanging, timeout=0.1),  # type: ignore[misc]
            RenewalFailed,
            r"within 0\.1 s",
        ),
        f"{name}: hangs, async": (
            lambda _, m=mode: m(hanging_async, timeout=0.1),  # type: ignore[misc]
            RenewalFailed,
            r"within 0\.1 s",
        ),
        f"{name}: not callable": (lambda _, m=mode: m(7), ConfigurationError, "source is"),  # type: ignore[misc]
    }


@pytest.mark.parametrize("case", CASES)
async def test_it_is_a_clear_error_and_nothing_is_executed(api: Api, case: str) -> None:
    make, kind, text = CASES[case]

    async def execute() -> None:
        transport = AppSyncTransport(api.emulator.graphql_url, auth=make(api))
        async with Client(transport=transport) as session:
            await asyncio.wait_for(session.execute(CREATE), 10)

    with pytest.raises(kind, match=f"(?s){text}") as caught:
        await execute()
    assert not api.emulator.executions
    assert not caught.value.may_have_executed
    assert_hidden(caught.value, HIDDEN, SECRET_KEY)


SUBSCRIBED = [case for case in CASES if CASES[case][1] is not AppSyncError and "hangs" not in case]


@pytest.mark.parametrize("case", SUBSCRIBED)
async def test_it_is_the_same_error_for_a_subscription(api: Api, case: str) -> None:
    make, kind, text = CASES[case]

    async def subscribe() -> None:
        transport = AppSyncTransport(api.emulator.graphql_url, auth=make(api))
        async with Client(transport=transport) as session:
            events = session.subscribe(gql("subscription { onCreateItem { id } }"))
            await asyncio.wait_for(anext(events), 10)

    with pytest.raises(kind, match=f"(?s){text}") as caught:
        await subscribe()
    assert_hidden(caught.value, HIDDEN, SECRET_KEY)


SYNCHRONOUS = [case for case in CASES if not case.startswith("user pool: another")]


@pytest.mark.parametrize("case", SYNCHRONOUS)
def test_it_is_the_same_error_in_synchronous_code(api: Api, case: str) -> None:
    make, kind, text = CASES[case]

    def execute() -> None:
        transport = BlockingAppSyncTransport(api.emulator.graphql_url, auth=make(api))
        Client(transport=transport).execute(CREATE)

    with pytest.raises(kind, match=f"(?s){text}") as caught:
        execute()
    assert not api.emulator.executions
    assert_hidden(caught.value, HIDDEN, SECRET_KEY)


# -- a clock that is 10 minutes off ---------------------------------------------------------

SIGNED = [mode for mode in MODES if "IAM" in mode.name and "gql" not in mode.name]


@pytest.mark.parametrize("seconds", [-600, 600])
async def test_a_wrong_clock_is_corrected_for_signatures(api: Api, seconds: float) -> None:
    """By the response that rejects the first one; a mutation is executed once."""
    clock = FakeClock(wall=SystemClock.wall() + seconds)
    transport = AppSyncTransport(api.emulator.graphql_url, auth=iam(clock=clock))
    async with Client(transport=transport) as session:
        await session.execute(CREATE)
        await session.execute(CREATE)
    assert api.emulator.executions == {"tea": 2}
    assert api.emulator.counters["graphql.400"] == 1


@pytest.mark.parametrize("seconds", [-600, 600])
async def test_a_wrong_clock_is_no_matter_for_tokens(api: Api, seconds: float) -> None:
    clock = FakeClock(wall=SystemClock.wall() + seconds)
    auth = OidcAuth(lambda: api.emulator.issue_oidc_token(lifetime=300), clock=clock)
    transport = AppSyncTransport(api.emulator.graphql_url, auth=auth)
    async with Client(transport=transport) as session:
        await session.execute(CREATE)
    assert api.emulator.executions == {"tea": 1}


async def test_gqls_own_signatures_with_a_wrong_clock_are_refused_with_a_reason(api: Api) -> None:
    api.emulator.shift_clock(600)
    mode = next(found for found in MODES if found.name == "gql's IAM")
    transport = AppSyncTransport(api.emulator.graphql_url, auth=mode.make(api))
    with pytest.raises(Refused, match="Signature expired"):
        async with Client(transport=transport) as session:
            await session.execute(CREATE)


@each_of(MODES)
async def test_an_expired_api_key_or_session_is_refused_and_no_loop(api: Api, mode: Mode) -> None:
    """Refused for ever: each request is sent twice at most."""
    transport = AppSyncTransport(api.emulator.graphql_url, auth=mode.make(api))
    async with Client(transport=transport) as session:
        api.emulator.faults.refuse(100)
        for _ in range(10):
            with pytest.raises(Refused):
                await session.execute(CREATE)
    assert api.emulator.counters["graphql"] <= 20
    assert KEY
