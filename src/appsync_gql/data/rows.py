"""Results as rows of cells, for tables, CSV and JSON lines. Pure."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["cell", "columns_of", "flattened", "rows_of"]

_VALUE = "value"
"""The column of rows that are no objects."""


def rows_of(value: Any) -> list[Any]:
    """Return the rows of one part of a result.

    They are the items of a list or of a page (an object with ``items``); a single object or
    value is one row, and null is none.
    """
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        value = value["items"]
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def flattened(row: Any) -> dict[str, Any]:
    """Return a row's cells by column; fields of nested objects are ``outer.inner``."""
    if not isinstance(row, dict):
        return {_VALUE: row}
    cells: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and value:
            inner = flattened(value)
            cells |= {f"{name}.{inner_name}": found for inner_name, found in inner.items()}
        else:
            cells[name] = value
    return cells


def columns_of(rows: list[dict[str, Any]]) -> list[str]:
    """Return the columns of flattened rows, in the order in which they first appear.

    A column of which others are parts (``owner`` beside ``owner.name``, where one owner is null)
    is left out if it has no values.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [
        name
        for name in names
        if any(row.get(name) is not None for row in rows)
        or not any(other.startswith(f"{name}.") for other in names)
    ]


def cell(value: Any) -> str:
    """Return a cell's text: empty for null, JSON for lists and for ``true`` and ``false``."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
