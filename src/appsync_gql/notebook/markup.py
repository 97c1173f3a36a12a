"""HTML and text for results and cards, without colors of their own. Pure."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any

from ..data.rows import cell, columns_of, flattened, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ROWS",
    "card_html",
    "card_text",
    "data_html",
    "data_text",
    "is_table",
    "mime_bundle",
    "pre_html",
    "rows_html",
    "rows_text",
]

ROWS = 100
"""Rows of a table that are shown; all are in ``.data`` and in data frames."""

_TEXT_ROWS = 20
_CELL = 300
"""Characters of a cell that are shown."""

_DEPTH = 2
"""Levels of a tree that are open at first."""


def is_table(value: Any) -> bool:
    """Return whether a value is shown as a table: a list, or a page with ``items``."""
    return isinstance(value, list) or (
        isinstance(value, dict) and isinstance(value.get("items"), list)
    )


def data_html(data: Any) -> str:
    """Return a result's data: a table for each list, a tree for the rest."""
    if not isinstance(data, dict):
        return _part_html("", data)
    return "".join(_part_html(name, value) for name, value in data.items()) or "<p>Nothing</p>"


def _part_html(name: str, value: Any) -> str:
    if is_table(value):
        return _table_html(name, value)
    return f"<div>{_tree_html(name, value, 0)}</div>"


def rows_html(caption: str, rows: Sequence[Any]) -> str:
    """Return rows as a table with a caption, which may have several lines."""
    shown = [flattened(row) for row in rows[:ROWS]]
    columns = columns_of([flattened(row) for row in rows])
    head = f"<div style='white-space:pre-line'><b>{_escaped(caption)}</b></div>"
    if not rows:
        return head
    aligned = {column: _alignment(column, shown) for column in columns}
    names = "".join(
        f"<th style='text-align:{aligned[column]}'>{_escaped(column)}</th>" for column in columns
    )
    body = "".join(
        "<tr>" + "".join(_cell_html(row.get(name), aligned[name]) for name in columns) + "</tr>"
        for row in shown
    )
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div style='overflow-x:auto'>{head}{table}</div>"


def _table_html(name: str, value: Any) -> str:
    rows = rows_of(value)
    caption = f"{name}: {len(rows)} {'row' if len(rows) == 1 else 'rows'}".removeprefix(": ")
    if len(rows) > ROWS:
        caption += f", {ROWS} shown"
    if isinstance(value, dict) and value.get("nextToken"):
        caption += "; there are more pages (--paginate)"
    return rows_html(caption, rows)


def _alignment(column: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how a column is aligned: numbers to the right, so that their digits line up."""
    values = [row[column] for row in rows if row.get(column) is not None]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    return "right" if values and numbers else "left"


def _cell_html(value: Any, alignment: str) -> str:
    style = f"text-align:{alignment};white-space:pre-wrap"
    return f"<td style='{style}'>{_escaped(_short(cell(value)))}</td>"


def _tree_html(name: str, value: Any, depth: int) -> str:
    """Return a value as a tree of ``<details>``, which opens and closes without a script."""
    label = f"<b>{_escaped(name)}</b>" if name else ""
    if depth and isinstance(value, dict) and is_table(value):
        return _table_html(name, value)
    if isinstance(value, dict) and value:
        inner = [(str(key), found) for key, found in value.items()]
    elif isinstance(value, list) and value:
        if all(not isinstance(found, dict | list) for found in value):
            return f"{label} {_escaped(_short(json.dumps(value, ensure_ascii=False)))}"
        if depth and all(isinstance(found, dict) for found in value):
            return _table_html(name, value)
        inner = [(str(number), found) for number, found in enumerate(value[:ROWS])]
    else:
        shown = "null" if value is None else _short(cell(value))
        return f"{label} <span style='white-space:pre-wrap'>{_escaped(shown)}</span>"
    below = "".join(
        f"<div style='margin-left:1.2em'>{_tree_html(key, found, depth + 1)}</div>"
        for key, found in inner
    )
    opened = " open" if depth < _DEPTH else ""
    return f"<details{opened}><summary>{label}</summary>{below}</details>"


def data_text(data: Any) -> str:
    """Return a result's data as text: for terminals, and where HTML can't be shown."""
    if not isinstance(data, dict):
        return _part_text("", data)
    return "\n".join(_part_text(name, value) for name, value in data.items()) or "Nothing"


def _part_text(name: str, value: Any) -> str:
    if not is_table(value):
        shown = json.dumps(value, indent=2, ensure_ascii=False, default=str)
        return f"{name}: {shown}" if name else shown
    rows = rows_of(value)
    more = f", {_TEXT_ROWS} shown" if len(rows) > _TEXT_ROWS else ""
    caption = f"{name}: {len(rows)} {'row' if len(rows) == 1 else 'rows'}{more}"
    return rows_text(caption.removeprefix(": "), rows)


def rows_text(caption: str, rows: Sequence[Any]) -> str:
    """Return rows as a table of text with a caption."""
    cells = [flattened(row) for row in rows]
    columns = columns_of(cells)
    lines = [[_one_line(cell(row.get(column))) for column in columns] for row in cells[:_TEXT_ROWS]]
    widths = [max(map(len, texts)) for texts in zip(columns, *lines, strict=True)]
    shown = "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in [columns, *lines]
    )
    return f"{caption}\n{shown}".rstrip()


def card_html(title: str, lines: Sequence[tuple[str, str]]) -> str:
    """Return a card: a title and pairs of names and values."""
    rows = "".join(
        f"<tr><td style='text-align:left'>{_escaped(name)}</td>"
        f"<td style='text-align:left'>{_escaped(value)}</td></tr>"
        for name, value in lines
    )
    return f"<div><b>{_escaped(title)}</b><table><tbody>{rows}</tbody></table></div>"


def card_text(title: str, lines: Sequence[tuple[str, str]]) -> str:
    """Return a card as text."""
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join([title, *(f"  {name.ljust(width)}  {value}" for name, value in lines)])


def pre_html(text: str) -> str:
    """Return a text as HTML that keeps its lines and blanks."""
    return f"<pre style='white-space:pre-wrap;margin:0;padding:0'>{_escaped(text)}</pre>"


def mime_bundle(markup: str, text: str) -> Mapping[str, str]:
    """Return both forms, as IPython's ``display`` takes them."""
    return {"text/html": markup, "text/plain": text}


def _escaped(text: str) -> str:
    # "$" would begin a formula in some frontends.
    return html.escape(text).replace("$", "&#36;")


def _short(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"


def _one_line(text: str) -> str:
    return _short("".join(c if c.isprintable() else " " for c in text))
