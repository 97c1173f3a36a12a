"""``appsync-gql schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from gql import GraphQLRequest
from gql.utilities import get_introspection_query_ast
from graphql import build_client_schema, print_schema

from ...exceptions import ServerFailed
from ..api_options import ApiOptions, with_api_options
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
_Deprecated = Annotated[
    bool,
    typer.Option(
        "--deprecated-inputs",
        help="Ask for deprecated arguments and input fields, which older APIs can't list.",
    ),
]


@with_api_options
def schema(
    *,
    api: ApiOptions,
    to: _To = None,
    as_json: _Json = False,
    descriptions: _Descriptions = True,
    deprecated_inputs: _Deprecated = False,
    header: Headers = None,
    timeout: Seconds = None,
) -> None:
    """Read the API's schema by introspection and print it as SDL.

    AWS's scalars are declared in it. Directives at fields, such as @aws_auth, are no part of an
    introspection.
    """
    client = api.client(headers=headers_of(header or []), timeout=timeout)
    document = get_introspection_query_ast(
        descriptions=descriptions, input_value_deprecation=deprecated_inputs
    )
    data = client.execute(GraphQLRequest(document))
    try:
        built = build_client_schema(data)
    except (TypeError, ValueError) as error:
        raise ServerFailed(f"The result of the introspection is no schema: {error}") from None
    text = json.dumps(data, indent=2) if as_json else print_schema(built)
    if to is None:
        typer.echo(text)
    else:
        to.write_text(text + "\n", encoding="utf-8")
