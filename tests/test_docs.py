"""README.md and docs/: every program runs as printed, and every link leads somewhere."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from appsync_gql import exceptions

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md"))]

complete = pytest.mark.skipif(
    not all((ROOT / name).exists() for name in ("docs", "benchmarks", "CHANGELOG.md")),
    reason="these are tests without the rest of the project",
)

PROGRAM = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n+)?^```python\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\((?!https?://)(?P<file>[^)#]*)(?:#(?P<anchor>[^)]+))?\)")
HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)

STRICT = (
    *("-W", "error"),
    *("-W", "ignore:datetime.datetime.utcnow"),
    *("-W", "ignore:This process:DeprecationWarning"),
)
"""Warnings are errors, except for one of pycognito's, and Python's of forks beside threads."""

SETTINGS = ("APPSYNC_", "AWS_", "PYTEST_")
"""How the environment variables begin that would change what a program does."""


class Program(NamedTuple):
    """A block of Python in a page.

    Attributes:
        page: its file.
        line: the line of the page on which it begins.
        code: the program.
        reason: why it is not run; ``None`` if it is.
    """

    page: Path
    line: int
    code: str
    reason: str | None

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.line}"


def programs_of(page: Path) -> list[Program]:
    text = page.read_text(encoding="utf-8")
    return [
        Program(page, text.count("\n", 0, m.start("code")) + 1, m["code"], m["reason"])
        for m in PROGRAM.finditer(text)
    ]


PROGRAMS = [program for page in PAGES for program in programs_of(page)]
RUN = [program for program in PROGRAMS if program.reason is None]
FIRST = next(program for program in RUN if program.page == README)
NOT_RUN = [program for program in PROGRAMS if program.reason is not None]


def name_of(value: object) -> str | None:
    return getattr(value, "place", None) or getattr(value, "name", None)


def run(program: Program, folder: Path) -> None:
    """Run a program in a folder of its own, with the settings of a new machine."""
    script = folder / "program.py"
    script.write_text(program.code, encoding="utf-8")
    # For the programs that are tests: older versions of pytest-asyncio warn without it.
    settings = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
    (folder / "pytest.ini").write_text(settings, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(SETTINGS)}
    environment |= {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    outcome = subprocess.run(  # noqa: S603
        [sys.executable, *STRICT, str(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stderr == ""


@pytest.mark.slow
def test_the_first_example_runs_as_printed(tmp_path: Path) -> None:
    run(FIRST, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("program", [p for p in RUN if p is not FIRST], ids=name_of)
def test_a_program_runs_as_printed(program: Program, tmp_path: Path) -> None:
    run(program, tmp_path)


@pytest.mark.parametrize("program", NOT_RUN, ids=name_of)
def test_a_program_that_is_not_run_imports_only_names_that_exist(program: Program) -> None:
    for node in ast.walk(ast.parse(program.code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("appsync_gql"):
            module = importlib.import_module(node.module or "")
            missing = {alias.name for alias in node.names if not hasattr(module, alias.name)}
            assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_page_has_a_program_that_is_run(page: Path) -> None:
    assert [program for program in RUN if program.page == page]


@complete
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        target = (page.parent / link["file"]).resolve() if link["file"] else page
        assert target.exists(), link[0]
        if link["anchor"]:
            assert link["anchor"] in anchors_of(target), link[0]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = (m["text"].lower() for m in HEADING.finditer(page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", text).replace(" ", "-") for text in headings}


@complete
def test_the_index_links_to_every_page() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    missing = [page.name for page in DOCS.glob("*.md") if f"({page.name})" not in index]
    assert missing == ["index.md"]


@complete
def test_the_page_of_errors_has_every_error() -> None:
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert [name for name in exceptions.__all__ if f"`{name}`" not in page] == []


def test_the_readme_fits_on_a_few_screens() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 180
