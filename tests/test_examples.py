"""The examples run without an error or a warning."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


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
def test_the_cells_of_a_notebook_run_in_their_order(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {"__name__": "__main__"}

    async def run_all() -> None:
        for cell in cells:
            if cell["cell_type"] == "code":
                source, flags = "".join(cell["source"]), ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
                made = types.FunctionType(compile(source, notebook.name, "exec", flags), names)()
                if inspect.isawaitable(made):
                    await made

    asyncio.run(run_all())
    assert names["page"]["items"]["nextToken"] == "3"
