from __future__ import annotations

from typing import Any

import pytest

from appsync_gql.data.rows import cell, columns_of, flattened, rows_of


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ([1, 2], [1, 2]),
        ({"items": [1], "nextToken": "x"}, [1]),
        ({"items": None}, [{"items": None}]),
        ({"id": 1}, [{"id": 1}]),
        ("text", ["text"]),
        (None, []),
        ([], []),
    ],
)
def test_the_rows_are_the_items_of_a_list_or_page_or_the_single_value(
    value: Any, rows: list[Any]
) -> None:
    assert rows_of(value) == rows


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ({"id": 1, "tags": ["a"]}, {"id": 1, "tags": ["a"]}),
        ({"a": {"b": {"c": 1}, "d": 2}}, {"a.b.c": 1, "a.d": 2}),
        ({"a": None, "b": {}}, {"a": None, "b": {}}),
        (7, {"value": 7}),
        (None, {"value": None}),
    ],
)
def test_nested_objects_become_columns_with_dots(row: Any, cells: dict[str, Any]) -> None:
    assert flattened(row) == cells


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ([{"a": 1}, {"b": 2, "a": 3}], ["a", "b"]),
        ([{"o": None}, {"o.name": "x"}], ["o.name"]),
        ([{"o": 1}, {"o.name": "x"}], ["o", "o.name"]),
        ([{"o": None}], ["o"]),
        ([], []),
    ],
)
def test_columns_come_in_the_order_in_which_they_appear(
    rows: list[dict[str, Any]], columns: list[str]
) -> None:
    assert columns_of(rows) == columns


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("text", "text"),
        (True, "true"),
        (1.5, "1.5"),
        (["ä", None], '["ä", null]'),
        ({}, "{}"),
    ],
)
def test_a_cell_is_text_number_or_json(value: Any, text: str) -> None:
    assert cell(value) == text
