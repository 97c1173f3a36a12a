"""The harness itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from .node import Program, missing

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer("node")

SERVES = "console.log('ready 1'); setInterval(() => {}, 1000)"


def test_a_program_that_ends_early_is_an_error_with_what_it_said(tmp_path: Path) -> None:
    broken = Program(
        ["-e", "console.error('no luck'); process.exit(3)"], ready="r", folder=tmp_path
    )
    with pytest.raises(pytest.fail.Exception, match=r"ended with 3 before(.|\n)*no luck"), broken:
        pass  # pragma: no cover - it never starts
    assert not broken.running


def test_a_program_has_ended_after_its_block(tmp_path: Path) -> None:
    with Program(["-e", SERVES], ready=r"ready (\d)", folder=tmp_path) as serving:
        assert serving.match[1] == "1"
        assert serving.running
    assert not serving.running


def test_a_program_ends_when_its_starter_is_gone(tmp_path: Path) -> None:
    with Program(["-e", SERVES], ready="ready", folder=tmp_path) as serving:
        serving.hang_up()
        deadline = time.monotonic() + 10
        while serving.running:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_what_is_missing_skips_here_but_fails_where_ci_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no node"):
        missing("no node")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no node"):
        missing("no node")
