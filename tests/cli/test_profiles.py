from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.cli import profiles
from appsync_gql.testing import Emulator
from support.command_line import outputs_of


@pytest.fixture
def config(api: Emulator) -> Path:
    path = Path("outputs.json")
    path.write_text(json.dumps(outputs_of(api)))
    return path


def test_a_profile_is_a_private_copy_of_a_configuration(config: Path) -> None:
    path = profiles.save("prod", config)
    assert path == profiles.folder() / "prod.json"
    assert path.read_bytes() == config.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("api")
def test_profiles_are_in_the_platforms_folder_for_configurations(env: dict[str, str]) -> None:
    assert profiles.folder() == Path(env["XDG_CONFIG_HOME"]) / "appsync-gql" / "profiles"


def test_names_are_sorted_and_a_saved_profile_replaces_one(config: Path) -> None:
    assert profiles.names() == []
    for name in ("b", "a", "b"):
        profiles.save(name, config)
    assert profiles.names() == ["a", "b"]


@pytest.mark.usefixtures("api")
def test_what_is_no_configuration_is_not_saved() -> None:
    Path("wrong.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="no Amplify configuration"):
        profiles.save("prod", Path("wrong.json"))
    assert profiles.names() == []


def test_a_removed_profile_is_gone(config: Path) -> None:
    profiles.save("prod", config)
    profiles.remove("prod")
    assert profiles.names() == []
    with pytest.raises(FileNotFoundError):
        profiles.remove("prod")
    with pytest.raises(ConfigurationError):
        profiles.remove("../prod")
