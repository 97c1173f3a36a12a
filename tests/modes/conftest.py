"""Fixtures for tests of all authorization modes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appsync_gql import AppSyncTransport
from appsync_gql.testing import Emulator
from support.modes import Api, Authorizer, emulator_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def make_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Api]]:
    """Start an emulator with all modes, whose STS and Cognito boto3 finds in the environment."""
    managers = []

    def start(**more: object) -> Api:
        authorizer = Authorizer()
        manager = Emulator.in_thread(**{**emulator_arguments(authorizer), **more})
        emulator = manager.__enter__()
        managers.append(manager)
        authorizer.now = emulator.now
        for name, value in emulator.aws_environment.items():
            monkeypatch.setenv(name, value)
        return Api(emulator, authorizer, tmp_path)

    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield start
    for manager in managers:
        manager.__exit__(None, None, None)


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """An emulator with all modes."""
    return make_api()


@pytest.fixture
def transport(api: Api) -> Callable[[object], AppSyncTransport]:
    """Return a transport with an authorization."""
    return lambda auth: AppSyncTransport(api.emulator.graphql_url, auth=auth)  # type: ignore[arg-type]
