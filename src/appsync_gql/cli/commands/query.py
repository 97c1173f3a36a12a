"""``appsync-gql query``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from gql.transport.exceptions import TransportError, TransportQueryError

from ...exceptions import ConfigurationError
from ..api_options import ApiOptions, with_api_options
from ..output import Format, as_json_lines, chosen, write
from ..query_options import (
    File,
    Headers,
    Operation,
    QueryOptions,
    Seconds,
    Text,
    VariablePairs,
    Variables,
    headers_of,
)

if TYPE_CHECKING:
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
_Paths = Annotated[
    list[str] | None,
    typer.Option(
        "--paginate",
        metavar="PATH",
        help="Follow the nextToken of this list, such as listTodos or getUser.todos, and print "
        "its items. May be repeated.",
    ),
]
_Limit = Annotated[int | None, typer.Option(min=0, help="Items at most, with --paginate.")]
_PageSize = Annotated[
    int | None,
    typer.Option(min=1, help="Items that AppSync reads for one page, with --paginate."),
]
_NextToken = Annotated[str | None, typer.Option(help="Begin at this token, with --paginate.")]
_Progress = Annotated[bool, typer.Option("--progress", help="Show a bar, with --paginate.")]


@with_api_options
def query(
    *,
    api: ApiOptions,
    text: Text = None,
    file: File = None,
    pairs: VariablePairs = None,
    variables: Variables = None,
    operation: Operation = None,
    output: _Output = None,
    paths: _Paths = None,
    limit: _Limit = None,
    page_size: _PageSize = None,
    next_token: _NextToken = None,
    progress: _Progress = False,
    header: Headers = None,
    timeout: Seconds = None,
) -> None:
    """Execute a query or mutation and print its data.

    Where only parts of it fail, their errors are on standard error, and the other data is
    printed.
    """
    from ...data.paginate import paginate  # noqa: PLC0415

    request = QueryOptions(
        text=text, file=file, pairs=pairs or [], variables=variables, operation=operation
    ).request(["query", "mutation"], "subscribe")
    client = api.client(headers=headers_of(header or []), timeout=timeout)
    paging = {"limit": limit, "page_size": page_size, "next_token": next_token}
    if paths:
        path = paths[0] if len(paths) == 1 else paths
        items = paginate(client, request, path, progress=progress, **paging)  # type: ignore[arg-type]
        _write_items(items, paths, output)
        return
    if progress or any(value is not None for value in paging.values()):
        raise ConfigurationError("These options need --paginate PATH.", setting="paginate")
    try:
        data = client.execute(request)
    except TransportQueryError as error:
        if _has_values(error.data):
            write(error.data, output)
        raise
    write(data, output)


def _write_items(items: Items, paths: list[str], output: Format | None) -> None:
    """Write the items of lists: as they come if the format allows it, otherwise all at the end.

    After an error, those that came before it are written, and how to go on.
    """
    one = len(paths) == 1
    try:
        if one and chosen(output, terminal=sys.stdout.isatty()) is Format.JSONL:
            for line in as_json_lines(items):
                typer.echo(line)
        else:
            _write_at_the_end(items, paths, output)
    except TransportError:
        if one and items.next_token is not None:
            typer.echo(f"Go on with: --next-token {items.next_token}", err=True)
        raise


def _write_at_the_end(items: Items, paths: list[str], output: Format | None) -> None:
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
