"""The magics in IPython on a terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from support.command_line import Terminal
from support.kernel import folders_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from appsync_gql.testing import Emulator

pytestmark = pytest.mark.slow

IPYTHON = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit"]
INTERRUPT = "\x03"


@pytest.fixture
def shell(emulator: Emulator, tmp_path: Path) -> Iterator[Terminal]:
    (tmp_path / "amplify_outputs.json").write_text(json.dumps(emulator.amplify_outputs()))
    env = {"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": emulator.cognito_url}
    with Terminal([], {**folders_of(tmp_path), **env}, tmp_path, IPYTHON) as made:
        made.wait_for("In [1]:")
        made.type("%load_ext appsync_gql\n")
        made.wait_for("In [2]:")
        made.type("%appsync connect\n")
        made.wait_for("In [3]:")
        yield made


def test_a_person_signs_in_queries_and_stops_a_subscription(shell: Terminal) -> None:
    shell.type("%appsync sign-in --username ada\n")
    shell.wait_for("Password of ada:")
    shell.type("correct horse\n")
    shell.wait_for("Signed in as ada")
    assert "correct horse" not in shell.shown
    query = "{ items(limit: 1) { items { id name } } }"
    shell.type(f"get_ipython().run_cell_magic('appsync', '', '{query}')\n")
    shell.wait_for("item 0")
    query = "subscription { onCreateItem { id } }"
    shell.type(f"get_ipython().run_cell_magic('appsync', '', '{query}')\n")
    shell.wait_for("waiting for events")
    shell.type(INTERRUPT)
    shell.wait_for("stopped")
    shell.type("exit\n")
    assert shell.exit_code() == 0
    assert "Traceback" not in shell.shown


def test_an_interrupt_at_the_password_signs_nobody_in(shell: Terminal) -> None:
    shell.type("%appsync sign-in --username ada\n")
    shell.wait_for("Password of ada:")
    shell.type(INTERRUPT)
    shell.wait_for("In [4]:")
    shell.type("%appsync status\n")
    shell.wait_for("last error")
    assert "Traceback" not in shell.shown
