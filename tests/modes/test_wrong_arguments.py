"""Arguments of the modes that can't be used are refused when the object is made, with the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import pytest

from appsync_gql import (
    ApiKeyAuth,
    AppSyncTransport,
    CognitoProvider,
    ConfigurationError,
    IamAuth,
    IdentityPoolAuth,
    LambdaAuth,
    OidcAuth,
    TokenStore,
)
from support.tracebacks import assert_hidden

if TYPE_CHECKING:
    from collections.abc import Callable

POOL = "eu-west-1:00000000-0000-4000-8000-000000000001"
URL = "http://127.0.0.1:9/graphql"
PROVIDER = CognitoProvider("client", region="eu-west-1")
HIDDEN = "hidden-7f3a"


def pool(store: Any = None, pool_id: Any = POOL, **more: Any) -> IdentityPoolAuth:
    return IdentityPoolAuth(store, pool_id, **more)


def oidc(**more: Any) -> OidcAuth:
    return OidcAuth("a.b.c", **more)


@pytest.mark.parametrize(
    ("make", "arguments", "setting", "said"),
    [
        (IamAuth, {"region": 5}, "region", "name of an AWS region"),
        (IamAuth, {"region": b"eu-west-1"}, "region", "name of an AWS region"),
        (IamAuth, {"region": ""}, "region", "name of an AWS region"),
        (IamAuth, {"profile": 5}, "profile", "name of a profile"),
        (IamAuth, {"profile": ""}, "profile", "name of a profile"),
        (IamAuth, {"session": boto3.session.Session}, "session", "the class Session; pass an"),
        (IamAuth, {"session": botocore.session.Session}, "session", "the class Session; pass an"),
        (IamAuth, {"session": "profile"}, "session", "boto3 or botocore session, not str"),
        (
            IamAuth,
            {"session": botocore.session.Session(), "profile": "dev"},
            "session",
            "Pass profile= or session=, not both",
        ),
        (pool, {"store": TokenStore}, "store", "the class TokenStore; pass an instance"),
        (pool, {"store": PROVIDER}, "store", "TokenStore, or None.*not CognitoProvider"),
        (pool, {"store": TokenStore(PROVIDER).blocking}, "store", "not BlockingTokenStore"),
        (pool, {"store": HIDDEN}, "store", "not str"),
        (pool, {"pool_id": None}, "identity_pool_id", "a region, a colon and an id"),
        (pool, {"endpoint_url": "http://x", "allow_insecure": "no"}, "allow_insecure", "True or"),
        (OidcAuth, {"source": dict}, "source", "the class dict; pass an instance"),
        (LambdaAuth, {"source": dict}, "source", "the class dict; pass an instance"),
        (LambdaAuth, {"source": HIDDEN.encode()}, "source", "not bytes"),
        (LambdaAuth, {"source": lambda user: user}, "source", "without arguments"),
        (oidc, {"lifetime": "5"}, "lifetime", "number of seconds"),
        (oidc, {"timeout": 0}, "timeout", "above 0"),
        (ApiKeyAuth, {"key": HIDDEN.encode()}, "key", "API key as a str.*not bytes"),
        (ApiKeyAuth, {"key": None}, "key", "API key as a str.*not None"),
        *((make, {"patience": None}, "patience", "seconds") for make in (IamAuth, pool, oidc)),
        *((make, {"clock": 5}, "clock", "wall, monotonic") for make in (IamAuth, pool, oidc)),
        *((make, {"delays": [1, 2]}, "delays", "a function") for make in (IamAuth, pool, oidc)),
    ],
)
def test_it_is_a_configuration_error_that_names_the_argument(
    make: Callable[..., Any], arguments: dict[str, Any], setting: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        make(**arguments)
    assert caught.value.setting == setting
    assert_hidden(caught.value, HIDDEN)


@pytest.mark.parametrize("auth", [HIDDEN, 5, boto3.session.Session(region_name="x"), PROVIDER])
def test_what_is_no_mode_is_refused_by_the_transport_with_those_that_are(auth: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"TokenStore.*IamAuth.*gql's own") as caught:
        AppSyncTransport(URL, auth=auth)
    assert caught.value.setting == "auth"
    assert type(auth).__name__ in str(caught.value)
    assert_hidden(caught.value, HIDDEN)


@pytest.mark.parametrize("mode", [IamAuth, OidcAuth, TokenStore])
def test_a_class_in_place_of_a_mode_is_refused(mode: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"the class {mode.__name__}; pass an instance"):
        AppSyncTransport(URL, auth=mode)


async def test_what_are_no_headers_is_refused_by_each_renewal() -> None:
    source = OidcAuth(lambda: "a.b.c")
    await source.headers()
    signed = IamAuth(session=boto3.session.Session("AKIA", "secret"), region="eu-west-1")
    rejected: Any = "text"
    for renew in (source.renew, signed.renew_signing):
        with pytest.raises(ConfigurationError, match="headers that were sent"):
            await renew(rejected)
