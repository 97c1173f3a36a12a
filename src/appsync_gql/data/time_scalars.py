"""AWSDate, AWSTime, AWSDateTime and AWSTimestamp, to and from the standard library's types. Pure.

Formats: https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html. An offset is ``Z`` or
``±hh:mm``, where AppSync also accepts seconds; seconds and their fraction may be absent.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from .scalar_errors import invalid_value

__all__ = [
    "date_of",
    "datetime_of",
    "moment_of",
    "text_of_date",
    "text_of_datetime",
    "text_of_time",
    "time_of",
    "timestamp_of",
]

_DAY = r"(?P<day>\d{4}-\d{2}-\d{2})"
_CLOCK = r"(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
_OFFSET = r"(?P<offset>Z|[+-]\d{2}:\d{2}(?::\d{2})?)"

_DATE = re.compile(rf"{_DAY}{_OFFSET}?", re.ASCII)
_TIME = re.compile(rf"{_CLOCK}{_OFFSET}?", re.ASCII)
_DATETIME = re.compile(rf"{_DAY}T{_CLOCK}{_OFFSET}", re.ASCII)

_DATE_FORMAT = "YYYY-MM-DD, with or without an offset"
_TIME_FORMAT = "hh:mm[:ss[.fraction]], with or without an offset"
_DATETIME_FORMAT = "YYYY-MM-DDThh:mm[:ss[.fraction]] and an offset (Z or ±hh:mm[:ss])"
_TIMESTAMP_FORMAT = "a whole number of seconds since 1970-01-01T00:00Z"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND_DIGITS = 6


def date_of(value: Any) -> date:
    """Return the date of an AWSDate. Its offset is dropped, because ``date`` has none.

    Raises:
        GraphQLError: it is not an AWSDate.
    """
    found = _matched(_DATE, value, "AWSDate", _DATE_FORMAT)
    try:
        _offset(found["offset"])
        return date.fromisoformat(found["day"])
    except ValueError as error:
        raise invalid_value("AWSDate", value, _DATE_FORMAT, str(error)) from None


def text_of_date(value: Any) -> str:
    """Return a ``date``, or a ``str`` in the right format, as AWSDate.

    Raises:
        GraphQLError: it is neither; a ``datetime`` is refused, since its time would be lost.
    """
    if isinstance(value, str):
        date_of(value)
        return value
    if isinstance(value, datetime) or not isinstance(value, date):
        raise invalid_value("AWSDate", value, "a date or a str")
    return value.isoformat()


def time_of(value: Any) -> time:
    """Return the time of an AWSTime, with its offset. Fractions are cut after microseconds.

    Raises:
        GraphQLError: it is not an AWSTime.
    """
    found = _matched(_TIME, value, "AWSTime", _TIME_FORMAT)
    try:
        return _clock_time(found)
    except ValueError as error:
        raise invalid_value("AWSTime", value, _TIME_FORMAT, str(error)) from None


def text_of_time(value: Any) -> str:
    """Return a ``time``, or a ``str`` in the right format, as AWSTime.

    Raises:
        GraphQLError: it is neither, or the time's offset depends on the date or has fractions
            of seconds.
    """
    if isinstance(value, str):
        time_of(value)
        return value
    if not isinstance(value, time):
        raise invalid_value("AWSTime", value, "a time or a str")
    if value.tzinfo is not None and value.utcoffset() is None:
        raise invalid_value("AWSTime", value, "a fixed offset", "its offset depends on the date")
    return _formatted(_TIME, value, "AWSTime", _TIME_FORMAT)


def datetime_of(value: Any) -> datetime:
    """Return the moment of an AWSDateTime, with its offset; cut after microseconds.

    Raises:
        GraphQLError: it is not an AWSDateTime.
    """
    found = _matched(_DATETIME, value, "AWSDateTime", _DATETIME_FORMAT)
    try:
        return datetime.combine(date.fromisoformat(found["day"]), _clock_time(found))
    except ValueError as error:
        raise invalid_value("AWSDateTime", value, _DATETIME_FORMAT, str(error)) from None


def text_of_datetime(value: Any) -> str:
    """Return a ``datetime`` that has an offset, or a ``str`` in the right format, as AWSDateTime.

    Raises:
        GraphQLError: it is neither.
    """
    if isinstance(value, str):
        datetime_of(value)
        return value
    if not isinstance(value, datetime):
        raise invalid_value("AWSDateTime", value, "a datetime or a str")
    if value.utcoffset() is None:
        raise invalid_value("AWSDateTime", value, "a datetime with tzinfo", "it has no offset")
    return _formatted(_DATETIME, value, "AWSDateTime", _DATETIME_FORMAT)


def moment_of(value: Any) -> datetime | int:
    """Return the moment of an AWSTimestamp, in UTC.

    A number of seconds beyond the year 9999 is returned as it is: Amplify's ``_lastChangedAt``
    counts milliseconds.

    Raises:
        GraphQLError: it is not a whole number.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_value("AWSTimestamp", value, _TIMESTAMP_FORMAT)
    try:
        return _EPOCH + timedelta(seconds=value)
    except OverflowError:
        return value


def timestamp_of(value: Any) -> int:
    """Return a ``datetime`` that has an offset, or an ``int``, as AWSTimestamp.

    Fractions of a second are cut off.

    Raises:
        GraphQLError: it is neither.
    """
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise invalid_value("AWSTimestamp", value, "a datetime with tzinfo", "it has no offset")
        return (value - _EPOCH) // timedelta(seconds=1)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_value("AWSTimestamp", value, f"a datetime, or {_TIMESTAMP_FORMAT}")
    return value


def _matched(pattern: re.Pattern[str], value: Any, scalar: str, expected: str) -> re.Match[str]:
    found = pattern.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise invalid_value(scalar, value, expected)
    return found


def _clock_time(found: re.Match[str]) -> time:
    fraction = (found["fraction"] or "")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, "0")
    return time(
        int(found["hour"]),
        int(found["minute"]),
        int(found["second"] or 0),
        int(fraction),
        tzinfo=_offset(found["offset"]),
    )


def _offset(text: str | None) -> timezone | None:
    """Return the time zone of an offset; ``None`` without one.

    Raises:
        ValueError: it is not within 24 hours, or its minutes or seconds exceed 59.
    """
    if text is None:
        return None
    if text == "Z":
        return timezone.utc
    parts = time.fromisoformat(text[1:])
    seconds = 3600 * parts.hour + 60 * parts.minute + parts.second
    return timezone(timedelta(seconds=-seconds if text[0] == "-" else seconds))


def _formatted(pattern: re.Pattern[str], value: datetime | time, scalar: str, expected: str) -> str:
    text = value.isoformat()
    if text.endswith("+00:00"):
        text = text[:-6] + "Z"
    if pattern.fullmatch(text) is None:
        reason = "its offset has fractions of seconds"
        raise invalid_value(scalar, value, expected, reason)
    return text
