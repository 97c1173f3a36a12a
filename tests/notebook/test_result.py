"""What a cell returns."""

from __future__ import annotations

from appsync_gql.notebook import Result

PAGE = {"items": {"items": [{"id": "1"}, {"id": "2"}], "nextToken": None}}


def test_a_result_is_shown_as_a_table_in_both_forms() -> None:
    result = Result(PAGE)
    assert repr(result) == "items: 2 rows\nid\n1\n2"
    assert "<table>" in result._repr_html_()
    assert result.data is PAGE


def test_a_result_becomes_a_data_frame() -> None:
    result = Result({**PAGE, "me": {"todos": [{"meta": "1"}]}})
    assert list(result.to_pandas("items")["id"]) == ["1", "2"]
    assert result.to_polars("me.todos", types={"meta": "AWSJSON"})["meta"].to_list() == [1]
