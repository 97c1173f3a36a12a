"""JSON exactly as the standard library's ``json`` has it, by orjson where that can do the same.

orjson is several times faster and differs in corners: it writes NaN as ``null``, takes UUIDs,
dates and dataclasses, and reads integers of more than 64 bits as floats. Whatever might be such
a corner is left to ``json``, so that results do not depend on what is installed.
"""

from __future__ import annotations

import json
import marshal
from typing import Any

try:
    import orjson
except ImportError:  # the extra "fast" is not installed
    _fast = False
else:
    _fast = True

__all__ = ["dumps", "loads"]

_DIGITS = bytes(48 if chr(byte).isdigit() and byte < 128 else 32 for byte in range(256))  # noqa: PLR2004
_FOUR_DIGITS, _NINETEEN_DIGITS = b"0" * 4, b"0" * 19


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


def loads(text: bytes | bytearray | str) -> Any:
    """Read a value as ``json.loads`` would; bytes are UTF-8.

    Raises:
        ValueError: it is not JSON, or not UTF-8.
        RecursionError: it is nested too deeply.
    """
    if _fast:
        data = text if type(text) is bytes else _encoded(text)
        # Where 19 digits stand in a row, as in integers of more than 64 bits, there are four that
        # are four places apart: so a quarter is looked at, and all only where that is suspicious.
        # (rfind is several times faster at this than find and ``in``.)
        suspicious = data[::4].translate(_DIGITS).rfind(_FOUR_DIGITS) >= 0
        if not (suspicious and data.translate(_DIGITS).rfind(_NINETEEN_DIGITS) >= 0):
            try:
                return orjson.loads(text)
            except ValueError:
                pass  # NaN, infinities, lone surrogates, or no JSON at all
    return json.loads(text if isinstance(text, str) else str(text, "utf-8"))


def _of_core_types(value: Any) -> bool:
    """Tell whether there are only Python's own types in it, and no subclasses of them.

    ``marshal`` takes exactly those, and finds out at C's speed.
    """
    try:
        marshal.dumps(value)
    except ValueError:
        return False
    return True


def _encoded(text: bytes | bytearray | str) -> bytes:
    return text.encode("utf-8", "replace") if isinstance(text, str) else bytes(text)
