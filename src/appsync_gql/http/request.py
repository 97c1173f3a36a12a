"""From gql's request to one that is ready to be sent."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from gql.transport.aiohttp import log as gql_log

from ..compat import post_arguments
from ..exceptions import BadRequest
from .request_body import body_of, is_query, payload_of
from .sender import PreparedRequest

if TYPE_CHECKING:
    from gql import GraphQLRequest
    from gql.transport.aiohttp import AIOHTTPTransport

__all__ = ["prepare"]


def prepare(
    transport: AIOHTTPTransport,
    request: GraphQLRequest,
    extra_args: dict[str, Any] | None,
    *,
    upload_files: bool,
) -> PreparedRequest:
    """Prepare a request, once for both times that it may be sent.

    Args:
        transport: whose settings apply.
        request: what to send.
        extra_args: arguments of aiohttp's ``post`` from the caller; they are not changed.
        upload_files: whether variables that are files are sent in a multipart body.

    Raises:
        BadRequest: the variables are no JSON.
    """
    arguments = dict(extra_args) if extra_args else {}
    headers = arguments.pop("headers", None)
    body: bytes | None = None
    serialize = transport.json_serialize
    try:
        if upload_files or "json" in arguments or "data" in arguments:
            arguments = post_arguments(transport, request, extra_args, upload_files=upload_files)
            headers = arguments.pop("headers", None)
            payload = arguments.pop("data", None)
        else:
            ours = serialize is json.dumps
            body = body_of(request) if ours else serialize(request.payload).encode()
            payload = payload_of(request, body)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequest(f"The variables can't be sent as JSON: {error}") from None
    if body is not None and gql_log.isEnabledFor(logging.DEBUG):
        gql_log.debug(">>> %s", body.decode())
    return PreparedRequest(
        transport.url,
        body,
        payload,
        headers,
        arguments,
        transport.ssl,
        query=is_query(request),
        replayable=not upload_files,
    )
