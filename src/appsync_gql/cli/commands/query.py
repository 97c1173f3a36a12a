"""``appsync-gql query``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from gql.transport.exceptions import TransportError, TransportQueryError

from ..api_options import ApiOptions, api_options
from ..option_groups import with_options
from ..output import Format, as_json_lines, chosen, write
from ..page_options import PageOptions, page_options
from ..printing import print_json, print_text
from ..query_options import Headers, QueryOptions, Seconds, headers_of, query_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...data.paginate import Items

__all__ = ["EXAMPLES", "query"]

_PAGES = (
    "appsync-gql query 'query($nextToken: String)"
    " { items(nextToken: $nextToken) { items { id } nextToken } }' --paginate items --limit 20"
)
EXAMPLES = (
    "appsync-gql query '{ me { username groups } }'",
    "appsync-gql query 'query($id: ID!) { item(id: $id) { id name } }' -v id=7 --output csv",
    "echo '{ item(id: 1) { name } }' | appsync-gql query - --output json",
    _PAGES,
)

_Output = Annotated[
    Format | None,
    typer.Option(help="Without: a table on a terminal, JSON elsewhere.", show_default=False),
]


@with_options(query=query_options, pages=page_options, api=api_options)
def query(
    *,
    query: QueryOptions,
    output: _Output = None,
    pages: PageOptions,
    header: Headers = None,
    timeout: Seconds = None,
    api: ApiOptions,
) -> None:
    """Execute a query or mutation and print its data.

    Where only parts of it fail, their errors are on standard error, and the other data is
    printed.
    """
    request = query.request(["query", "mutation"], "subscribe")
    client = api.client(headers=headers_of(header), timeout=timeout)
    items = pages.items(client, request)
    if items is not None:
        _write_items(items, pages.paths, output)
        return
    try:
        data = client.execute(request)
    except TransportQueryError as error:
        if _has_values(error.data):
            write(error.data, output)
        raise
    write(data, output)


def _write_items(items: Items, paths: Sequence[str], output: Format | None) -> None:
    """Write the items of lists: as they come if the format allows it, otherwise all at the end.

    After an error, those that came before it are written, and how to go on.
    """
    one = len(paths) == 1
    try:
        if one and chosen(output, terminal=sys.stdout.isatty()) is Format.JSONL:
            for line in as_json_lines(items):
                print_json(line)
        else:
            _write_at_the_end(items, paths, output)
    except TransportError:
        if one and items.next_token is not None:
            print_text(f"Go on with: --next-token {items.next_token}", err=True)
        raise


def _write_at_the_end(items: Items, paths: Sequence[str], output: Format | None) -> None:
    one = len(paths) == 1
    found: dict[str, list[Any]] = {path: [] for path in paths}
    try:
        for item in items:
            path, value = (paths[0], item) if one else item
            found[path].append(value)
    finally:
        if items.pages:
            write(found[paths[0]] if one else found, output, parts=found)


def _has_values(data: Any) -> bool:
    return isinstance(data, dict) and any(value is not None for value in data.values())
