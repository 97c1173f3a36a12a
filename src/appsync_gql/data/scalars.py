"""AWS's scalars in gql: for results with a schema, and without one.

https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gql.utilities import update_schema_scalar
from graphql import (
    DefinitionNode,
    DocumentNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    NameNode,
    ScalarTypeDefinitionNode,
    build_ast_schema,
    parse,
)

from ..exceptions import ConfigurationError
from .text_scalars import (
    email,
    ip_address_of,
    json_of,
    phone,
    text_of_ip_address,
    text_of_json,
    url,
)
from .time_scalars import (
    date_of,
    datetime_of,
    moment_of,
    text_of_date,
    text_of_datetime,
    text_of_time,
    time_of,
    timestamp_of,
)

__all__ = ["SCALARS", "add_aws_scalars", "parse_aws_scalars", "serialize_aws_scalars"]


class _Scalar(NamedTuple):
    """The two functions of a scalar.

    Attributes:
        parse: returns the Python value of what a result contains.
        serialize: returns what is sent for a Python value.
    """

    parse: Callable[[Any], Any]
    serialize: Callable[[Any], Any]


SCALARS: Mapping[str, _Scalar] = {
    "AWSDate": _Scalar(date_of, text_of_date),
    "AWSDateTime": _Scalar(datetime_of, text_of_datetime),
    "AWSEmail": _Scalar(email, email),
    "AWSIPAddress": _Scalar(ip_address_of, text_of_ip_address),
    "AWSJSON": _Scalar(json_of, text_of_json),
    "AWSPhone": _Scalar(phone, phone),
    "AWSTime": _Scalar(time_of, text_of_time),
    "AWSTimestamp": _Scalar(moment_of, timestamp_of),
    "AWSURL": _Scalar(url, url),
}
"""All scalars that AppSync defines, by name."""


def add_aws_scalars(schema: GraphQLSchema | str) -> GraphQLSchema:
    """Let gql convert AWS's scalars to Python values and back, by an API's schema.

    =================  ================================================================
    AWSDate            ``date``
    AWSTime            ``time``, with the offset if it has one
    AWSDateTime        ``datetime`` with its offset
    AWSTimestamp       ``datetime`` in UTC; an ``int`` is accepted too
    AWSJSON            any Python object that JSON can express
    AWSIPAddress       an address of ``ipaddress``; with a suffix (``/16``) an interface
    AWSEmail, AWSURL,  ``str``
    AWSPhone
    =================  ================================================================

    ::

        client = AppSyncClient(
            transport=transport,
            schema=add_aws_scalars(Path("schema.graphql").read_text()),
            parse_results=True,
            serialize_variables=True,
        )

    Texts in the right format are accepted where a value is sent, except for AWSJSON, where a
    ``str`` is sent as a JSON string.

    Args:
        schema: changed in place; or the schema's SDL as AppSync exports it, in which AWS's
            scalars and directives need no declaration.

    Returns:
        The schema.

    Raises:
        ConfigurationError: the SDL is not a schema.
    """
    if isinstance(schema, str):
        schema = _schema_of(schema)
    for name, scalar in SCALARS.items():
        if name in schema.type_map:
            new = GraphQLScalarType(name, serialize=scalar.serialize, parse_value=scalar.parse)
            update_schema_scalar(schema, name, new)
    return schema


def parse_aws_scalars(data: Any, types: Mapping[str, str]) -> Any:
    """Return a result in which AWS's scalars are Python values, without a schema.

    ::

        parse_aws_scalars(result, {"createdAt": "AWSDateTime", "getTodo.meta": "AWSJSON"})

    Args:
        data: a result of gql, or an item of one. It is not changed.
        types: names of scalars by field. A field is named by its name, or by the end of its
            path (``"author.createdAt"``, in which lists do not count); the longest one that fits
            is used. Lists are converted item by item.

    Raises:
        ConfigurationError: there is no such scalar.
        GraphQLError: a value is not of its scalar.
    """
    return _converted(data, _functions(types, lambda name: _for_each(SCALARS[name].parse)), ())


def serialize_aws_scalars(variables: Any, types: Mapping[str, str]) -> Any:
    """Return variables in which Python values are sent as AWS's scalars, without a schema.

    ::

        variables = serialize_aws_scalars({"due": date(2026, 5, 1)}, {"due": "AWSDate"})

    Args:
        variables: by name. They are not changed.
        types: names of scalars by variable or input field, as for :func:`parse_aws_scalars`.
            A list for AWSJSON is one JSON array.

    Raises:
        ConfigurationError: there is no such scalar.
        GraphQLError: a value can't be sent as its scalar.
    """
    return _converted(variables, _functions(types, _serializer), ())


def _schema_of(sdl: str) -> GraphQLSchema:
    """Return the schema of an SDL, in which scalars of AWS's need not be declared."""
    try:
        definitions: tuple[DefinitionNode, ...] = tuple(parse(sdl).definitions)
        declared = {d.name.value for d in definitions if isinstance(d, ScalarTypeDefinitionNode)}
        missing = tuple(
            ScalarTypeDefinitionNode(name=NameNode(value=name), directives=())
            for name in SCALARS
            if name not in declared
        )
        # Directives such as @aws_auth and @model need not be declared if the SDL is not validated.
        return build_ast_schema(
            DocumentNode(definitions=definitions + missing), assume_valid_sdl=True
        )
    except (GraphQLError, TypeError) as error:
        first_line = str(error).splitlines()[0]
        raise ConfigurationError(
            f"The SDL is not a schema: {first_line}", setting="schema"
        ) from None


def _functions(
    types: Mapping[str, str], function_of: Callable[[str], Callable[[Any], Any]]
) -> dict[tuple[str, ...], Callable[[Any], Any]]:
    """Return the functions by path.

    Raises:
        ConfigurationError: a scalar is not known.
    """
    unknown = sorted(set(types.values()) - SCALARS.keys())
    if unknown:
        raise ConfigurationError(
            f"There is no AWS scalar {unknown[0]!r}: {', '.join(SCALARS)}.", setting="types"
        )
    return {tuple(path.split(".")): function_of(name) for path, name in types.items()}


def _serializer(name: str) -> Callable[[Any], Any]:
    serialize = SCALARS[name].serialize
    return serialize if name == "AWSJSON" else _for_each(serialize)


def _for_each(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the function for a value or for each one of a list; null stays null."""

    def convert(value: Any) -> Any:
        if isinstance(value, list):
            return [convert(item) for item in value]
        return None if value is None else function(value)

    return convert


def _converted(
    value: Any, functions: Mapping[tuple[str, ...], Callable[[Any], Any]], path: tuple[str, ...]
) -> Any:
    ends = (path[start:] for start in range(len(path)))
    function = next((functions[end] for end in ends if end in functions), None)
    if value is None:
        return None
    if function is not None:
        return function(value)
    if isinstance(value, Mapping):
        return {key: _converted(v, functions, (*path, key)) for key, v in value.items()}
    if isinstance(value, list):
        return [_converted(item, functions, path) for item in value]
    return value
