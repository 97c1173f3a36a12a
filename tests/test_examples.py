"""The examples and the README's code do what they say."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import appsync_gql

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.name)
def test_a_script_runs(script: Path) -> None:
    outcome = subprocess.run(  # noqa: S603
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stderr == ""


@pytest.mark.parametrize("notebook", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda p: p.name)
def test_a_notebooks_cells_run_one_after_the_other(notebook: Path) -> None:
    cells = json.loads(notebook.read_text())["cells"]
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


def test_the_readmes_python_is_python_and_names_what_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert blocks
    for block in blocks:
        tree = ast.parse(block)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "appsync_gql":
                assert {alias.name for alias in node.names} <= set(appsync_gql.__all__)
