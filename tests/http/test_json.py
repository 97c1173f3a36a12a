"""JSON has the results of the standard library's ``json``, whatever is installed."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import importlib.util
import json
import math
import sys
import uuid
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from appsync_gql.http import json as codec

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**62, max_value=2**70)
    | st.integers(min_value=-(2**70), max_value=-(2**62))
    | st.floats()
    | st.text()
    | st.text(alphabet=st.characters())
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text() | st.integers() | st.booleans() | st.none(), inner, max_size=5)
        | st.tuples(inner, inner)
    ),
    max_leaves=20,
)


def outcome(do: Any, value: Any) -> str:
    """Return the repr of the value that a function returns, or the class of its error."""
    try:
        return repr(do(value))
    except (ValueError, TypeError, RecursionError) as error:
        return type(error).__mro__[-3].__name__  # ValueError, TypeError, RuntimeError


def test_the_faster_libraries_are_installed_for_the_comparison() -> None:
    assert codec.loads is codec._by_msgspec
    assert codec._orjson


def test_what_the_fast_library_can_write_has_no_blanks() -> None:
    assert codec.dumps({"a": [1, "b"]}) == b'{"a":[1,"b"]}'


@given(VALUES)
@example({"a": math.nan})
@example([2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1])
@example({"a": "\ud800"})
@example({2: "a", None: "b", True: "c", 1.5: "d"})
@settings(deadline=None, max_examples=400)
def test_what_dumps_writes_reads_back_as_what_json_writes(value: Any) -> None:
    def both_ways(write: Any) -> Any:
        return lambda v: json.loads(write(v))

    assert outcome(both_ways(codec.dumps), value) == outcome(both_ways(json.dumps), value)


class Colour(enum.Enum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


class Text(str):
    __slots__ = ()


@dataclass
class Data:
    a: int = 1


Pair = namedtuple("Pair", "a b")  # noqa: PYI024
CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc),
        dt.date(2026, 1, 1),
        uuid.UUID(int=1),
        decimal.Decimal(1),
        Colour.RED,
        Number.ONE,
        Text("a"),
        Data(),
        Pair(1, 2),
        OrderedDict(a=1),
        {1, 2},
        b"bytes",
        bytearray(b"bytes"),
        object(),
        CYCLE,
    ],
    ids=lambda v: type(v).__name__,
)
def test_dumps_takes_and_refuses_the_same_types_as_json(value: Any) -> None:
    mine = outcome(lambda v: json.loads(codec.dumps({"a": v})), value)
    assert mine == outcome(lambda v: json.loads(json.dumps({"a": v})), value)


TEXTS = (
    VALUES.map(lambda v: outcome(json.dumps, v))
    | st.text()
    | st.text(alphabet='0123456789-+.eE[]{},:" aNItfn\\u')
    | st.from_regex(r"\[-?[0-9]{17,23}(\.[0-9]{1,20})?(e[0-9]{1,3})?\]", fullmatch=True)
)


READERS = pytest.mark.parametrize(
    "loads", [codec._by_msgspec, codec._by_orjson, codec._by_json], ids=lambda f: f.__name__
)


@READERS
@given(text=TEXTS)
@example("[18446744073709551616]")
@example("[-9223372036854775809]")
@example("[19933688932870350000]")
@example('{"a":"' + "x" * 4000 + '","b":123456789012345678901234567890}')
@example("[NaN, Infinity, -Infinity, 1e999, -0, -0.0]")
@example("1" * 5000)
@example("[" * 100_000)
@example('"\\ud800"')
@example('"\\udc00\\ud800"')
@example("\ufeff1")
@example("")
@settings(deadline=None, max_examples=400)
def test_every_reader_has_the_result_of_json(loads: Any, text: str) -> None:
    assert outcome(loads, text) == outcome(json.loads, text)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    assert outcome(loads, data) == outcome(json.loads, text)
    assert outcome(loads, bytearray(data)) == outcome(json.loads, text)


@READERS
@given(data=st.binary(max_size=40))
def test_bytes_that_are_not_utf8_raise_a_value_error(loads: Any, data: bytes) -> None:
    assert outcome(loads, data) == outcome(lambda d: json.loads(d.decode()), data)


@READERS
@pytest.mark.parametrize("digits", range(15, 26))
def test_an_integer_is_read_to_its_last_digit(loads: Any, digits: int) -> None:
    number = int("9" * digits)
    found = loads(json.dumps([-number, number]).encode())
    assert found == [-number, number]
    assert [type(n) for n in found] == [int, int]


def test_a_reader_of_the_callers_own_is_not_replaced() -> None:
    def own(text: str) -> Any:
        return json.loads(text)

    assert codec.reader_of_bytes(own) is None
    assert codec.reader_of_bytes(msgspec.json.decode) is None
    assert codec.reader_of_bytes(json.loads) is codec.loads
    assert codec.reader_of_bytes(orjson.loads) is orjson.loads


@pytest.mark.parametrize(
    ("missing", "reader"),
    [(("msgspec",), "_by_orjson"), (("msgspec", "orjson"), "_by_json")],
    ids=["only orjson", "neither"],
)
def test_without_the_faster_libraries_the_results_are_the_same(
    monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], reader: str
) -> None:
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    found = imported_anew()
    assert found.loads is getattr(found, reader)
    assert found.loads(b"[NaN, 18446744073709551616]")[1] == 2**64
    assert found.loads("{}") == {}
    assert found.reader_of_bytes(len) is None
    assert found.reader_of_bytes(orjson.loads) is (None if "orjson" in missing else orjson.loads)
    assert found.dumps({"a": [1, None]}) == b'{"a": [1, null]}'
    blanks = b" " if "orjson" in missing else b""
    assert found.dumps({"a": 1}) == b'{"a":' + blanks + b"1}"


def test_a_msgspec_that_misreads_large_integers_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Old:
        def decode(self, _: bytes) -> int:
            return 1482881526185800828

    monkeypatch.setattr(msgspec.json, "Decoder", Old)
    assert imported_anew().loads(b"[19933688932870350000]") == [19933688932870350000]


def imported_anew() -> Any:
    """Import the module a second time, with the libraries that are there now."""
    spec = importlib.util.spec_from_file_location("json_anew", codec.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
