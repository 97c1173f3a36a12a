"""A Cognito identity pool: boto3 exchanges tokens, and the API accepts what it got."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.cognito_error import CognitoError
from appsync_gql.testing.emulator.identity_pool import IdentityPool

ME = "{ me { username } }"


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator.in_thread(iam_credentials={}, guests=True) as emulator:
        yield emulator


def client_of(emulator: Emulator) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client(
        "cognito-identity",
        region_name=emulator.region,
        endpoint_url=emulator.cognito_url,
        config=config,
    )


def logins(emulator: Emulator, token: str | None = None) -> dict[str, Any]:
    provider = emulator.issuer.removeprefix("https://")
    return {"Logins": {provider: token or str(emulator.issue_tokens().id_token)}}


def exchange(emulator: Emulator, **more: Any) -> dict[str, Any]:
    client = client_of(emulator)
    identity = client.get_id(IdentityPoolId=emulator.identity_pool_id, **more)["IdentityId"]
    found: dict[str, Any] = client.get_credentials_for_identity(IdentityId=identity, **more)
    assert found["IdentityId"] == identity
    return found["Credentials"]  # type: ignore[no-any-return]


def username(emulator: Emulator, found: dict[str, Any], post: Callable[..., Any]) -> str:
    body = json.dumps({"query": ME}).encode()
    request = AWSRequest("POST", emulator.graphql_url, data=body)
    keys = Credentials(found["AccessKeyId"], found["SecretKey"], found["SessionToken"])
    SigV4Auth(keys, "appsync", emulator.region).add_auth(request)
    return str(post(emulator, body, **dict(request.headers.items())).body["data"]["me"]["username"])


def test_a_user_and_a_guest_obtain_credentials_that_the_api_accepts(
    api: Emulator, post: Callable[..., Any]
) -> None:
    user, guest = exchange(api, **logins(api)), exchange(api)
    assert username(api, user, post) == "AROAEMULATORUSER:CognitoIdentityCredentials"
    assert username(api, guest, post) == "AROAEMULATORGUEST:CognitoIdentityCredentials"
    left = user["Expiration"] - datetime.now(timezone.utc)
    assert timedelta(minutes=59) < left < timedelta(minutes=61)
    assert api.counters["cognito.GetId"] == api.counters["cognito.GetCredentialsForIdentity"] == 2


def test_a_user_has_one_identity_and_each_guest_another(api: Emulator) -> None:
    client, pool = client_of(api), api.identity_pool_id
    users = {client.get_id(IdentityPoolId=pool, **logins(api))["IdentityId"] for _ in range(3)}
    guests = {client.get_id(IdentityPoolId=pool)["IdentityId"] for _ in range(3)}
    assert (len(users), len(guests)) == (1, 3)


def error_of(call: Callable[..., object], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    found = caught.value.response["Error"]
    return found["Code"], found["Message"]


def test_an_expired_id_token_is_refused_in_cognitos_words(api: Emulator) -> None:
    tokens = api.issue_tokens(lifetime=60, issued_ago=100)
    code, text = error_of(
        client_of(api).get_id,
        IdentityPoolId=api.identity_pool_id,
        **logins(api, str(tokens.id_token)),
    )
    assert code == "NotAuthorizedException"
    assert text.startswith("Invalid login token. Token expired: ")
    now, _, end = text.removeprefix("Invalid login token. Token expired: ").partition(" >= ")
    assert int(now) >= int(end)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (lambda e: str(e.issue_tokens().access_token), "audience"),
        (lambda e: e.forge_token(), "Issuer"),
        (lambda _: str(Emulator(region="eu-west-1").issue_tokens().id_token), "Issuer"),
        (lambda _: "garbage", "Not a valid"),
    ],
    ids=["access token", "forged", "another pool", "no token"],
)
def test_another_token_is_refused(
    api: Emulator, token: Callable[[Emulator], str], said: str
) -> None:
    code, text = error_of(
        client_of(api).get_id, IdentityPoolId=api.identity_pool_id, **logins(api, token(api))
    )
    assert code == "NotAuthorizedException"
    assert said in text


def test_another_pool_identity_provider_or_user_is_refused(api: Emulator) -> None:
    client = client_of(api)
    assert error_of(client.get_id, IdentityPoolId="us-east-1:0")[0] == "ResourceNotFoundException"
    unknown = error_of(client.get_credentials_for_identity, IdentityId="us-east-1:0")
    assert unknown[0] == "ResourceNotFoundException"
    other = {"Logins": {"accounts.google.com": "token"}}
    found = error_of(client.get_id, IdentityPoolId=api.identity_pool_id, **other)
    assert "supported provider" in found[1]
    identity = client.get_id(IdentityPoolId=api.identity_pool_id, **logins(api))["IdentityId"]
    found = error_of(client.get_credentials_for_identity, IdentityId=identity)
    assert found[1].startswith("Logins don't match.")


def test_without_guests_or_iam_there_is_nothing_for_them() -> None:
    with Emulator.in_thread(iam_credentials={}) as members_only:
        found = error_of(
            client_of(members_only).get_id, IdentityPoolId=members_only.identity_pool_id
        )
        assert found[0] == "NotAuthorizedException"
        assert "Unauthenticated access is not supported" in found[1]
    with Emulator.in_thread(guests=True) as without_iam:
        found = error_of(client_of(without_iam).get_id, IdentityPoolId=without_iam.identity_pool_id)
        assert found[0] == "ResourceNotFoundException"


def test_deleted_identities_are_gone(api: Emulator) -> None:
    client = client_of(api)
    identity = client.get_id(IdentityPoolId=api.identity_pool_id)["IdentityId"]
    api.delete_identities()
    assert error_of(client.get_credentials_for_identity, IdentityId=identity)[0] == (
        "ResourceNotFoundException"
    )


def test_credentials_may_live_for_seconds() -> None:
    with Emulator.in_thread(iam_credentials={}, guests=True, iam_lifetime=3) as emulator:
        left = exchange(emulator)["Expiration"] - datetime.now(timezone.utc)
        assert left < timedelta(seconds=4)


@pytest.mark.parametrize(
    ("operation", "body", "name"),
    [
        ("GetOpenIdToken", {}, "UnknownOperationException"),
        ("GetId", [], "SerializationException"),
    ],
)
def test_what_is_no_call_is_refused(operation: str, body: object, name: str) -> None:
    pool = IdentityPool(
        region="us-east-1",
        issuer="https://issuer",
        client_id="client",
        guests=True,
        iam=None,
        lifetime=None,
        now=lambda: 0.0,
    )
    with pytest.raises(CognitoError) as caught:
        pool.call(operation, body)
    assert caught.value.name == name
