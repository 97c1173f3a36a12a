"""``appsync-gql subscribe``."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...exceptions import ServerFailed
from ..api_options import ApiOptions, api_options
from ..option_groups import with_options
from ..output import as_json_lines
from ..printing import print_json, print_text
from ..query_options import Headers, QueryOptions, headers_of, query_options

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EXAMPLES", "subscribe"]

EXAMPLES = (
    "appsync-gql subscribe 'subscription { onCreateItem { id name } }' --until 3",
    "appsync-gql subscribe --file events.graphql -v name=one --until 1 > events.jsonl",
)

_Until = Annotated[int | None, typer.Option(min=1, metavar="N", help="End after so many events.")]


@with_options(query=query_options, api=api_options)
def subscribe(
    *, query: QueryOptions, until: _Until = None, header: Headers = None, api: ApiOptions
) -> None:
    """Print the events of a subscription, each as one line of JSON, until Ctrl-C.

    It goes on through renewed tokens and lost connections. Where events may have been missed,
    a line on standard error says so.
    """
    request = query.request(["subscription"], "query")
    client = api.client(headers=headers_of(header))
    events = client.subscribe(request, on_gap=_report_gap)
    if sys.stderr.isatty():
        typer.echo("Waiting for events; Ctrl-C ends it.", err=True)
    try:
        received = _print_all(events, until)
    except KeyboardInterrupt:
        return  # the usual end
    finally:
        events.close()
    if until is not None and received < until:
        raise ServerFailed(f"AppSync ended the subscription after {received} events.")


def _print_all(events: Iterator[Any], until: int | None) -> int:
    """Print events as they come, and return how many came."""
    received = 0
    for line in as_json_lines(itertools.islice(events, until)):
        print_json(line)
        received += 1
    return received


def _report_gap(gap: Any) -> None:
    print_text(f"appsync-gql: events may have been missed: {gap.reason}", err=True)
