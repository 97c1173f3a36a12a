"""Which modes an API has, and which of them a request belongs to."""

from __future__ import annotations

from typing import Any

import pytest
from multidict import CIMultiDict

from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.api_modes import ApiModes
from appsync_gql.testing.emulator.authorization import AuthorizationFailed, AuthorizationRequest

ALL: dict[str, Any] = {
    "api_keys": ["da2-key"],
    "iam_credentials": {},
    "oidc_issuer": "https://login.example.com",
    "lambda_authorizer": lambda _event: {"isAuthorized": True},
}


def modes_of(emulator: Emulator) -> ApiModes:
    return emulator._modes


@pytest.mark.parametrize("argument", [None, *ALL])
def test_each_argument_adds_a_mode(argument: str | None) -> None:
    modes = modes_of(Emulator(**({} if argument is None else {argument: ALL[argument]})))
    found = [modes.api_key, modes.iam, modes.oidc, modes.lambda_authorizer]
    assert sum(mode is not None for mode in found) == (argument is not None)
    authorization = modes.authorization()
    assert authorization.single_mode is (argument is None)
    assert authorization.denies_fields is (argument == "lambda_authorizer")


@pytest.mark.parametrize(
    ("headers", "mode"),
    [
        (lambda e: {"Authorization": str(e.issue_tokens().id_token)}, "AMAZON_COGNITO_USER_POOLS"),
        (lambda e: {"Authorization": e.issue_oidc_token()}, "OPENID_CONNECT"),
        (lambda _: {"Authorization": "custom-token"}, "AWS_LAMBDA"),
        (lambda _: {"x-api-key": "da2-key"}, "API_KEY"),
        (lambda _: {"x-api-key": "da2-key", "Authorization": "custom-token"}, "AWS_LAMBDA"),
    ],
)
async def test_the_headers_select_the_mode(headers: Any, mode: str) -> None:
    emulator = Emulator(**ALL)
    request = AuthorizationRequest(headers=CIMultiDict(headers(emulator)))
    assert (await modes_of(emulator).authorization().authorize(request)).mode == mode


async def test_a_signature_selects_iam() -> None:
    emulator = Emulator(**ALL)
    request = AuthorizationRequest(headers=CIMultiDict({"Authorization": "AWS4-HMAC-SHA256 x"}))
    with pytest.raises(AuthorizationFailed) as caught:
        await modes_of(emulator).authorization().authorize(request)
    assert caught.value.error_type == "IncompleteSignatureException"
