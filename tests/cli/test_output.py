"""What is written for a person and for a program."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.cli.output import (
    Format,
    as_csv,
    as_json,
    as_json_lines,
    as_table,
    chosen,
    write,
)

ROWS = [
    {"id": "1", "owner": {"name": "Ada"}, "tags": ["a", "b"], "done": True},
    {"id": "2", "owner": None, "tags": None, "done": None},
]


@pytest.mark.parametrize(
    ("asked", "terminal", "expected"),
    [
        (None, True, Format.TABLE),
        (None, False, Format.JSON),
        (Format.CSV, True, Format.CSV),
        (Format.TABLE, False, Format.TABLE),
    ],
)
def test_a_person_gets_a_table_and_a_program_json(
    asked: Format | None, expected: Format, *, terminal: bool
) -> None:
    assert chosen(asked, terminal=terminal) is expected


def test_csv_has_one_line_for_each_row_and_quotes_what_needs_it() -> None:
    text = as_csv([*ROWS, {"id": 'a,"b"\nc'}])
    assert list(csv.reader(io.StringIO(text))) == [
        ["id", "owner.name", "tags", "done"],
        ["1", "Ada", '["a", "b"]', "true"],
        ["2", "", "", ""],
        ['a,"b"\nc', "", "", ""],
    ]


def test_csv_of_plain_values_has_one_column_and_of_nothing_no_line() -> None:
    assert as_csv([1, None, "x"]) == 'value\n1\n""\nx\n'
    assert as_csv([]) == ""


def test_json_lines_are_one_line_each() -> None:
    assert [json.loads(line) for line in as_json_lines(ROWS)] == ROWS
    assert "\n" not in "".join(as_json_lines([{"a": "1\n2"}]))


def test_json_keeps_letters_of_other_languages_where_the_output_can_write_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for encoding, text in (("utf-8", '"ä"'), ("ascii", r'"\u00e4"')):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
        assert as_json("ä") == text


def table(**parts: Any) -> str:
    return as_table(parts, width=200, color=False)


def test_a_list_is_a_table_with_a_line_for_each_item() -> None:
    lines = table(todos={"items": ROWS, "nextToken": None}).splitlines()
    assert lines[0].strip() == "todos"
    assert [word.strip() for word in lines[2].strip("┃").split("┃")] == [
        "id",
        "owner.name",
        "tags",
        "done",
    ]
    assert "Ada" in lines[4]
    assert len(lines) == 7


def test_an_object_is_a_table_with_a_line_for_each_field() -> None:
    text = table(me={"name": "Ada", "address": {"city": "London"}})
    assert "address.city" in text
    assert "London" in text


def test_nothing_is_said_in_words() -> None:
    assert table(todos=[], user=None) == "todos: nothing\nuser: nothing\n"


def test_every_part_of_a_result_has_its_own_table() -> None:
    text = table(a={"x": 1}, b=[1, 2])
    assert text.index("a ") < text.index("b ")
    assert text.count("┏") == 2


def test_data_is_neither_markup_nor_control_characters_of_the_terminal() -> None:
    text = table(a=[{"[bold]x": "[red]y[/red]", "z": "\x1b[2J"}])
    assert "[bold]x" in text
    assert "[red]y[/red]" in text
    assert "\x1b" not in text
    assert "�[2J" in text


def test_on_a_narrow_terminal_nothing_is_cut() -> None:
    text = as_table({"a": [{"x": "abcdefghij" * 5}]}, width=20, color=False)
    inside = "".join(line.strip("│ ") for line in text.splitlines() if line.startswith("│"))
    assert inside == "abcdefghij" * 5


@pytest.mark.parametrize(
    ("data", "asked", "text"),
    [
        ({"a": [1, 2]}, Format.JSON, '{\n  "a": [\n    1,\n    2\n  ]\n}\n'),
        ({"a": [1, 2]}, None, '{\n  "a": [\n    1,\n    2\n  ]\n}\n'),
        ({"a": [1, 2]}, Format.JSONL, "1\n2\n"),
        ({"a": {"items": [{"b": 1}]}}, Format.CSV, "b\n1\n"),
        ({"a": None}, Format.TABLE, "a: nothing\n"),
        ({"a": []}, Format.CSV, ""),
        ({"a": []}, Format.JSONL, ""),
    ],
)
def test_a_result_is_written_in_the_format_that_is_asked_for(
    data: Any, asked: Format | None, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(data, asked)
    assert capsys.readouterr().out == text


def test_a_result_that_is_no_mapping_has_its_parts_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write([1], Format.TABLE, parts={"todos": [1]})
    assert "todos" in capsys.readouterr().out
    write([1], Format.JSON, parts={"todos": [1]})
    assert json.loads(capsys.readouterr().out) == [1]


@pytest.mark.parametrize("form", [Format.CSV, Format.JSONL])
def test_several_parts_do_not_fit_into_rows(form: Format) -> None:
    with pytest.raises(ConfigurationError, match=r"several parts \(a, b\)"):
        write({"a": [1], "b": [2]}, form)
