"""Every authorization mode, against one emulator that has them all."""

from __future__ import annotations

import asyncio
import configparser
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.credentials import Credentials
from gql.transport.appsync_auth import (
    AppSyncApiKeyAuthentication,
    AppSyncIAMAuthentication,
    AppSyncJWTAuthentication,
)

from appsync_gql import (
    ApiKeyAuth,
    CognitoProvider,
    IamAuth,
    IdentityPoolAuth,
    LambdaAuth,
    OidcAuth,
    TokenStore,
)
from appsync_gql.clock import SystemClock
from appsync_gql.testing import Emulator, FakeClock
from support.store import fixed_delay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "MODES",
    "RENEWING",
    "STATIC",
    "Api",
    "Mode",
    "each_of",
    "emulator_arguments",
    "passing",
]

KEY, ACCESS_KEY, SECRET_KEY = "da2-key", "AKIAEXAMPLE", "the secret access key"
REGION = "us-east-1"


class Authorizer:
    """A Lambda authorizer that accepts tokens that were issued here.

    Attributes:
        issued: how many tokens were issued.
        lifetime: seconds that a token is accepted.
    """

    def __init__(self) -> None:
        self.issued, self.lifetime = 0, 3600.0
        self._issued_at: dict[str, float] = {}
        self.now: Callable[[], float] = time.time

    def issue(self) -> str:
        """Return a new token."""
        self.issued += 1
        token = f"lambda-token-{self.issued}"
        self._issued_at[token] = self.now()
        return token

    def __call__(self, event: dict[str, Any]) -> dict[str, Any]:
        issued_at = self._issued_at.get(event["authorizationToken"], 0.0)
        return {"isAuthorized": self.now() < issued_at + self.lifetime}


@dataclass(frozen=True)
class Api:
    """An emulator with all modes, and what the modes of one test share.

    Attributes:
        emulator: the emulator.
        authorizer: its Lambda authorizer.
        folder: for files of the AWS configuration.
        clock: this machine's clock, as the authorization modes read it.
    """

    emulator: Emulator
    authorizer: Authorizer
    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(wall=time.time()))

    def advance(self, seconds: float) -> None:
        """Let time pass, here and at the server."""
        self.clock.advance(seconds)
        self.emulator.shift_clock(seconds)

    def provider(self) -> CognitoProvider:
        """Return the identity provider of the user pool."""
        emulator = self.emulator
        return CognitoProvider(
            emulator.client_id, region=emulator.region, endpoint_url=emulator.cognito_url
        )

    def patient(self, *, real_time: bool = False) -> dict[str, Any]:
        """Return arguments that all renewing modes have.

        Args:
            real_time: whether time passes by itself.
        """
        clock = SystemClock() if real_time else self.clock
        return {"clock": clock, "delays": fixed_delay(0.01), "patience": 10.0}


@dataclass(frozen=True)
class Mode:
    """One authorization mode.

    Attributes:
        name: for test ids.
        make: returns its object.
        username: what the API calls the user, or how that begins.
        issued: returns how many credentials were issued so far; ``None`` if they are fixed.
        header: the HTTP header that carries it.
        real_time: whether its credentials expire while time passes by itself.
    """

    name: str
    make: Callable[[Api], Any]
    username: str
    issued: Callable[[Api], int] | None = None
    header: str = "Authorization"
    real_time: bool = False

    def __str__(self) -> str:
        return self.name


def _store(api: Api, **more: Any) -> TokenStore:
    return TokenStore(
        api.provider(), tokens=api.emulator.issue_tokens(), **{**api.patient(), **more}
    )


def _iam_of_a_user(api: Api) -> IamAuth:
    session = botocore.session.Session()
    session.set_credentials(ACCESS_KEY, SECRET_KEY)
    return IamAuth(session=session, region=REGION, **api.patient())


def _iam_of_a_role(api: Api) -> IamAuth:
    """Return the mode with a profile of the AWS configuration that assumes a role."""
    config = configparser.ConfigParser()
    config["profile user"] = {
        "aws_access_key_id": ACCESS_KEY,
        "aws_secret_access_key": SECRET_KEY,
        "region": REGION,
    }
    config["profile reader"] = {
        "role_arn": "arn:aws:iam::123456789012:role/Reader",
        "source_profile": "user",
        "region": REGION,
    }
    with (api.folder / "config").open("w", encoding="utf-8") as file:
        config.write(file)
    return IamAuth(profile="reader", **api.patient(real_time=True))


def _identity_pool(api: Api, store: TokenStore | None) -> IdentityPoolAuth:
    emulator = api.emulator
    return IdentityPoolAuth(
        store,
        emulator.identity_pool_id,
        endpoint_url=emulator.cognito_url,
        **api.patient(real_time=True),
    )


def _oidc(api: Api) -> OidcAuth:
    return OidcAuth(lambda: _counted_oidc_token(api), **api.patient())


def _oidc_async(api: Api) -> OidcAuth:
    async def source() -> str:
        await asyncio.sleep(0)
        return _counted_oidc_token(api)

    return OidcAuth(source, **api.patient())


def _counted_oidc_token(api: Api) -> str:
    api.emulator.counters["test.oidc"] += 1
    return api.emulator.issue_oidc_token()


def _host(api: Api) -> str:
    return api.emulator.cognito_url.removeprefix("http://")


def _gql_iam(api: Api) -> AppSyncIAMAuthentication:
    return AppSyncIAMAuthentication(
        host=_host(api), region_name=REGION, credentials=Credentials(ACCESS_KEY, SECRET_KEY)
    )


def _gql_jwt(api: Api) -> AppSyncJWTAuthentication:
    token = str(api.emulator.issue_tokens().access_token)
    return AppSyncJWTAuthentication(_host(api), token)


def _count(name: str) -> Callable[[Api], int]:
    return lambda api: api.emulator.counters[name]


MODES = (
    Mode("api key", lambda _: ApiKeyAuth(KEY), "(API key)", header="x-api-key"),
    Mode("user pool", _store, "ada", _count("issued")),
    Mode("user pool, Bearer", lambda api: _store(api, scheme="Bearer"), "ada", _count("issued")),
    Mode("user pool, ID token", lambda api: _store(api, token_use="id"), "ada", _count("issued")),
    Mode("IAM user", _iam_of_a_user, ACCESS_KEY),
    Mode(
        "IAM role",
        _iam_of_a_role,
        "AROAEMULATOR:botocore-session-",
        _count("cognito.AssumeRole"),
        real_time=True,
    ),
    Mode(
        "identity pool, user",
        lambda api: _identity_pool(api, _store(api, clock=SystemClock())),
        "AROAEMULATORUSER:",
        _count("cognito.GetCredentialsForIdentity"),
        real_time=True,
    ),
    Mode(
        "identity pool, guest",
        lambda api: _identity_pool(api, None),
        "AROAEMULATORGUEST:",
        _count("cognito.GetCredentialsForIdentity"),
        real_time=True,
    ),
    Mode("OIDC", _oidc, "ada", _count("test.oidc")),
    Mode("OIDC, async source", _oidc_async, "ada", _count("test.oidc")),
    Mode(
        "Lambda",
        lambda api: LambdaAuth(api.authorizer.issue, lifetime=3600, **api.patient()),
        "(Lambda authorizer)",
        lambda api: api.authorizer.issued,
    ),
    Mode(
        "gql's API key",
        lambda api: AppSyncApiKeyAuthentication(_host(api), KEY),
        "(API key)",
        header="x-api-key",
    ),
    Mode("gql's JWT", _gql_jwt, "ada"),
    Mode("gql's IAM", _gql_iam, ACCESS_KEY),
)
RENEWING = tuple(mode for mode in MODES if mode.issued is not None)
STATIC = tuple(mode for mode in MODES if mode.issued is None)

_VARIANTS = ("user pool, ", "OIDC, ", "gql's ")
"""How the names of modes begin that differ little from another one."""


def each_of(modes: Sequence[Mode]) -> pytest.MarkDecorator:
    """Return the parameter ``mode`` for a test; variants of a mode are for the second ring."""
    found = [
        pytest.param(mode, marks=pytest.mark.slow) if mode.name.startswith(_VARIANTS) else mode
        for mode in modes
    ]
    return pytest.mark.parametrize("mode", found, ids=str)


def emulator_arguments(authorizer: Authorizer) -> dict[str, Any]:
    """Return the arguments for an emulator that has all modes."""
    return {
        "api_keys": [KEY],
        "iam_credentials": {ACCESS_KEY: SECRET_KEY},
        "guests": True,
        "oidc_issuer": "https://login.example.com",
        "lambda_authorizer": authorizer,
        "rotation": True,
        "region": REGION,
    }


async def passing(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until a condition holds.

    Raises:
        AssertionError: it does not in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition does not hold in time"
        await asyncio.sleep(0.005)
