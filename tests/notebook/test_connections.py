"""Named connections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appsync_gql import ApiKeyAuth, ConfigurationError, TokenStore
from appsync_gql.notebook.connections import Connections
from appsync_gql.testing import Emulator


@pytest.fixture(scope="module")
def outputs() -> Any:
    with Emulator.in_thread(api_keys=["da2-key"]) as local:
        yield local.amplify_outputs()


@pytest.fixture
def connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outputs: Any) -> Connections:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "amplify_outputs.json").write_text(json.dumps(outputs))
    return Connections()


def test_the_configuration_of_the_folder_is_the_default(connections: Connections) -> None:
    made = connections.add(None, None, mode=None, user=None)
    assert (made.name, made.mode) == ("default", "userpool")
    assert made.has_user_pool
    assert connections.get() is made
    assert isinstance(made.store(), TokenStore)
    assert made.store() is made.client.auth


def test_the_newest_connection_is_current_until_another_is_chosen(connections: Connections) -> None:
    first = connections.add(None, None, mode=None, user=None)
    second = connections.add("amplify_outputs.json", "prod", mode="api_key", user=None)
    assert connections.get() is second
    assert isinstance(second.client.auth, ApiKeyAuth)
    assert connections.use("default") is first
    assert connections.get() is first
    assert connections.get("prod") is second
    assert connections.others(first) == ["prod"]


def test_another_mode_is_made_once(connections: Connections) -> None:
    made = connections.add(None, None, mode="api_key", user=None)
    assert made.auth("api_key") is made.client.auth
    assert made.auth("userpool") is made.auth("userpool") is made.store()


def test_the_store_of_an_identity_pool_is_the_users(
    connections: Connections, tmp_path: Path, outputs: Any
) -> None:
    auth = {**outputs["auth"], "identity_pool_id": "us-east-1:00000000-0000-0000-0000-000000000000"}
    (tmp_path / "amplify_outputs.json").write_text(json.dumps({**outputs, "auth": auth}))
    made = connections.add(None, None, mode="identity_pool", user=None)
    assert made.store() is getattr(made.client.auth, "store", None)


def test_what_is_not_there_is_a_clear_error(
    connections: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match="Nothing is connected yet"):
        connections.get()
    connections.add(None, None, mode=None, user=None)
    with pytest.raises(ConfigurationError, match="no connection 'prod'; there are default"):
        connections.use("prod")
    with pytest.raises(ConfigurationError, match=r"nothing\.json can't be read"):
        connections.add("nothing.json", None, mode=None, user=None)
    (tmp_path / "amplify_outputs.json").unlink()
    monkeypatch.delenv("APPSYNC_URL", raising=False)
    with pytest.raises(ConfigurationError, match=r"There is no amplify_outputs\.json in"):
        connections.add(None, None, mode=None, user=None)


def test_a_failed_connection_changes_nothing(connections: Connections) -> None:
    made = connections.add(None, None, mode=None, user=None)
    with pytest.raises(ConfigurationError):
        connections.add(None, "x", mode="nonsense", user=None)
    assert connections.get() is made
