"""JSON with exactly the results of the standard library's ``json``, from faster libraries.

msgspec reads everything that it accepts as ``json`` does, large integers included. orjson writes
fastest, and differs in some cases: NaN becomes ``null``, it accepts UUIDs, dates and dataclasses,
and it reads integers of more than 64 bits as floats. Whatever might be such a case is left to
``json``, so that results do not depend on what is installed.
"""

from __future__ import annotations

import json
import marshal
from typing import TYPE_CHECKING, Any

# pyright does not see that _msgspec and _orjson say whether the modules are there.
try:
    import msgspec
except ImportError:  # the extra "fast" is not installed
    _msgspec = False
else:
    _decode = msgspec.json.Decoder().decode
    # Before 0.19 it took some integers of 65 bits for others (msgspec's issue 701).
    _msgspec = _decode(b"19933688932870350000") == 19933688932870350000  # noqa: PLR2004

try:
    import orjson
except ImportError:
    _orjson = False
else:
    _orjson = True

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["dumps", "loads", "reader_of_bytes"]

_DIGITS = bytes(48 if chr(byte).isdigit() and byte < 128 else 32 for byte in range(256))  # noqa: PLR2004
_NINETEEN_DIGITS = b"0" * 19


def dumps(value: Any) -> bytes:
    """Write a value as ``json.dumps`` would, in UTF-8 and without blanks where orjson did it.

    Raises:
        TypeError: it holds something that JSON has no form for.
        ValueError: it holds itself.
    """
    if _orjson and _of_core_types(value):
        try:
            text = orjson.dumps(value)  # pyright: ignore[reportPossiblyUnboundVariable]
        except TypeError:
            pass  # keys that are no text, lone surrogates, large integers, or no JSON at all
        else:
            if b"null" not in text:  # it may be a NaN
                return text
    return json.dumps(value).encode()


def _by_msgspec(text: bytes | bytearray | str) -> Any:
    try:
        return _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # pyright: ignore[reportPossiblyUnboundVariable]
        return _by_json(text)  # NaN, 1e999, lone surrogates, or no JSON at all


def _by_orjson(text: bytes | bytearray | str) -> Any:
    try:
        data = text.encode() if isinstance(text, str) else text
        # In 19 digits there may be an integer of more than 64 bits. (rfind is several times
        # faster at this than find and ``in``.)
        if data.translate(_DIGITS).rfind(_NINETEEN_DIGITS) < 0:
            return orjson.loads(data)  # pyright: ignore[reportPossiblyUnboundVariable]
    except ValueError:
        pass  # NaN, lone surrogates, or no JSON at all
    return _by_json(text)


def _by_json(text: bytes | bytearray | str) -> Any:
    return json.loads(text if isinstance(text, str) else str(text, "utf-8"))


loads = _by_msgspec if _msgspec else _by_orjson if _orjson else _by_json
"""Read a value as ``json.loads`` would; bytes are UTF-8.

Raises:
    ValueError: it is not JSON, or not UTF-8.
    RecursionError: it is nested too deeply.
"""


def reader_of_bytes(chosen: Callable[..., Any]) -> Callable[[bytes], Any] | None:
    """Return a function that reads JSON from bytes with the results of the user's choice.

    For ``json.loads``, gql's default, it is :func:`loads`; ``orjson.loads`` is returned itself.
    ``None`` for any other function: it expects text.
    """
    if chosen is json.loads or chosen is loads:
        return loads
    return chosen if _orjson and chosen is orjson.loads else None  # pyright: ignore[reportPossiblyUnboundVariable]


def _of_core_types(value: Any) -> bool:
    """Return whether a value consists of Python's own types only, and no subclasses of them.

    ``marshal`` accepts exactly those, and is written in C.
    """
    try:
        marshal.dumps(value)
    except ValueError:
        return False
    return True
