"""``connect()`` with the emulator's own configuration, in every mode that it can make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from gql import gql

from appsync_gql import (
    InsecureEndpoint,
    LambdaAuth,
    MemoryPersistence,
    NotSignedIn,
    RenewalFailed,
    TokenStore,
    connect,
)
from support.modes import ACCESS_KEY, SECRET_KEY, Api

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ME = gql("{ me { username } }")


@pytest.fixture
def credentials(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of an IAM user in the environment."""
    del api
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(("mode", "username"), [("api_key", "(API key)"), ("iam", ACCESS_KEY)])
def test_a_mode_by_its_name(api: Api, tmp_path: Path, mode: str, username: str) -> None:
    path = tmp_path / "amplify_outputs.json"
    api.emulator.write_amplify_outputs(path)
    assert connect(path, auth=mode).execute(ME) == {"me": {"username": username}}


@pytest.mark.parametrize("mode", [None, "userpool", "identity_pool"])
def test_a_user_signs_in_once_for_all_programs(api: Api, mode: str | None) -> None:
    """Cognito is where boto3's environment variables say."""
    persistence = MemoryPersistence()
    outputs = api.emulator.amplify_outputs()
    store = connect(outputs, persistence=persistence).auth
    assert isinstance(store, TokenStore)
    store.blocking.sign_in("ada", "correct horse", flow="USER_PASSWORD_AUTH")
    expected = "AROAEMULATORUSER:" if mode == "identity_pool" else "ada"
    for _ in range(2):
        client = connect(outputs, auth=mode, persistence=persistence)
        assert client.execute(ME)["me"]["username"].startswith(expected)


def test_nobody_is_signed_in_at_first(api: Api) -> None:
    client = connect(api.emulator.amplify_outputs(), persistence=MemoryPersistence())
    with pytest.raises(NotSignedIn):
        client.execute(ME)


def test_an_api_whose_pool_admits_guests(api: Api) -> None:
    outputs = api.emulator.amplify_outputs()
    del outputs["auth"]["user_pool_client_id"]
    found = connect(outputs, auth="identity_pool").execute(ME)
    assert found["me"]["username"].startswith("AROAEMULATORGUEST:")


def test_a_mode_of_an_object_needs_nothing_of_the_others(api: Api) -> None:
    outputs = api.emulator.amplify_outputs()
    del outputs["auth"]
    client = connect(outputs, auth=LambdaAuth(api.authorizer.issue))
    assert client.execute(ME) == {"me": {"username": "(Lambda authorizer)"}}


@pytest.mark.parametrize(
    ("variable", "mode"),
    [
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "userpool"),
        ("AWS_ENDPOINT_URL_COGNITO_IDENTITY", "identity_pool"),
    ],
)
def test_an_address_without_tls_on_another_machine_is_refused(
    make_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch, variable: str, mode: str
) -> None:
    api = make_api()
    persistence = MemoryPersistence()
    store = connect(api.emulator.amplify_outputs(), persistence=persistence).auth
    assert isinstance(store, TokenStore)
    store.blocking.sign_in("ada", "correct horse", flow="USER_PASSWORD_AUTH")
    monkeypatch.setenv(variable, "http://cognito.example.com")
    outputs: dict[str, Any] = api.emulator.amplify_outputs()
    client = connect(outputs, auth=mode, persistence=persistence)
    if mode == "userpool":
        api.emulator.shift_clock(7200)
    with pytest.raises((InsecureEndpoint, RenewalFailed), match=r"cognito\.example\.com"):
        client.execute(ME)
