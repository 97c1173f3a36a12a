"""With gevent, the package's loop in the background disturbs no other loop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .api import running_api
from .host_program import host_program, missing_of, skip_without

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.peer("gevent")]


def test_other_loops_run_beside_the_one_in_the_background(tmp_path: Path) -> None:
    skip_without(missing_of("gevent"))
    command = ("-m", "hosts.programs.gevent_loops")
    with (
        running_api(str(tmp_path)) as api,
        host_program(command, api.settings.environment(), tmp_path) as program,
    ):
        found = json.loads(program.printed(r"FOUND (.*)"))
        assert program.wait(8) == 0
    assert found == {
        "first": True,
        "seen": False,
        "answers": [True] * 6,
        "own": [[1, 2, True]] * 2,
        "last": True,
    }
    assert program.suspicious == []
