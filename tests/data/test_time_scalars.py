"""Formats of https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html, both ways."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql.data.time_scalars import (
    date_of,
    datetime_of,
    moment_of,
    text_of_date,
    text_of_datetime,
    text_of_time,
    time_of,
    timestamp_of,
)

UTC = timezone.utc
INDIA = timezone(timedelta(hours=5, minutes=30))
DENVER = timezone(timedelta(hours=-7))
ODD = timezone(-timedelta(hours=1, minutes=2, seconds=3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", date(1970, 1, 1)),
        ("1970-01-01Z", date(1970, 1, 1)),
        ("1970-01-01-07:00", date(1970, 1, 1)),
        ("1970-01-01+05:30", date(1970, 1, 1)),
        ("2024-02-29+05:30:10", date(2024, 2, 29)),
        ("0001-01-01", date(1, 1, 1)),
        ("9999-12-31", date(9999, 12, 31)),
    ],
)
def test_a_date_is_read_with_and_without_an_offset(text: str, expected: date) -> None:
    assert date_of(text) == expected
    assert type(date_of(text)) is date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12:30", time(12, 30)),
        ("12:30Z", time(12, 30, tzinfo=UTC)),
        ("12:30:24-07:00", time(12, 30, 24, tzinfo=DENVER)),
        ("12:30:24.500+05:30", time(12, 30, 24, 500_000, tzinfo=INDIA)),
        ("00:00:00.000001", time(0, 0, 0, 1)),
        ("23:59:59.123456789", time(23, 59, 59, 123_456)),
        ("12:30:24-01:02:03", time(12, 30, 24, tzinfo=ODD)),
    ],
)
def test_a_time_is_read_with_optional_seconds_fraction_and_offset(
    text: str, expected: time
) -> None:
    assert time_of(text) == expected
    assert time_of(text).utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-02T03:04Z", datetime(2020, 1, 2, 3, 4, tzinfo=UTC)),
        ("2020-01-02T03:04:05Z", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2020-01-02T03:04:05.6Z", datetime(2020, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC)),
        ("2020-01-02T03:04:05.678901234Z", datetime(2020, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)),
        ("2020-01-02T03:04:05+05:30", datetime(2020, 1, 2, 3, 4, 5, tzinfo=INDIA)),
        ("2020-01-02T03:04:05-01:02:03", datetime(2020, 1, 2, 3, 4, 5, tzinfo=ODD)),
        ("2020-01-02T03:04-00:00", datetime(2020, 1, 2, 3, 4, tzinfo=UTC)),
    ],
)
def test_a_date_and_time_is_read_with_its_offset(text: str, expected: datetime) -> None:
    assert datetime_of(text) == expected
    assert datetime_of(text).utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        # Amplify's _lastChangedAt is in milliseconds.
        (1_700_000_000_000, 1_700_000_000_000),
        (10**30, 10**30),
    ],
)
def test_a_timestamp_is_a_moment_in_utc_or_the_number_beyond_the_year_9999(
    seconds: int, expected: datetime | int
) -> None:
    assert moment_of(seconds) == expected


@pytest.mark.parametrize(
    ("function", "value", "reason"),
    [
        (date_of, "2020-1-2", "expected YYYY-MM-DD"),
        (date_of, "2020-02-30", "day"),
        (date_of, "2020-01-01+25:00", "hour must be in 0..23"),
        (date_of, "2020-01-01T00:00Z", "YYYY-MM-DD"),
        (date_of, "\uff12\uff10\uff12\uff10-01-01", "YYYY-MM-DD"),
        (date_of, "2020-01-01\n", "YYYY-MM-DD"),
        (date_of, 20200101, "YYYY-MM-DD"),
        (time_of, "1:30", "hh:mm"),
        (time_of, "24:00", "hour must be in 0..23"),
        (time_of, "12:60", "minute must be in 0..59"),
        (time_of, "23:59:60", "second must be in 0..59"),
        (time_of, "12:30:24.", "hh:mm"),
        (time_of, "12:30:24.0123456789", "hh:mm"),
        (time_of, "12:30+05:60", "minute must be in 0..59"),
        (datetime_of, "2020-01-02T03:04:05", "an offset"),
        (datetime_of, "2020-01-02 03:04:05Z", "an offset"),
        (datetime_of, "2020-13-02T03:04:05Z", "month must be in 1..12"),
        (datetime_of, "2020-01-02T03:04:05z", "an offset"),
        (datetime_of, None, "an offset"),
        (moment_of, "12", "a whole number of seconds"),
        (moment_of, 1.5, "a whole number of seconds"),
        (moment_of, True, "a whole number of seconds"),
        (text_of_date, datetime(2020, 1, 1, tzinfo=UTC), "a date or a str"),
        (text_of_date, "yesterday", "YYYY-MM-DD"),
        (text_of_date, 3, "a date or a str"),
        (text_of_time, datetime(2020, 1, 1, tzinfo=UTC), "a time or a str"),
        (text_of_time, "noon", "hh:mm"),
        (text_of_time, time(1, tzinfo=ZoneInfo("Europe/Berlin")), "depends on the date"),
        (text_of_time, time(1, tzinfo=timezone(timedelta(microseconds=1))), "fractions"),
        (text_of_datetime, datetime(2020, 1, 1), "it has no offset"),  # noqa: DTZ001
        (text_of_datetime, date(2020, 1, 1), "a datetime or a str"),
        (text_of_datetime, "2020-01-01", "an offset"),
        (timestamp_of, datetime(2020, 1, 1), "it has no offset"),  # noqa: DTZ001
        (timestamp_of, 1.5, "a datetime"),
        (timestamp_of, False, "a datetime"),
        (timestamp_of, "7", "a datetime"),
    ],
)
def test_a_value_of_another_form_is_an_error_that_says_what_is_expected(
    function: Any, value: Any, reason: str
) -> None:
    with pytest.raises(GraphQLError) as caught:
        function(value)
    assert reason in str(caught.value)
    assert "is not a valid AWS" in str(caught.value)


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        (text_of_date, date(2020, 1, 2), "2020-01-02"),
        (text_of_date, "2020-01-02+05:30", "2020-01-02+05:30"),
        (text_of_time, time(1, 2), "01:02:00"),
        (text_of_time, time(1, 2, tzinfo=UTC), "01:02:00Z"),
        (text_of_time, "12:30", "12:30"),
        (text_of_datetime, datetime(2020, 1, 2, tzinfo=UTC), "2020-01-02T00:00:00Z"),
        (text_of_datetime, datetime(2020, 1, 2, tzinfo=ODD), "2020-01-02T00:00:00-01:02:03"),
        (
            text_of_datetime,
            datetime(2020, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")),
            "2020-07-01T12:00:00+02:00",
        ),
        (text_of_datetime, "2020-01-02T00:00Z", "2020-01-02T00:00Z"),
        (timestamp_of, datetime(1970, 1, 1, 0, 0, 7, 999_999, tzinfo=UTC), 7),
        (timestamp_of, datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), -1),
        (timestamp_of, -(10**12), -(10**12)),
    ],
)
def test_a_value_is_sent_in_the_form_that_appsync_documents(
    function: Any, value: Any, text: Any
) -> None:
    assert function(value) == text


def offsets() -> st.SearchStrategy[tzinfo]:
    day = 24 * 3600 - 1
    return st.integers(-day, day).map(lambda seconds: timezone(timedelta(seconds=seconds)))


@given(st.dates())
def test_every_date_comes_back_as_it_was_sent(value: date) -> None:
    assert date_of(text_of_date(value)) == value


@given(st.times(timezones=st.none() | offsets()))
def test_every_time_comes_back_as_it_was_sent(value: time) -> None:
    found = time_of(text_of_time(value))
    assert (found.replace(tzinfo=None), found.utcoffset()) == (
        value.replace(tzinfo=None),
        value.utcoffset(),
    )


@given(st.datetimes(timezones=offsets()))
def test_every_datetime_comes_back_as_it_was_sent(value: datetime) -> None:
    found = datetime_of(text_of_datetime(value))
    assert (found.replace(tzinfo=None), found.utcoffset()) == (
        value.replace(tzinfo=None),
        value.utcoffset(),
    )


@given(st.datetimes(timezones=st.just(UTC)).map(lambda value: value.replace(microsecond=0)))
def test_every_whole_second_comes_back_as_it_was_sent(value: datetime) -> None:
    assert moment_of(timestamp_of(value)) == value


@pytest.mark.parametrize("function", [date_of, time_of, datetime_of, moment_of])
@given(
    st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?[Z+-]", fullmatch=True)
)
def test_any_text_is_read_or_is_an_error_of_graphql(function: Any, text: str) -> None:
    try:
        value = function(text)
    except GraphQLError:
        return
    assert value is not None or text.strip() == "null"
