"""Everything that relies on the insides of gql or aiohttp: each with its reason and a test."""

from __future__ import annotations

import ctypes
import sys

from graphql import ExecutionResult

__all__ = ["UnparsedResult", "keep_for_ever"]


class UnparsedResult(ExecutionResult):
    """A result whose data gql's ``Client`` leaves as it is.

    Reason: with a schema and ``parse_results``, gql's session assigns to ``result.data`` what
    it made of the data by the schema. A :class:`~appsync_gql.Gap` has no data of that schema
    and would become an empty result, which looks like an event.
    Seen in gql 4.0 to 4.4 (``AsyncClientSession._subscribe``).
    """

    __slots__ = ("_data",)

    def __init__(self, data: object) -> None:
        self._data = data
        super().__init__(data)  # type: ignore[arg-type] # graphql-core allows mappings alone

    @property  # type: ignore[override] # graphql-core allows mappings alone
    def data(self) -> object:
        """What it was made with."""
        return self._data

    @data.setter
    def data(self, parsed: object) -> None:
        """Ignore what gql assigns."""


def keep_for_ever(thing: object) -> None:
    """Keep an object and all that it refers to from being collected, even when Python ends.

    Reason: aiohttp's connections close themselves when they are collected. In a forked child
    that removes the parent's sockets from the selector that both processes share, and the
    parent waits for ever. Seen in aiohttp 3.11 to 3.14 (``aiohttp.connector.Connection``).
    """
    if sys.implementation.name == "cpython":
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
