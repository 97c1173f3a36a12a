"""Results as HTML and text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from appsync_gql.notebook.markup import (
    ROWS,
    card_html,
    card_text,
    data_html,
    data_text,
    is_table,
    mime_bundle,
    pre_html,
    rows_html,
    rows_text,
)

PAGE = {"items": {"items": [{"id": "1", "owner": {"name": "ada"}}, {"id": "2"}], "nextToken": "x"}}


def words(markup: str) -> list[str]:
    return re.sub("<[^>]*>", " ", markup).split()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], True),
        ([1], True),
        ({"items": []}, True),
        ({"items": None}, False),
        ({"a": 1}, False),
        (1, False),
    ],
)
def test_lists_and_pages_are_tables(value: Any, expected: object) -> None:
    assert is_table(value) is expected


def test_a_page_is_a_table_that_says_that_there_are_more() -> None:
    shown = words(data_html(PAGE))
    assert shown[:2] == ["items:", "2"]
    assert "(--paginate)" in shown
    assert [w for w in shown if w in {"id", "owner.name", "1", "ada", "2"}][-5:] == [
        "id", "owner.name", "1", "ada", "2",
    ]  # fmt: skip


def test_an_object_is_a_tree() -> None:
    markup = data_html(
        {"me": {"name": "ada", "tags": ["a", "b"], "home": {"city": "x"}, "none": None}}
    )
    assert markup.count("<details open>") == 2
    assert words(markup) == [
        "me",
        "name",
        "ada",
        "tags",
        "[&quot;a&quot;,",
        "&quot;b&quot;]",
        "home",
        "city",
        "x",
        "none",
        "null",
    ]


def test_lists_inside_of_an_object_are_tables_in_the_tree() -> None:
    markup = data_html({"user": {"todos": [{"id": 1}, {"id": 2}], "mixed": [{"id": 3}, [4]]}})
    assert markup.count("<table>") == 1
    assert words(markup)[-2:] == ["1", "[4]"]


def test_values_are_escaped_and_no_formula_begins() -> None:
    markup = data_html({"x": [{"<b>": "<script>alert(1)</script> $a$"}]})
    assert "<script>" not in markup
    assert "<b>&" not in markup
    assert "$" not in markup


def test_long_tables_and_cells_are_cut_and_say_so() -> None:
    markup = data_html({"x": [{"id": n, "text": "y" * 500} for n in range(ROWS + 1)]})
    assert f"{ROWS + 1} rows, {ROWS} shown" in markup
    assert markup.count("<tr>") == ROWS + 1
    assert "y" * 301 not in markup


@pytest.mark.parametrize(
    "data", [None, {}, [], {"a": None}, {"a": []}, "text", 1, {"a": [[]]}, {"a": [None, 1]}]
)
def test_any_data_is_shown(data: Any) -> None:
    assert data_html(data)
    assert data_text(data)


def test_text_has_a_table_too() -> None:
    assert data_text(PAGE) == "items: 2 rows\nid  owner.name\n1   ada\n2"
    assert data_text({"me": {"id": 1}}) == 'me: {\n  "id": 1\n}'
    assert data_text({"x": [{"a": "b\n\x1b"}]}) == "x: 1 row\na\nb"


def test_a_card_has_names_and_values() -> None:
    lines = [("user", "ada <x>"), ("user pool", "p")]
    assert card_text("API", lines) == "API\n  user       ada <x>\n  user pool  p"
    assert words(card_html("API", lines)) == [
        "API",
        "user",
        "ada",
        "&lt;x&gt;",
        "user",
        "pool",
        "p",
    ]


def test_no_color_is_set_so_that_every_theme_works() -> None:
    shown = data_html(PAGE) + card_html("a", [("b", "c")]) + pre_html("x")
    assert not re.search("color|background|#(?!36;)", shown)


def test_both_forms_are_in_a_bundle() -> None:
    assert mime_bundle("<b>", "b") == {"text/html": "<b>", "text/plain": "b"}


def test_numbers_are_aligned_to_the_right_and_all_else_to_the_left() -> None:
    markup = rows_html("x", [{"n": 1, "text": "a", "yes": True}, {"n": None, "text": "b"}])
    assert re.findall(r"<th style='text-align:(\w+)'>(\w+)", markup) == [
        ("right", "n"),
        ("left", "text"),
        ("left", "yes"),
    ]


def test_a_page_inside_of_an_object_is_a_table() -> None:
    markup = data_html({"user": {"todos": {"items": [{"id": 1}], "nextToken": "x"}}})
    assert words(markup)[:2] == ["user", "todos:"]
    assert "(--paginate)" in markup


def test_a_caption_without_rows_stands_alone() -> None:
    assert rows_text("0 events: stopped", []) == "0 events: stopped"
    assert words(rows_html("0 events: <stopped>", [])) == ["0", "events:", "&lt;stopped&gt;"]
