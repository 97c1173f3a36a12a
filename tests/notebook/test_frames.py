"""Rows as data frames."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pytest

from appsync_gql import ConfigurationError
from appsync_gql.notebook.frames import columns_of_rows, rows_to_frame, to_pandas, to_polars

ROWS = [
    {
        "id": "1",
        "at": "2026-01-02T03:04:05Z",
        "day": "2026-01-02",
        "owner": {"name": "ada"},
        "n": 1,
    },
    {"id": "2", "at": "2026-01-02T03:04:05.5+01:00", "day": None, "owner": None, "n": None},
]


@pytest.mark.parametrize(
    ("data", "path", "rows"),
    [
        ({"items": {"items": [1], "nextToken": None}}, None, [1]),
        ({"me": {"todos": [1, 2]}}, "me.todos", [1, 2]),
        ({"a": [1], "b": [2]}, "b", [2]),
        ({"me": {"id": 1}}, None, [{"id": 1}]),
        ([1, 2], None, [1, 2]),
        ({}, None, []),
        (None, None, []),
    ],
)
def test_the_rows_are_those_of_the_list(data: Any, path: str | None, rows: list[Any]) -> None:
    assert rows_to_frame(data, path) == rows


@pytest.mark.parametrize(
    ("path", "message"),
    [(None, "several parts: pass the name of one \\(a, b\\)"), ("a.x", "no part 'a.x'")],
)
def test_a_path_that_is_missing_or_wrong_is_a_clear_error(path: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        rows_to_frame({"a": [1], "b": [2]}, path)


def test_nested_fields_are_columns_and_written_times_are_times() -> None:
    columns = columns_of_rows(ROWS)
    assert list(columns) == ["id", "at", "day", "owner.name", "n"]
    assert columns["at"][0] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert columns["day"] == [date(2026, 1, 2), None]
    assert columns["owner.name"] == ["ada", None]


def test_types_may_be_given() -> None:
    rows = [{"at": 1767322800, "meta": '{"a": 1}', "day": "2026-01-02"}]
    columns = columns_of_rows(rows, {"at": "AWSTimestamp", "meta": "AWSJSON", "other": "AWSDate"})
    assert columns["at"][0].year == 2026
    assert columns["meta"] == [{"a": 1}]
    assert columns["day"] == ["2026-01-02"]


def test_a_column_with_another_text_stays_text() -> None:
    columns = columns_of_rows([{"at": "2026-01-02T03:04:05Z"}, {"at": "soon"}])
    assert columns["at"] == ["2026-01-02T03:04:05Z", "soon"]


def test_a_pandas_frame_has_times_in_utc() -> None:
    frame = to_pandas(columns_of_rows(ROWS))
    assert list(frame.columns) == ["id", "at", "day", "owner.name", "n"]
    assert str(frame["at"].dt.tz) == "UTC"
    assert frame["at"][1] == datetime(2026, 1, 2, 2, 4, 5, 500000, tzinfo=timezone.utc)
    assert len(to_pandas({})) == 0


def test_a_polars_frame_has_times_in_utc() -> None:
    import polars as pl  # noqa: PLC0415

    frame = to_polars(columns_of_rows(ROWS))
    assert frame.schema["at"] == pl.Datetime("us", "UTC")
    assert frame.schema["day"] == pl.Date
    assert frame["owner.name"].to_list() == ["ada", None]
    assert to_polars(columns_of_rows([{"a": 1}, {"a": "x"}, {"a": [1]}])).height == 3
