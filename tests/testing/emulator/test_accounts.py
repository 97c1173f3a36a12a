"""The calls about accounts and devices, without a socket."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from appsync_gql.testing.emulator.accounts import Accounts
from appsync_gql.testing.emulator.cognito_error import CognitoError
from appsync_gql.testing.emulator.users import RememberedDevice, User


@pytest.fixture
def ada() -> User:
    return User("ada", "pw", devices={"key": RememberedDevice(group_key="group")})


@pytest.fixture
def accounts(ada: User) -> Accounts:
    return Accounts({"ada": ada}, lambda _token: ada)


def refusal(call: Any, **body: Any) -> str:
    with pytest.raises(CognitoError) as caught:
        call(body)
    return caught.value.name


def test_a_new_user_is_not_confirmed_before_the_code_is_right(accounts: Accounts) -> None:
    given = [{"Name": "email", "Value": "joan@test.org"}]
    made = accounts.sign_up({"Username": "joan", "Password": "pw", "UserAttributes": given})
    joan = accounts.users["joan"]
    assert made["CodeDeliveryDetails"]["Destination"] == "j***@t***"
    assert (joan.confirmed, joan.attributes["email"]) == (False, "joan@test.org")
    code = {"Username": "joan", "ConfirmationCode": joan.sent_code}
    assert refusal(accounts.confirm_sign_up, **{**code, "ConfirmationCode": "0"}) == (
        "CodeMismatchException"
    )
    accounts.confirm_sign_up(code)
    assert joan.confirmed
    assert refusal(accounts.confirm_sign_up, **code) == "NotAuthorizedException"


def test_a_name_that_is_taken_and_a_bad_password_are_refused(accounts: Accounts) -> None:
    assert refusal(accounts.sign_up, Username="ada", Password="pw") == "UsernameExistsException"
    assert refusal(accounts.sign_up, Username="x", Password=" pw") == "InvalidPasswordException"
    assert refusal(accounts.sign_up, Username="x") == "InvalidParameterException"


def test_a_password_is_reset_or_changed(accounts: Accounts, ada: User) -> None:
    accounts.forgot_password({"Username": "ada"})
    reset = {"Username": "ada", "ConfirmationCode": ada.sent_code, "Password": "second"}
    accounts.confirm_forgot_password(reset)
    assert ada.password == "second"
    change = {"AccessToken": "t", "PreviousPassword": "second", "ProposedPassword": "third"}
    accounts.change_password(change)
    assert ada.password == "third"
    assert refusal(accounts.change_password, **change) == "NotAuthorizedException"
    assert refusal(accounts.forgot_password, Username="nobody") == "UserNotFoundException"


def test_a_device_is_confirmed_and_given_up(accounts: Accounts, ada: User) -> None:
    number = base64.b64encode(b"\x05").decode()
    config = {"PasswordVerifier": number, "Salt": number}
    body = {"AccessToken": "t", "DeviceKey": "key", "DeviceSecretVerifierConfig": config}
    accounts.confirm_device(body)
    assert (ada.devices["key"].verifier, ada.devices["key"].salt) == (5, 5)
    status = {"AccessToken": "t", "DeviceKey": "key"}
    accounts.update_device_status({**status, "DeviceRememberedStatus": "remembered"})
    assert ada.devices["key"].verifier == 5
    accounts.update_device_status({**status, "DeviceRememberedStatus": "not_remembered"})
    assert ada.devices["key"].verifier is None
    assert refusal(accounts.confirm_device, **{**body, "DeviceKey": "x"}) == (
        "ResourceNotFoundException"
    )
    bad = {"PasswordVerifier": "no base64!", "Salt": number}
    assert refusal(accounts.confirm_device, **{**body, "DeviceSecretVerifierConfig": bad}) == (
        "InvalidParameterException"
    )
