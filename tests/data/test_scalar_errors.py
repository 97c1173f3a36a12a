from __future__ import annotations

from appsync_gql.data.scalar_errors import invalid_value


def test_an_error_names_the_scalar_the_value_and_what_is_expected() -> None:
    error = invalid_value("AWSDate", 7, "YYYY-MM-DD")
    assert str(error) == "7 is not a valid AWSDate: expected YYYY-MM-DD."


def test_a_reason_is_added_and_a_long_value_is_cut() -> None:
    text = str(invalid_value("AWSJSON", "x" * 1000, "JSON text", "too long"))
    assert "(too long)" in text
    assert len(text) < 150
