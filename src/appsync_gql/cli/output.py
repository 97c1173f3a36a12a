"""Writes results: a table for a person; JSON, JSON lines or CSV for a program."""

from __future__ import annotations

import csv
import enum
import io
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import typer

from ..data.rows import cell, columns_of, flattened, rows_of
from ..exceptions import ConfigurationError
from .printing import print_json, print_text, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Format", "as_csv", "as_json", "as_json_lines", "as_table", "chosen", "write"]

_WIDE = 10_000
"""Columns of a table that is not shown on a terminal, so that nothing is cut or wrapped."""


class Format(str, enum.Enum):
    """The form in which results are written."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TABLE = "table"


_PRINT: dict[Format, Callable[[str], None]] = {
    Format.JSON: print_json,
    Format.JSONL: print_json,
    Format.CSV: print_text,
    Format.TABLE: typer.echo,  # in colors on a terminal; its cells are printable
}


def chosen(asked: Format | None, *, terminal: bool) -> Format:
    """Return the format: as asked, else a table on a terminal and JSON elsewhere."""
    if asked is not None:
        return asked
    return Format.TABLE if terminal else Format.JSON


def write(data: Any, asked: Format | None, parts: Mapping[str, Any] | None = None) -> None:
    """Write a result to standard output.

    Args:
        data: the result; what JSON shows.
        asked: ``None`` for a table on a terminal and JSON elsewhere.
        parts: the parts of the result by their names, for the other formats; ``None`` if the
            result is a mapping of them, as GraphQL's data is.

    Raises:
        ConfigurationError: a result with several parts is to be written as CSV or JSON lines.
    """
    terminal = sys.stdout.isatty()
    form = chosen(asked, terminal=terminal)
    named: Mapping[str, Any] = data if parts is None else parts
    if form is Format.JSON:
        text = as_json(data)
    elif form is Format.JSONL:
        text = "\n".join(as_json_lines(_only_rows(named, form)))
    elif form is Format.CSV:
        text = as_csv(_only_rows(named, form))
    else:
        text = as_table(named, width=None if terminal else _WIDE, color=terminal)
    if text:
        _PRINT[form](text.rstrip("\n"))


def as_json(data: Any) -> str:
    """Return a result as JSON with an indentation of 2."""
    return json.dumps(data, indent=2, ensure_ascii=not _writes_unicode())


def as_json_lines(rows: Iterable[Any]) -> Iterable[str]:
    """Return each row as JSON on one line."""
    ascii_only = not _writes_unicode()
    return (json.dumps(row, ensure_ascii=ascii_only) for row in rows)


def as_csv(rows: list[Any]) -> str:
    """Return rows as CSV with a header; an empty text without rows."""
    cells = [flattened(row) for row in rows]
    columns = columns_of(cells)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    writer.writerows([cell(row.get(name)) for name in columns] for row in cells)
    return text.getvalue()


def as_table(parts: Mapping[str, Any], *, width: int | None, color: bool) -> str:
    """Return each part of a result as a table.

    Args:
        parts: the parts of a result, by name.
        width: in columns; ``None`` for the terminal's.
        color: whether colors may be used.
    """
    from rich.console import Console  # noqa: PLC0415

    text = io.StringIO()
    width = width or shutil.get_terminal_size().columns
    console = Console(file=text, width=width, force_terminal=color, highlight=False)
    for name, value in parts.items():
        console.print(_table(name, value))
    return text.getvalue()


def _table(name: str, value: Any) -> Any:
    """Return rich's table of one part: of a single object, one line for each field."""
    from rich.table import Table  # noqa: PLC0415

    rows = [flattened(row) for row in rows_of(value)]
    table = Table(title=_text(name), title_justify="left")
    if isinstance(value, dict) and not isinstance(value.get("items"), list):
        columns = ["field", "value"]
        lines = [[field, cell(found)] for row in rows for field, found in row.items()]
    else:
        columns = columns_of(rows)
        lines = [[cell(row.get(column)) for column in columns] for row in rows]
    if not lines:
        return _text(f"{name}: nothing")
    for column in columns:
        table.add_column(_text(column), overflow="fold")
    for line in lines:
        table.add_row(*map(_text, line))
    return table


def _text(text: str) -> Any:
    """Return a text that rich shows as it is, without control characters but line ends."""
    from rich.text import Text  # noqa: PLC0415

    return Text(printable(text))


def _only_rows(parts: Mapping[str, Any], form: Format) -> list[Any]:
    if len(parts) > 1:
        raise ConfigurationError(
            f"The result has several parts ({', '.join(parts)}), and {form.value} has room for "
            "one: use --output json, or query one field.",
            setting="output",
        )
    return [row for value in parts.values() for row in rows_of(value)]


def _writes_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
