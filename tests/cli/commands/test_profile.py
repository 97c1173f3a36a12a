from __future__ import annotations

import json
from pathlib import Path

import pytest

from appsync_gql.testing import Emulator
from support.command_line import outputs_of, run


def test_profiles_are_saved_listed_and_removed(api: Emulator) -> None:
    Path("amplify_outputs.json").write_text(json.dumps(outputs_of(api)))
    assert run("profile", "list").stdout == ""
    assert run("profile", "save", "prod").stdout.endswith("prod.json.\n")
    assert run("profile", "save", "dev", "--config", "amplify_outputs.json").exit_code == 0
    assert run("profile", "list").stdout == "dev\nprod\n"
    assert run("profile", "remove", "dev").exit_code == 0
    assert run("profile", "list").stdout == "prod\n"


@pytest.mark.usefixtures("api")
def test_a_profile_that_is_missing_or_can_not_be_made_is_one_line() -> None:
    for arguments in (["remove", "x"], ["save", "x"], ["save", "a/b"]):
        outcome = run("profile", *arguments)
        assert outcome.exit_code == 2
        assert len(outcome.stderr.splitlines()) == 1
