"""SRP with pycognito's client: the right password, and wrong proofs."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from gql import Client, gql
from pycognito.aws_srp import AWSSRP, N_HEX

from appsync_gql import AppSyncTransport, CognitoProvider, Tokens, TokenStore
from appsync_gql.testing import Emulator

Boto = Callable[[Emulator], Any]


def srp(emulator: Emulator, boto: Boto, password: str, **more: Any) -> AWSSRP:
    return AWSSRP(
        username=more.get("username", "ada"),
        password=password,
        pool_id=emulator.user_pool_id,
        client_id=emulator.client_id,
        client=boto(emulator),
        client_secret=more.get("client_secret"),
    )


@pytest.mark.parametrize("secret", [None, "a secret of the app client"])
def test_the_right_password_signs_in(boto: Boto, secret: str | None) -> None:
    with Emulator.in_thread(client_secret=secret) as emulator:
        for _ in range(5):  # the padding depends on random numbers
            client = srp(emulator, boto, "correct horse", client_secret=secret)
            assert client.authenticate_user()["AuthenticationResult"]["RefreshToken"]


@pytest.mark.parametrize(
    ("username", "password"),
    [("ada", "wrong"), ("ada", ""), ("ada", "Correct horse"), ("nobody", "correct horse")],
)
def test_a_wrong_password_does_not_sign_in(
    server: Emulator, boto: Boto, username: str, password: str
) -> None:
    with pytest.raises(ClientError, match=r"Incorrect username or password\."):
        srp(server, boto, password, username=username).authenticate_user()
    assert server.counters["issued"] == 0


def begin(emulator: Emulator, boto: Boto, big_a: str) -> Any:
    return boto(emulator).initiate_auth(
        ClientId=emulator.client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": "ada", "SRP_A": big_a},
    )


@pytest.mark.parametrize("big_a", ["0", "00", N_HEX, "not hex", ""])
def test_a_public_value_that_would_make_the_password_useless_is_refused(
    server: Emulator, boto: Boto, big_a: str
) -> None:
    with pytest.raises(ClientError) as caught:
        begin(server, boto, big_a)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({}, None),
        ({"PASSWORD_CLAIM_SIGNATURE": base64.b64encode(bytes(32)).decode()}, "NotAuthorized"),
        ({"PASSWORD_CLAIM_SIGNATURE": "é"}, "NotAuthorized"),
        ({"TIMESTAMP": "Mon Nov 3 04:05:06 UTC 2026"}, "NotAuthorized"),
        ({"TIMESTAMP": "Mon Nov 03 04:05:06 UTC 2026"}, "InvalidParameter"),
        ({"TIMESTAMP": "2026-11-03T04:05:06Z"}, "InvalidParameter"),
        ({"PASSWORD_CLAIM_SECRET_BLOCK": "x"}, "NotAuthorized"),
        ({"USERNAME": "bob"}, "NotAuthorized"),
    ],
)
def test_every_part_of_the_proof_is_checked(
    server: Emulator, boto: Boto, change: dict[str, str], name: str | None
) -> None:
    client = srp(server, boto, "correct horse")
    challenge = begin(server, boto, client.get_auth_params()["SRP_A"])
    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
    parameters = challenge["ChallengeParameters"]
    responses = {**client.process_challenge(parameters, client.get_auth_params()), **change}

    def respond() -> Any:
        return boto(server).respond_to_auth_challenge(
            ClientId=server.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=responses,
        )

    if name is None:
        assert respond()["AuthenticationResult"]
        name = "NotAuthorized"  # a proof can be used once
    with pytest.raises(ClientError) as caught:
        respond()
    assert caught.value.response["Error"]["Code"].startswith(name)


def test_a_proof_that_comes_too_late_is_refused(server: Emulator, boto: Boto) -> None:
    client = srp(server, boto, "correct horse")
    challenge = begin(server, boto, client.get_auth_params()["SRP_A"])
    responses = client.process_challenge(challenge["ChallengeParameters"], client.get_auth_params())
    server.shift_clock(180)
    with pytest.raises(ClientError, match="Incorrect username or password"):
        boto(server).respond_to_auth_challenge(
            ClientId=server.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=responses,
        )


async def test_the_tokens_of_a_sign_in_by_pycognito_are_accepted(
    server: Emulator, boto: Boto
) -> None:
    """It is also asked for a new password."""
    server.add_user("grace", "correct horse", temporary_password=True)
    client = srp(server, boto, "correct horse", username="grace")
    result = client.set_new_password_challenge("N3w-Password-9")["AuthenticationResult"]
    tokens = Tokens(access_token=result["AccessToken"], refresh_token=result["RefreshToken"])
    provider = CognitoProvider(
        server.client_id, endpoint_url=server.cognito_url, region="us-east-1"
    )
    store = TokenStore(provider, tokens=tokens)
    transport = AppSyncTransport(server.graphql_url, auth=store)
    async with Client(transport=transport) as session:
        assert await session.execute(gql("{ me { username } }")) == {"me": {"username": "grace"}}
