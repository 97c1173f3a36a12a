"""Requests, authorization modes and small checks for tests of the HTTP part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gql import Client, GraphQLRequest, gql

from appsync_gql import AppSyncTransport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from appsync_gql import AppSyncError

QUERY = gql("query Q($a: Int) { a(b: $a) }")
MUTATION = gql("mutation M($a: Int) { a(b: $a) }")
TOKEN = "eyJ-token-of-ada"
"""A made-up token."""


class FixedAuth:
    """An authorization mode with a token that counts its renewals.

    Attributes:
        renewals: how many times newer headers were asked for.
    """

    def __init__(self, token: str = TOKEN) -> None:
        self._token, self.renewals = token, 0

    async def headers(self) -> Mapping[str, str]:
        """Return the current token."""
        return {"Authorization": f"{self._token}-{self.renewals}"}

    async def renew(
        self, rejected: Mapping[str, str] | None = None, *, denied: bool = False
    ) -> Mapping[str, str]:
        """Return the next token."""
        del rejected, denied
        self.renewals += 1
        return await self.headers()


def client(url: str, auth: Any = None, **more: Any) -> Client:
    """Return a client whose transport sends a fixed token."""
    auth = FixedAuth() if auth is None else auth
    return Client(transport=AppSyncTransport(url, auth=auth, **more))


def numbered(document: GraphQLRequest, number: int) -> GraphQLRequest:
    """Return a request with a variable of this value."""
    return GraphQLRequest(document.document, variable_values={"a": number})


def facts(error: AppSyncError) -> dict[str, Any]:
    """Return the attributes that every error has."""
    names = ("status", "error_type", "request_id", "may_have_executed")
    return {name: getattr(error, name) for name in names}


def frames_of(error: BaseException) -> Iterator[tuple[str, str, str]]:
    """Yield the file, the function and the locals' ``repr`` of every frame an error leads to.

    The frames of its causes and contexts are among them, as tools for error reports show them.
    """
    found, waiting = set[int](), [error]
    while waiting:
        one = waiting.pop()
        if id(one) in found:
            continue
        found.add(id(one))
        yield "", "str()", f"{one} {one!r} {vars(one)!r} {one.args!r}"
        trace = one.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            yield code.co_filename, code.co_name, repr(trace.tb_frame.f_locals)
            trace = trace.tb_next
        others = (one.__cause__, one.__context__, *getattr(one, "exceptions", ()))
        waiting += [other for other in others if isinstance(other, BaseException)]
