"""``appsync-gql schema``."""

from __future__ import annotations

import enum
import json
from pathlib import Path
from typing import Annotated

import typer
from gql import GraphQLRequest
from graphql import build_client_schema, print_schema

from ...exceptions import ServerFailed
from ..api_options import ApiOptions, api_options
from ..option_groups import with_options
from ..printing import print_text
from ..query_options import Headers, Seconds, headers_of

__all__ = ["EXAMPLES", "schema"]

EXAMPLES = (
    "appsync-gql schema --to schema.graphql",
    "appsync-gql schema --no-descriptions --auth api_key",
)

_To = Annotated[
    Path | None, typer.Option("--to", help="Write it into this file, in place of printing it.")
]
_Json = Annotated[
    bool, typer.Option("--json", help="The result of the introspection, in place of SDL.")
]
_Descriptions = Annotated[
    bool, typer.Option("--descriptions/--no-descriptions", help="Whether comments are included.")
]


class Part(str, enum.Enum):
    """Parts of an introspection that not every API knows; the values are gql's names."""

    DEPRECATED_INPUTS = "input_value_deprecation"
    SPECIFIED_BY = "specified_by_url"
    SCHEMA_DESCRIPTION = "schema_description"
    REPEATABLE = "directive_is_repeatable"


_Parts = Annotated[
    list[Part] | None,
    typer.Option("--include", help="Ask for this too, if the API knows it. May be repeated."),
]


@with_options(api=api_options)
def schema(
    *,
    to: _To = None,
    as_json: _Json = False,
    descriptions: _Descriptions = True,
    include: _Parts = None,
    header: Headers = None,
    timeout: Seconds = None,
    api: ApiOptions,
) -> None:
    """Read the API's schema by introspection and print it as SDL.

    AWS's scalars are declared in it. Directives at fields, such as @aws_auth, are no part of an
    introspection.
    """
    from gql.utilities import get_introspection_query_ast  # noqa: PLC0415

    client = api.client(headers=headers_of(header), timeout=timeout)
    parts = {part.value: part in (include or []) for part in Part}
    document = get_introspection_query_ast(descriptions=descriptions, **parts)
    data = client.execute(GraphQLRequest(document))
    try:
        built = build_client_schema(data)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ServerFailed(f"The result of the introspection is no schema ({reason}).") from None
    text = json.dumps(data, indent=2) if as_json else print_schema(built)
    if to is None:
        print_text(text)
    else:
        to.write_text(text + "\n", encoding="utf-8")
