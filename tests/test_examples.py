"""The examples run without an error or a warning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SHELL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1])):
    if not shell.run_cell(cell, store_history=False).success:
        sys.exit("failed: " + cell)
"""


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_a_script_runs(script: Path) -> None:
    outcome = subprocess.run(  # noqa: S603
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("notebook", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.name)
def test_the_cells_of_a_notebook_run_in_their_order(notebook: Path, tmp_path: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    (tmp_path / "cells.json").write_text(json.dumps(code))
    outcome = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SHELL, str(tmp_path / "cells.json")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "MPLBACKEND": "agg"},
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "user                ada" in outcome.stdout
    assert "5 events: complete" in outcome.stdout
    assert "Traceback" not in outcome.stdout
