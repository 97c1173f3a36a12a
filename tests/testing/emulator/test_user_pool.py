"""Cognito's endpoint, called with boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from appsync_gql.testing import Emulator

Boto = Callable[[Emulator], Any]
SECRET = "a secret of the app client"


def error_of(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def by_password(emulator: Emulator, boto: Boto, name: str = "ada", password: str = "") -> Any:
    return boto(emulator).initiate_auth(
        ClientId=emulator.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password or "correct horse"},
    )


def test_signing_in_with_a_password_returns_all_three_tokens(server: Emulator, boto: Boto) -> None:
    server.set_groups("ada", ["Admins"])
    result = by_password(server, boto)["AuthenticationResult"]
    assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)
    access, id_ = claims_of(result["AccessToken"]), claims_of(result["IdToken"])
    common = {"sub", "iss", "token_use", "auth_time", "iat", "exp", "jti", "origin_jti", "event_id"}
    assert {*access} == common | {"client_id", "username", "scope", "cognito:groups"}
    assert {*id_} == common | {"aud", "cognito:username", "email", "cognito:groups"}
    assert access["iss"] == id_["iss"] == server.issuer
    assert (access["token_use"], id_["token_use"]) == ("access", "id")
    assert access["client_id"] == id_["aud"] == server.client_id
    assert access["cognito:groups"] == ["Admins"]
    assert access["exp"] - access["iat"] == 3600
    assert server.now() - 5 < access["iat"] <= server.now()
    assert jwt.get_unverified_header(result["AccessToken"])["kid"]


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN", None])
def test_without_rotation_both_calls_refresh_and_return_no_refresh_token(
    server: Emulator, boto: Boto, flow: Any
) -> None:
    first = server.issue_tokens()
    server.shift_clock(100)
    client, token = boto(server), str(first.refresh_token)
    if flow is None:
        response = client.get_tokens_from_refresh_token(
            ClientId=server.client_id, RefreshToken=token
        )
    else:
        response = client.initiate_auth(
            ClientId=server.client_id, AuthFlow=flow, AuthParameters={"REFRESH_TOKEN": token}
        )
    result = response["AuthenticationResult"]
    assert {*result} == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
    before, after = claims_of(str(first.access_token)), claims_of(result["AccessToken"])
    assert after["iat"] - before["iat"] in {100, 101}
    assert after["auth_time"] == before["auth_time"], "a refresh is no sign-in"
    assert after["origin_jti"] == before["origin_jti"]
    assert after["jti"] != before["jti"]
    assert response["ResponseMetadata"]["RequestId"]
    assert (server.counters["refreshes"], server.counters["issued"]) == (1, 2)


def test_rotation_returns_a_new_refresh_token_and_retires_the_old_one(boto: Boto) -> None:
    with Emulator.in_thread(rotation=True, grace_period=10) as emulator:
        client = boto(emulator)

        def refresh(token: str) -> str:
            response = client.get_tokens_from_refresh_token(
                ClientId=emulator.client_id, RefreshToken=token
            )
            return str(response["AuthenticationResult"]["RefreshToken"])

        first = str(emulator.issue_tokens().refresh_token)
        second = refresh(first)
        third = refresh(first)
        emulator.shift_clock(11)
        fourth = refresh(second)
        assert len({first, second, third, fourth}) == 4
        with pytest.raises(client.exceptions.RefreshTokenReuseException):
            refresh(first)
        got = error_of(refresh, token=fourth)
        assert got == ("NotAuthorizedException", "Refresh Token has been revoked")
        assert (emulator.counters["refreshes"], emulator.counters["reuse"]) == (3, 1)


def test_the_older_flow_is_disabled_if_tokens_rotate(boto: Boto) -> None:
    with Emulator.in_thread(rotation=True) as emulator:
        name, _ = error_of(
            boto(emulator).initiate_auth,
            ClientId=emulator.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": str(emulator.issue_tokens().refresh_token)},
        )
    assert name == "InvalidParameterException"


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("unknown", "Invalid Refresh Token."),
        ("expired", "Refresh Token has expired"),
        ("signed out", "Refresh Token has been revoked"),
        ("revoked", "Refresh Token has been revoked"),
        ("disabled", "User is disabled."),
    ],
)
def test_the_error_of_an_invalid_refresh_token_says_why(
    server: Emulator, boto: Boto, what: str, message: str
) -> None:
    client, token = boto(server), str(server.issue_tokens().refresh_token)
    if what == "expired":
        server.shift_clock(30 * 86400)
    elif what == "signed out":
        server.sign_out("ada")
    elif what == "revoked":
        client.revoke_token(ClientId=server.client_id, Token=token)
    elif what == "disabled":
        server.disable_user("ada")
    got = error_of(
        client.get_tokens_from_refresh_token,
        ClientId=server.client_id,
        RefreshToken="x" if what == "unknown" else token,
    )
    assert got == ("NotAuthorizedException", message)


def test_errors_have_cognitos_body_and_headers(server: Emulator, call: Callable[..., Any]) -> None:
    body = {"ClientId": server.client_id, "RefreshToken": "x"}
    status, response, headers = call(server, "GetTokensFromRefreshToken", body)
    text = "Invalid Refresh Token."
    assert (status, response) == (400, {"__type": "NotAuthorizedException", "message": text})
    assert headers["x-amzn-ErrorType"] == "NotAuthorizedException:"
    assert headers["x-amzn-ErrorMessage"] == text
    assert headers["x-amzn-RequestId"]
    assert headers["Content-Type"] == "application/x-amz-json-1.1"
    assert server.requests[-1].error_type == "NotAuthorizedException"


def test_global_sign_out_ends_every_session_of_its_user(server: Emulator, boto: Boto) -> None:
    client, tokens, others = boto(server), server.issue_tokens(), server.issue_tokens()
    access = str(tokens.access_token)
    client.global_sign_out(AccessToken=access)
    for session in (tokens, others):
        _, message = error_of(
            client.get_tokens_from_refresh_token,
            ClientId=server.client_id,
            RefreshToken=str(session.refresh_token),
        )
        assert message == "Refresh Token has been revoked"
    assert error_of(client.global_sign_out, AccessToken=access)[1].endswith("has been revoked")


@pytest.mark.parametrize("which", ["garbage", "id", "forged", "expired"])
def test_global_sign_out_needs_a_valid_access_token(
    server: Emulator, boto: Boto, which: str
) -> None:
    tokens = server.issue_tokens(issued_ago=4000 if which == "expired" else 0)
    token = {
        "garbage": "garbage",
        "id": str(tokens.id_token),
        "forged": server.forge_token(),
        "expired": str(tokens.access_token),
    }[which]
    name, message = error_of(boto(server).global_sign_out, AccessToken=token)
    assert name == "NotAuthorizedException"
    assert message == ("Access Token has expired" if which == "expired" else "Invalid Access Token")


def test_only_refresh_tokens_can_be_revoked(server: Emulator, boto: Boto) -> None:
    client, tokens = boto(server), server.issue_tokens()
    name, _ = error_of(
        client.revoke_token, ClientId=server.client_id, Token=str(tokens.access_token)
    )
    assert name == "UnsupportedTokenTypeException"
    client.revoke_token(ClientId=server.client_id, Token="never-issued")


@pytest.mark.parametrize("given", [{}, {"ClientSecret": "w" * 24}])
def test_the_newer_calls_need_the_client_secret_itself(boto: Boto, given: dict[str, str]) -> None:
    with Emulator.in_thread(client_secret=SECRET) as emulator:
        client, token = boto(emulator), str(emulator.issue_tokens().refresh_token)
        refresh = {"ClientId": emulator.client_id, "RefreshToken": token}
        name, message = error_of(client.get_tokens_from_refresh_token, **refresh, **given)
        assert name == "NotAuthorizedException"
        assert "client secret" in message
        revoke = {"ClientId": emulator.client_id, "Token": token}
        assert error_of(client.revoke_token, **revoke, **given)[0] == "UnauthorizedException"
        client.get_tokens_from_refresh_token(**refresh, ClientSecret=SECRET)
        client.revoke_token(**revoke, ClientSecret=SECRET)


@pytest.mark.parametrize("new_call", [True, False])
def test_a_device_key_is_returned_by_sign_in_and_needed_for_a_refresh(
    boto: Boto, *, new_call: bool
) -> None:
    with Emulator.in_thread(device_remembering=True) as emulator:
        client = boto(emulator)
        result = by_password(emulator, boto)["AuthenticationResult"]
        key, token = result["NewDeviceMetadata"]["DeviceKey"], result["RefreshToken"]
        assert key.startswith("us-east-1_")

        def refresh(**device: str) -> Any:
            if new_call:
                device = {"DeviceKey": device["DEVICE_KEY"]} if device else {}
                return client.get_tokens_from_refresh_token(
                    ClientId=emulator.client_id, RefreshToken=token, **device
                )
            return client.initiate_auth(
                ClientId=emulator.client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": token, **device},
            )

        assert error_of(refresh)[0] == "InvalidParameterException"
        assert refresh(DEVICE_KEY=key)["AuthenticationResult"]


def test_without_the_newer_call_the_response_is_that_of_cognito_local(
    boto: Boto, call: Callable[..., Any]
) -> None:
    with Emulator.in_thread(gets_tokens_from_refresh_token=False) as emulator:
        token = str(emulator.issue_tokens().refresh_token)
        body = {"ClientId": emulator.client_id, "RefreshToken": token}
        status, response, headers = call(emulator, "GetTokensFromRefreshToken", body)
        assert status == 500
        assert response == {
            "__type": "CognitoLocal#Unsupported",
            "message": "Cognito Local unsupported feature: "
            'Unsupported x-amz-target header "GetTokensFromRefreshToken"',
        }
        assert "x-amzn-ErrorType" not in headers
        name, _ = error_of(boto(emulator).get_tokens_from_refresh_token, **body)
        assert name in {"Unsupported", "CognitoLocal#Unsupported"}
        boto(emulator).initiate_auth(
            ClientId=emulator.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": token},
        )


def test_an_unknown_app_client_is_an_error(server: Emulator, boto: Boto) -> None:
    got = error_of(boto(server).get_tokens_from_refresh_token, ClientId="other", RefreshToken="x")
    assert got == ("ResourceNotFoundException", "User pool client other does not exist.")


@pytest.mark.parametrize(
    ("operation", "body", "name"),
    [
        ("ListUsers", {}, "UnknownOperationException"),
        ("InitiateAuth", b"{", "SerializationException"),
        ("InitiateAuth", [], "SerializationException"),
        ("InitiateAuth", {}, "InvalidParameterException"),
        ("InitiateAuth", {"AuthFlow": "NOPE"}, "InvalidParameterException"),
        ("InitiateAuth", {"AuthFlow": "REFRESH_TOKEN_AUTH"}, "InvalidParameterException"),
        ("InitiateAuth", {"AuthParameters": [1]}, "SerializationException"),
        ("InitiateAuth", {"AuthParameters": {"USERNAME": 1}}, "SerializationException"),
        ("GetTokensFromRefreshToken", {"RefreshToken": 1}, "InvalidParameterException"),
        (
            "RespondToAuthChallenge",
            {"ChallengeName": "X", "Session": "s"},
            "NotAuthorizedException",
        ),
        ("RespondToAuthChallenge", {"ChallengeName": "X", "Session": []}, "NotAuthorizedException"),
        ("GlobalSignOut", {}, "InvalidParameterException"),
    ],
)
def test_a_call_of_the_wrong_shape_is_an_error(
    server: Emulator, call: Callable[..., Any], operation: str, body: Any, name: str
) -> None:
    if isinstance(body, dict) and body:
        body = {"ClientId": server.client_id, **body}
    status, response, _ = call(server, operation, body)
    assert (status, response["__type"]) == (400, name)


def test_attributes_are_claims_of_the_id_token_only(server: Emulator) -> None:
    server.add_user("bob", attributes={"custom:tenant": "t1"}, groups=["Staff"])
    tokens = server.issue_tokens("bob")
    id_, access = claims_of(str(tokens.id_token)), claims_of(str(tokens.access_token))
    assert (id_["custom:tenant"], id_["cognito:username"]) == ("t1", "bob")
    assert "custom:tenant" not in access
    assert "email" not in id_
    assert access["cognito:groups"] == ["Staff"]
