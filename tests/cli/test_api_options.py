"""The options that choose an API, and the client that they make."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from appsync_gql import (
    ApiKeyAuth,
    ConfigurationError,
    IamAuth,
    LambdaAuth,
    OidcAuth,
    TokenStore,
)
from appsync_gql.cli import profiles
from appsync_gql.cli.api_options import ApiOptions, api_options
from appsync_gql.cli.settings import Choice
from appsync_gql.testing import Emulator
from support.command_line import outputs_of


def options(**arguments: Any) -> ApiOptions:
    return ApiOptions(**{"choice": Choice(), "environment": os.environ, **arguments})


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        (None, TokenStore),
        ("userpool", TokenStore),
        ("api_key", ApiKeyAuth),
        ("iam", IamAuth),
        ("oidc", OidcAuth),
        ("lambda", LambdaAuth),
    ],
)
def test_the_mode_is_the_named_one_or_the_apis_default(
    auth: str | None, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPSYNC_TOKEN", "token")
    found = options(auth=auth)
    assert type(found.client().auth) is kind
    assert found.mode() == (auth or "userpool")


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("auth", ["oidc", "lambda"])
def test_a_mode_with_a_token_of_elsewhere_takes_it_from_the_environment_only(auth: str) -> None:
    with pytest.raises(ConfigurationError, match="APPSYNC_TOKEN"):
        options(auth=auth).client()


def test_a_file_in_the_current_folder_is_found(api: Emulator) -> None:
    Path("amplify_outputs.json").write_text(json.dumps(outputs_of(api, mode="API_KEY")))
    config = options().config()
    assert (config.source, config.default_mode) == ("amplify_outputs.json", "api_key")
    profiles.save("prod", Path("amplify_outputs.json"))
    assert options(choice=Choice(profile="prod")).config().source == "profile prod"


@pytest.mark.usefixtures("api")
def test_the_user_whose_session_is_meant_is_part_of_the_configuration() -> None:
    assert options(user="bob").config().username == "bob"
    assert options().config().username is None


@pytest.mark.usefixtures("api")
def test_the_store_is_the_user_pools_whatever_the_mode() -> None:
    assert isinstance(options(auth="api_key").store(), TokenStore)


@pytest.mark.usefixtures("api")
def test_an_api_without_a_user_pool_has_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APPSYNC_CLIENT_ID")
    with pytest.raises(ConfigurationError, match="CLIENT_ID"):
        options().store()


def test_the_options_become_a_choice() -> None:
    found = api_options(config=Path("c"), url="u", auth="iam", user="bob")
    assert found.choice == Choice(config=Path("c"), flags={"URL": "u"})
    assert (found.auth, found.user) == ("iam", "bob")
    assert "environ" not in repr(found)
