"""Rows as data frames of pandas or Polars."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

from ..data.rows import columns_of, flattened, rows_of
from ..data.scalars import parse_aws_scalars
from ..exceptions import ConfigurationError
from ..extras import require
from ..forks import importing

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["columns_of_rows", "rows_to_frame", "to_pandas", "to_polars"]

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d(:\d\d)?)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def rows_to_frame(data: Any, path: str | None = None) -> list[Any]:
    """Return the rows of a result that a data frame is made of.

    Args:
        data: a result's data.
        path: of the list in it, such as ``"getUser.todos"``; ``None`` for the only field.

    Raises:
        ConfigurationError: there are several fields, or none of that name.
    """
    if path is None and isinstance(data, dict) and len(data) > 1:
        raise ConfigurationError(
            f"The result has several parts: pass the name of one ({', '.join(data)}).",
            setting="path",
        )
    if path is None:
        value = next(iter(data.values()), None) if isinstance(data, dict) else data
        return rows_of(value)
    value = data
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            raise ConfigurationError(f"The result has no part {path!r}.", setting="path")
        value = value[name]
    return rows_of(value)


def columns_of_rows(
    rows: list[Any], types: Mapping[str, str] | None = None
) -> dict[str, list[Any]]:
    """Return flattened rows by column; nested fields are ``outer.inner``.

    Args:
        rows: the rows.
        types: AWS scalars by column, such as ``{"createdAt": "AWSDateTime"}``. ``None``: columns
            in which every value is written as an AWSDateTime or an AWSDate become such values.
    """
    cells = [flattened(row) for row in rows]
    columns = {name: [row.get(name) for row in cells] for name in columns_of(cells)}
    found = _written_types(columns) if types is None else types
    for name, scalar in found.items():
        if name in columns:
            values = [{"v": value} for value in columns[name]]
            columns[name] = [row["v"] for row in parse_aws_scalars(values, {"v": scalar})]
    return columns


def _written_types(columns: Mapping[str, list[Any]]) -> dict[str, str]:
    found = {}
    for name, values in columns.items():
        texts = [value for value in values if value is not None]
        if not texts or not all(isinstance(value, str) for value in texts):
            continue
        if all(map(_DATE_TIME.fullmatch, texts)):
            found[name] = "AWSDateTime"
        elif all(map(_DATE.fullmatch, texts)):
            found[name] = "AWSDate"
    return found


def to_pandas(columns: Mapping[str, list[Any]]) -> Any:
    """Return a pandas ``DataFrame``; times are in UTC.

    Raises:
        MissingExtra: ``pip install "appsync-gql[notebook]"`` is needed.
    """
    pandas = _imported("pandas")
    frame = pandas.DataFrame(dict(columns))
    for name, values in columns.items():
        if _all_times(values):
            frame[name] = pandas.to_datetime(frame[name], utc=True)
    return frame


def to_polars(columns: Mapping[str, list[Any]]) -> Any:
    """Return a Polars ``DataFrame``; times are in UTC.

    Raises:
        MissingExtra: ``pip install "appsync-gql[notebook]"`` is needed.
    """
    from datetime import timezone  # noqa: PLC0415

    polars = _imported("polars")
    made = {
        name: [value and value.astimezone(timezone.utc) for value in values]
        if _all_times(values)
        else values
        for name, values in columns.items()
    }
    return polars.DataFrame(made, strict=False, infer_schema_length=None)


def _all_times(values: list[Any]) -> bool:
    from datetime import datetime  # noqa: PLC0415

    found = [value for value in values if value is not None]
    return bool(found) and all(isinstance(value, datetime) for value in found)


def _imported(package: str) -> Any:
    require("notebook", package)
    with importing():
        return importlib.import_module(package)
