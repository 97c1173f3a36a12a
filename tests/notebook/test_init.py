"""Loading the extension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import appsync_gql
from appsync_gql import notebook as package
from support.programs import run_program

if TYPE_CHECKING:
    from .conftest import Notebook


def test_load_ext_registers_the_magics(notebook: Notebook) -> None:
    magics = notebook.shell.magics_manager.magics
    assert "appsync" in magics["line"]
    assert "appsync" in magics["cell"]


def test_the_top_level_has_what_load_ext_looks_for() -> None:
    assert appsync_gql.load_ipython_extension is package.load_ipython_extension


def test_the_package_imports_ipython_and_data_frames_only_when_they_are_used() -> None:
    program = """
import appsync_gql.notebook
from appsync_gql.notebook import Result
Result([{"a": 1}])._repr_html_()
print(json.dumps([name for name in ("IPython", "pandas", "polars") if name in sys.modules]))
"""
    assert run_program(program)[0] == []


def test_there_are_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing
