"""Blocks that clean up also do so when Ctrl-C comes between two steps of a loop.

CPython 3.11 and later raise ``KeyboardInterrupt`` at the jump back to the start of a loop. Where
``try``, ``while True`` and ``try`` begin one right after the other, that place is outside of the
outer block: neither its ``except`` nor its ``finally`` is executed.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import appsync_gql

SOURCE = Path(appsync_gql.__file__).parent


def left_by_an_interrupt(text: str) -> list[int]:
    """Return the lines of blocks that an interrupt can leave without their cleaning up."""
    found = []
    for outer in ast.walk(ast.parse(text)):
        if not isinstance(outer, ast.Try):
            continue
        loop = outer.body[0]
        if isinstance(loop, ast.While) and isinstance(loop.body[0], ast.Try):
            found.append(outer.lineno)
    return found


@pytest.mark.parametrize(
    ("block", "lines"),
    [
        ("try:\n while True:\n  try:\n   f()\n  except E:\n   continue\nfinally:\n g()", [1]),
        ("try:\n f()\n while True:\n  try:\n   f()\n  except E:\n   continue\nfinally:\n g()", []),
        ("try:\n while True:\n  f()\nfinally:\n g()", []),
    ],
)
def test_such_a_block_is_found(block: str, lines: list[int]) -> None:
    assert left_by_an_interrupt(block) == lines


def test_there_is_no_such_block() -> None:
    found = {
        path.relative_to(SOURCE).as_posix(): lines
        for path in sorted(SOURCE.rglob("*.py"))
        if (lines := left_by_an_interrupt(path.read_text("utf-8")))
    }
    assert not found
