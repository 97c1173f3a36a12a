"""From gql's request to one that is ready to be sent."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from gql.transport.aiohttp import log as gql_log

from ..auth.base import SignableRequest
from ..compat import post_arguments
from ..exceptions import BadRequest
from .request_body import body_of, is_query, payload_of
from .sender import PreparedRequest
from .session import session_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gql import GraphQLRequest
    from gql.transport.aiohttp import AIOHTTPTransport

__all__ = ["prepare"]

_NO_HEADERS: Mapping[str, str] = {}


def prepare(
    transport: AIOHTTPTransport,
    request: GraphQLRequest,
    extra_args: dict[str, Any] | None,
    *,
    upload_files: bool,
    signing_url: str | None = None,
) -> PreparedRequest:
    """Prepare a request, once for both times that it may be sent.

    Args:
        transport: whose settings apply.
        request: what to send.
        extra_args: arguments of aiohttp's ``post`` from the caller; they are not changed.
        upload_files: whether variables that are files are sent in a multipart body.
        signing_url: the URL that a signature covers; ``None`` for the transport's.

    Raises:
        BadRequest: the variables are no JSON, or an argument can't be used.
    """
    arguments = _arguments(extra_args)
    headers = arguments.pop("headers", None)
    body: bytes | None = None
    try:
        if upload_files or "json" in arguments or "data" in arguments:
            arguments = post_arguments(transport, request, arguments, upload_files=upload_files)
            payload = arguments.pop("data", None)
        else:
            body = _body_of(request, transport.json_serialize)
            payload = payload_of(request, body)
    except Exception as error:  # noqa: BLE001 - the caller's own json_serialize may raise anything
        said = f"{type(error).__name__}: {error}"
        raise BadRequest(f"The variables can't be sent as JSON ({said}).") from None
    return PreparedRequest(
        transport.url,
        body,
        payload,
        headers,
        arguments,
        arguments.pop("ssl", transport.ssl),
        query=is_query(request),
        replayable=not upload_files,
        signable=SignableRequest(
            signing_url or transport.url, body or b"", "http", _all_headers(transport, headers)
        ),
    )


def _all_headers(
    transport: AIOHTTPTransport, headers: Mapping[str, str] | None
) -> Mapping[str, str]:
    """Return the headers of the transport and of one request together."""
    if not (headers or transport.headers or transport.client_session_args):
        return _NO_HEADERS
    found = session_headers(transport)
    found.update(headers or ())
    return found


def _body_of(request: GraphQLRequest, serialize: Callable[..., str]) -> bytes:
    """Return the request's body as JSON; ``json.dumps`` means this package's faster writer."""
    body = body_of(request) if serialize is json.dumps else serialize(request.payload).encode()
    if gql_log.isEnabledFor(logging.DEBUG):
        gql_log.debug(">>> %s", body.decode())
    return body


def _arguments(extra_args: dict[str, Any] | None) -> dict[str, Any]:
    """Return a copy of the caller's arguments without what the transport decides itself."""
    arguments = dict(extra_args) if extra_args else {}
    arguments.pop("raise_for_status", None)  # the status is looked at anyway
    if arguments.pop("allow_redirects", False):
        raise BadRequest(
            "allow_redirects=True is not possible: tokens are not sent after a redirect. Give the "
            "transport the final URL."
        )
    return arguments
