from __future__ import annotations

import dataclasses
import enum
import importlib
import modulefinder
import subprocess
import sys
from pathlib import Path
from typing import Any, get_origin

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


def _classes() -> list[type[Any]]:
    """Return the public classes whose construction may be left by an error half-way.

    Not those of values that Python's ``dataclass`` shows: it sets all their fields first.
    """
    modules = [importlib.import_module(package) for package in PACKAGES]
    found = [getattr(module, name) for module in modules for name in module.__all__]
    # Python 3.10 takes an alias such as Mapping[str, str] for a type.
    classes = {one for one in found if isinstance(one, type) and not get_origin(one)}
    return sorted(
        (one for one in classes if not (issubclass(one, enum.Enum | tuple) or _is_value(one))),
        key=lambda one: one.__name__,
    )


def _is_value(one: type[Any]) -> bool:
    if not dataclasses.is_dataclass(one):
        return False
    code = one.__repr__.__code__
    return Path(code.co_filename).name in {"dataclasses.py", "reprlib.py"}


@pytest.mark.parametrize("made", _classes(), ids=lambda made: made.__name__)
def test_the_repr_of_an_object_that_could_not_be_constructed_raises_no_error(
    made: Any,
) -> None:
    """Tools that show the local variables of a traceback (rich, Sentry) call it."""
    unfinished = made.__new__(made)
    assert repr(unfinished)
    assert isinstance(str(unfinished), str)


def test_the_classes_whose_repr_is_checked_are_those_with_a_constructor_of_their_own() -> None:
    """Else the test above might check nothing."""
    names = {made.__name__ for made in _classes()}
    assert names >= {
        *("AppSyncClient", "AppSyncTransport", "BlockingAppSyncTransport", "TokenStore"),
        *("ApiKeyAuth", "IamAuth", "IdentityPoolAuth", "LambdaAuth", "OidcAuth"),
        *("DynamoDBPersistence", "FilePersistence", "KeyringPersistence", "MemoryPersistence"),
        *("RedisPersistence", "CognitoProvider", "Tokens", "Emulator", "FakeClock", "Gap"),
    }
