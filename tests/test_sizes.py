"""Modules have at most 300 lines and functions at most 40, with their docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

import appsync_gql

SOURCE = Path(appsync_gql.__file__).parent

MODULE_LINES, FUNCTION_LINES = 300, 40

LONGER_FUNCTIONS = {
    "transport.py:__init__": "20 arguments, most of them gql's own, each passed on once",
    "transport.py:execute": "half of it documents what is raised and what extra_args may hold",
    "client.py:connect": "half of it documents the arguments",
    "client.py:authorization": "one branch for each authorization mode, with its own import",
    "data/paginate.py:paginate": "most of it documents the arguments",
    "providers/cognito.py:__init__": "ten arguments, checked one by one and passed on",
    "store/user_methods.py:answer": "most of it documents the arguments and errors",
    "testing/emulator/user_controls.py:add_user": "most of it documents the arguments",
    "http/sender.py:send": "no call may be added on the way of every request",
    "testing/emulator/emulator.py:__init__": "keyword arguments with defaults, each passed on once",
    "testing/contract.py:sample_tokens": "keyword arguments with defaults, and one call",
}
"""Functions that may be longer, with the reason."""


def too_long(text: str, name: str) -> list[str]:
    """Return what is too long in a module: its name, or ``name:function``."""
    lines = [name] if len(text.splitlines()) > MODULE_LINES else []
    functions = (
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return lines + [
        f"{name}:{node.name}"
        for node in functions
        if (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES
    ]


def test_a_module_and_a_function_that_are_too_long_are_found() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    assert too_long(f"def f():\n{body}", "a.py") == ["a.py:f"]
    assert too_long(f"def f():\n{body[:-10]}", "a.py") == []
    assert too_long("x = 1\n" * (MODULE_LINES + 1), "a.py") == ["a.py"]


def test_only_the_listed_functions_are_longer_and_no_module() -> None:
    found = [
        name
        for path in sorted(SOURCE.rglob("*.py"))
        for name in too_long(path.read_text("utf-8"), path.relative_to(SOURCE).as_posix())
    ]
    assert sorted(found) == sorted(LONGER_FUNCTIONS)
