"""Passwords, secret hashes and challenges, with boto3."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from appsync_gql.testing import Emulator

Boto = Callable[[Emulator], Any]
SECRET = "a secret of the app client"


def hash_for(emulator: Emulator, username: str = "ada") -> str:
    text = (username + emulator.client_id).encode()
    return base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest()).decode()


def error_of(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def by_password(emulator: Emulator, boto: Boto, name: str = "ada", password: str = "") -> Any:
    return boto(emulator).initiate_auth(
        ClientId=emulator.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password or "correct horse"},
    )


@pytest.mark.parametrize(
    ("name", "password", "message"),
    [
        ("ada", "wrong", "Incorrect username or password."),
        ("nobody", "correct horse", "Incorrect username or password."),
        ("grace", "correct horse", "User is disabled."),
    ],
)
def test_a_sign_in_that_fails(
    server: Emulator, boto: Boto, name: str, password: str, message: str
) -> None:
    server.add_user("grace")
    server.disable_user("grace")
    got = error_of(by_password, emulator=server, boto=boto, name=name, password=password)
    assert got == ("NotAuthorizedException", message)
    server.enable_user("grace")
    assert by_password(server, boto, "grace")["AuthenticationResult"]


@pytest.mark.parametrize(
    ("secret", "given", "message"),
    [
        (SECRET, None, "is configured with secret but SECRET_HASH was not received"),
        (SECRET, "wrong", "SecretHash does not match for the client:"),
        (SECRET, "of another user", "SecretHash does not match for the client:"),
        (None, "right", "Unable to verify secret hash for client"),
    ],
)
@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"])
def test_a_secret_hash_must_be_right(
    boto: Boto, secret: str | None, given: str | None, message: str, flow: Any
) -> None:
    with Emulator.in_thread(client_secret=secret) as emulator:
        hashes = {"right": hash_for(emulator), "of another user": hash_for(emulator, "bob")}
        parameters = {
            "USERNAME": "ada",
            "PASSWORD": "correct horse",
            "REFRESH_TOKEN": str(emulator.issue_tokens().refresh_token),
        }
        client = boto(emulator)

        def sign_in(secret_hash: str | None) -> Any:
            more = {} if secret_hash is None else {"SECRET_HASH": secret_hash}
            return client.initiate_auth(
                ClientId=emulator.client_id, AuthFlow=flow, AuthParameters={**parameters, **more}
            )

        name, text = error_of(sign_in, secret_hash=hashes.get(given or "", given))
        assert name == "NotAuthorizedException"
        assert message in text
        assert sign_in(hashes["right"] if secret else None)["AuthenticationResult"]


def respond(emulator: Emulator, boto: Boto, challenge: Any, **responses: str) -> Any:
    return boto(emulator).respond_to_auth_challenge(
        ClientId=emulator.client_id,
        ChallengeName=challenge["ChallengeName"],
        Session=challenge["Session"],
        ChallengeResponses=responses,
    )


def test_a_wrong_code_may_be_corrected(server: Emulator, boto: Boto) -> None:
    server.add_user("grace", "pw", mfa_code="123456")
    challenge = by_password(server, boto, "grace", "pw")
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    wrong = {"USERNAME": "grace", "SOFTWARE_TOKEN_MFA_CODE": "000000"}
    got = error_of(respond, emulator=server, boto=boto, challenge=challenge, **wrong)
    assert got[0] == "CodeMismatchException"
    right = {**wrong, "SOFTWARE_TOKEN_MFA_CODE": "123456"}
    assert respond(server, boto, challenge, **right)["AuthenticationResult"]
    got = error_of(respond, emulator=server, boto=boto, challenge=challenge, **right)
    assert got == ("NotAuthorizedException", "Invalid session for the user.")


def test_the_code_is_needed_after_a_temporary_password_was_replaced(
    server: Emulator, boto: Boto
) -> None:
    server.add_user("joan", "first", mfa_code="123456", temporary_password=True)
    challenge = by_password(server, boto, "joan", "first")
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    attributes = json.loads(challenge["ChallengeParameters"]["userAttributes"])
    assert attributes == {"email": "joan@example.com"}
    empty = error_of(respond, emulator=server, boto=boto, challenge=challenge, USERNAME="joan")
    assert empty[0] == "InvalidParameterException"
    following = respond(server, boto, challenge, USERNAME="joan", NEW_PASSWORD="second")
    assert following["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert error_of(by_password, emulator=server, boto=boto, name="joan", password="first")
    assert by_password(server, boto, "joan", "second")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"USERNAME": "ada"}, "Invalid session for the user."),
        ({}, "Invalid session for the user, session is expired."),
    ],
)
def test_a_challenge_belongs_to_one_user_and_expires_after_three_minutes(
    server: Emulator, boto: Boto, change: dict[str, str], message: str
) -> None:
    server.add_user("grace", "pw", mfa_code="123456")
    challenge = by_password(server, boto, "grace", "pw")
    if not change:
        server.shift_clock(180)
    given = {"USERNAME": "grace", "SOFTWARE_TOKEN_MFA_CODE": "123456", **change}
    got = error_of(respond, emulator=server, boto=boto, challenge=challenge, **given)
    assert got == ("NotAuthorizedException", message)


def test_a_response_with_another_challenge_name_is_refused(server: Emulator, boto: Boto) -> None:
    """A new password must not replace the code."""
    server.add_user("grace", "pw", mfa_code="123456")
    challenge = {
        **by_password(server, boto, "grace", "pw"),
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
    }
    given = {"USERNAME": "grace", "NEW_PASSWORD": "x"}
    got = error_of(respond, emulator=server, boto=boto, challenge=challenge, **given)
    assert got[0] == "InvalidParameterException"
