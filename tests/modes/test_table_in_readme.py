"""Each cell of the README's table of authorization modes is a test of test_table.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from modes import test_table
from support.modes import MODES

if TYPE_CHECKING:
    from collections.abc import Iterator

README = Path(__file__).parents[2] / "README.md"

TESTS: dict[str, tuple[Any, ...]] = {
    "query": (test_table.test_query,),
    "mutation": (test_table.test_mutation,),
    "subscription": (test_table.test_subscription,),
    "batch": (test_table.test_batch,),
    "sync": (test_table.test_sync, test_table.test_sync_subscription),
    "renewal": (test_table.test_renewal,),
    "replay": (test_table.test_replay, test_table.test_a_second_refusal_is_final),
}
"""The tests of each column."""

NAMES = {
    "`TokenStore(provider)`": {"user pool"},
    "`ApiKeyAuth(key)`": {"api key"},
    "`IamAuth()`": {"IAM role"},
    "`IdentityPoolAuth(store, pool_id)`": {"identity pool, user", "identity pool, guest"},
    "`OidcAuth(source)`": {"OIDC"},
    "`LambdaAuth(source)`": {"Lambda"},
}
"""The modes of the tests by what a row calls them."""


def table() -> Iterator[tuple[str, str, str]]:
    """Return row, column and content of each cell of a column that has tests."""
    lines = README.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| AppSync's mode "))
    _, *heads = _cells(lines[start])
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return
        _, name, *cells = _cells(line)
        yield from ((name, head, cell) for head, cell in zip(heads[1:], cells, strict=True))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def modes_of(test: Any) -> set[str]:
    """Return the names of the modes that a test is run with: its ids."""
    (marks,) = [m for m in test.pytestmark if m.name == "parametrize" and m.args[0] == "mode"]
    values = (getattr(value, "values", (value,))[0] for value in marks.args[1])
    return {str(mode) for mode in values}


CELLS = list(table()) if README.exists() else []

complete = pytest.mark.skipif(not CELLS, reason="these are tests without the rest of the project")


@complete
def test_the_table_has_all_modes_and_all_columns() -> None:
    assert {row for row, _, _ in CELLS} == set(NAMES)
    assert {column for _, column, _ in CELLS} == set(TESTS)
    assert len(CELLS) == len(NAMES) * len(TESTS)
    assert set().union(*NAMES.values()) <= {mode.name for mode in MODES}


@complete
@pytest.mark.parametrize(
    ("row", "column", "content"), CELLS, ids=[f"{row}: {column}" for row, column, _ in CELLS]
)
def test_a_yes_has_tests_and_a_no_has_none(row: str, column: str, content: str) -> None:
    answer = content.split(",", maxsplit=1)[0]
    assert answer in {"yes", "no"}
    for test in TESTS[column]:
        assert (modes_of(test) >= NAMES[row]) is (answer == "yes")
        assert (modes_of(test) & NAMES[row] == set()) is (answer == "no")
