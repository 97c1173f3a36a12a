"""JSON exactly as the standard library's ``json`` has it, by orjson where that can do the same.

orjson is several times faster and differs in corners: it writes NaN as ``null``, takes UUIDs,
dates and dataclasses, and reads integers of more than 64 bits as floats. Whatever might be such
a corner is left to ``json``, so that results do not depend on what is installed.
"""

from __future__ import annotations

import contextlib
import json
import marshal
from typing import TYPE_CHECKING, Any

try:
    import orjson
except ImportError:  # the extra "fast" is not installed
    _fast = False
else:
    _fast = True

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["dumps", "loads", "reader_of_bytes"]

_DIGITS = bytes(48 if chr(byte).isdigit() and byte < 128 else 32 for byte in range(256))  # noqa: PLR2004
_FOUR_DIGITS, _NINETEEN_DIGITS = b"0" * 4, b"0" * 19
_SHORT = 1024
"""Bytes that are looked at one by one in less time than it takes to choose among them."""


def dumps(value: Any) -> bytes:
    """Write a value as ``json.dumps`` would, in UTF-8 and without blanks where orjson did it.

    Raises:
        TypeError: it holds something that JSON has no form for.
        ValueError: it holds itself.
    """
    if _fast and _of_core_types(value):
        try:
            text = orjson.dumps(value)
        except TypeError:
            pass  # keys that are no text, lone surrogates, large integers, or no JSON at all
        else:
            if b"null" not in text:  # it may be a NaN
                return text
    return json.dumps(value).encode()


def _read(text: bytes | bytearray | str) -> Any:
    try:
        # Where 19 digits stand in a row, as in integers of more than 64 bits, there are four that
        # are four places apart: of a long text a quarter is looked at, and all only where that is
        # suspicious. (rfind is several times faster at this than find and ``in``.)
        if (
            len(text) > _SHORT and text[::4].translate(_DIGITS).rfind(_FOUR_DIGITS) < 0  # type: ignore[arg-type]
        ) or text.translate(_DIGITS).rfind(_NINETEEN_DIGITS) < 0:  # type: ignore[arg-type]
            return orjson.loads(text)
    except (TypeError, ValueError):
        pass  # a str, which has another ``translate``; NaN, lone surrogates, or no JSON at all
    return _read_slowly(text)


def _read_slowly(text: bytes | bytearray | str) -> Any:
    if not isinstance(text, str):
        return json.loads(str(text, "utf-8"))
    if _fast:
        with contextlib.suppress(UnicodeEncodeError):
            return loads(text.encode())
    return json.loads(text)


loads = _read if _fast else _read_slowly
"""Read a value as ``json.loads`` would; bytes are UTF-8.

Raises:
    ValueError: it is not JSON, or not UTF-8.
    RecursionError: it is nested too deeply.
"""


def reader_of_bytes(chosen: Callable[..., Any]) -> Callable[[bytes], Any] | None:
    """Give what reads JSON from bytes as the user's choice would, or ``None`` if it may not.

    ``json.loads``, gql's default, stands for :func:`loads`; ``orjson.loads`` for itself.
    """
    if chosen is json.loads or chosen is loads:
        return loads
    return chosen if _fast and chosen is orjson.loads else None


def _of_core_types(value: Any) -> bool:
    """Tell whether there are only Python's own types in it, and no subclasses of them.

    ``marshal`` takes exactly those, and finds out at C's speed.
    """
    try:
        marshal.dumps(value)
    except ValueError:
        return False
    return True
