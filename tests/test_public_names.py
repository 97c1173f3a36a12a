from __future__ import annotations

import importlib
import modulefinder
import subprocess
import sys
from pathlib import Path

import pytest

import appsync_gql
from support.stubs import PACKAGES, path_of, stub_of


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_can_be_imported(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_stub_for_type_checkers_lists_the_same_names(package: str) -> None:
    """If it fails: ``python tests/support/stubs.py`` writes the stubs anew."""
    assert path_of(package).read_text() == stub_of(package)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Missing'"):
        appsync_gql.Missing  # type: ignore[attr-defined] # noqa: B018


def test_importing_the_package_imports_no_other_module_of_it() -> None:
    code = (
        "import sys, appsync_gql; print([m for m in sys.modules if m.startswith('appsync_gql.')])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "['appsync_gql.lazy_imports']"


def test_programs_that_bundle_others_find_the_modules_of_all_names(tmp_path: Path) -> None:
    """PyInstaller and others look for import statements, and do not see lazy imports."""
    program = tmp_path / "program.py"
    program.write_text("from appsync_gql import TokenStore")
    folder = Path(appsync_gql.__file__).parents[1]
    others = [path.stem for path in folder.iterdir() if path.name != "appsync_gql"]
    finder = modulefinder.ModuleFinder(path=[str(folder)], excludes=others)
    finder.run_script(str(program))
    wanted = {f"appsync_gql.{name}" for name in vars(appsync_gql)["_NAMES"]}
    assert wanted - set(finder.modules) == set()
