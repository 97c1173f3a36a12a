"""An API for commands, and folders of their own for profiles and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appsync_gql import CognitoProvider, FilePersistence, TokenStore
from appsync_gql.testing import Emulator
from support.command_line import API_KEY, environment_of


@pytest.fixture(scope="session")
def shared_api() -> Iterator[Emulator]:
    with Emulator.in_thread(api_keys=[API_KEY]) as emulator:
        yield emulator


@pytest.fixture
def env(shared_api: Emulator, tmp_path: Path) -> dict[str, str]:
    """The environment variables for other processes."""
    return environment_of(shared_api, tmp_path)


@pytest.fixture
def api(
    shared_api: Emulator, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Emulator]:
    """An API that the environment names, without a session; the current folder is empty."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    yield shared_api
    shared_api.faults.clear()


@pytest.fixture
def signed_in(api: Emulator) -> Emulator:
    """The same, with a saved session of ada."""
    provider = CognitoProvider(api.client_id, user_pool_id=api.user_pool_id)
    store = TokenStore(provider, tokens=api.issue_tokens(), persistence=FilePersistence())
    store.blocking.tokens()
    store.blocking.close()
    return api
