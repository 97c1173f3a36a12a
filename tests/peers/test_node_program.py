"""The class that starts Node programs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from .node_program import Program, install, missing

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.peer("node")

SERVES = "console.log('ready 1'); setInterval(() => {}, 1000)"


def test_a_program_that_ends_early_is_an_error_with_its_output(tmp_path: Path) -> None:
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


def test_a_program_ends_when_the_process_that_started_it_ends(tmp_path: Path) -> None:
    with Program(["-e", SERVES], ready="ready", folder=tmp_path) as serving:
        serving.close_stdin()
        deadline = time.monotonic() + 60
        while serving.running:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_missing_program_skips_the_test_and_fails_it_if_ci_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no node"):
        missing("no node")
    for value in ("true", "True", "1"):
        monkeypatch.setenv("CI", value)
        with pytest.raises(pytest.fail.Exception, match="no node"):
            missing("no node")


@pytest.mark.parametrize(("value", "outcome"), [("", "skip"), ("true", "fail")])
def test_an_installation_that_fails_is_a_missing_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, outcome: str
) -> None:
    monkeypatch.setenv("CI", value)
    expected = getattr(pytest, outcome).Exception
    with pytest.raises(expected, match="npm ci failed"):
        install(tmp_path)  # an empty folder has no lock file
