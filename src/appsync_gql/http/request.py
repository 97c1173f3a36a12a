"""From gql's request to one that is ready to be sent."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from gql.transport.aiohttp import log as gql_log

from ..auth.base import SignableRequest
from ..compat.gql import post_arguments
from ..exceptions import BadRequest
from .request_body import TrackedPayload, encoded, is_query
from .sender import PreparedRequest
from .session import session_headers

if TYPE_CHECKING:
    from gql import GraphQLRequest
    from gql.transport.aiohttp import AIOHTTPTransport

__all__ = ["prepare", "signable_request"]

_NO_ARGUMENTS: dict[str, Any] = {}


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
        BadRequest: the variables are no JSON, or an argument can't be used.
    """
    try:
        if not (extra_args or upload_files) and transport.json_serialize is json.dumps:
            body, payload, query = encoded(request)
            _log_body(body)
            return PreparedRequest(
                transport.url,
                body,
                payload,
                None,
                _NO_ARGUMENTS,
                transport.ssl,
                query,
                replayable=True,
            )
        return _prepared(transport, request, _arguments(extra_args), upload_files=upload_files)
    except BadRequest:
        raise
    except Exception as error:  # noqa: BLE001 - the caller's own json_serialize may raise anything
        said = f"{type(error).__name__}: {error}"
        raise BadRequest(f"The variables can't be sent as JSON ({said}).") from None


def _prepared(
    transport: AIOHTTPTransport,
    request: GraphQLRequest,
    arguments: dict[str, Any],
    *,
    upload_files: bool,
) -> PreparedRequest:
    """Prepare a request that has arguments of its own."""
    headers = arguments.pop("headers", None)
    body: bytes | None = None
    payload: Any
    if upload_files or "json" in arguments or "data" in arguments:
        arguments = post_arguments(transport, request, arguments, upload_files=upload_files)
        payload = arguments.pop("data", None)
        own_json = arguments.pop("json", None)
        if own_json is not None:
            if payload is not None:
                raise BadRequest("A request has one body: data= in extra_args can't be sent.")
            payload = TrackedPayload(transport.json_serialize(own_json).encode())
    elif transport.json_serialize is json.dumps:
        body, payload, _ = encoded(request)
    else:
        text: str = transport.json_serialize(request.payload)
        body = text.encode()
        payload = TrackedPayload(body)
    if body is not None:
        _log_body(body)
    return PreparedRequest(
        transport.url,
        body,
        payload,
        headers,
        arguments,
        arguments.pop("ssl", transport.ssl),
        query=is_query(request),
        replayable=not upload_files,
    )


def _log_body(body: bytes) -> None:
    if gql_log.isEnabledFor(logging.DEBUG):
        gql_log.debug(">>> %s", body.decode())


def _arguments(extra_args: dict[str, Any] | None) -> dict[str, Any]:
    """Return a copy of the caller's arguments without what the transport decides itself."""
    arguments = dict(extra_args) if extra_args else {}
    arguments.pop("raise_for_status", None)  # the status is always checked here
    if arguments.pop("allow_redirects", False):
        raise BadRequest(
            "allow_redirects=True is not possible: tokens are not sent after a redirect. Pass the "
            "final URL to the transport."
        )
    return arguments


def signable_request(
    transport: AIOHTTPTransport, url: str, request: PreparedRequest
) -> SignableRequest:
    """Return what is signed of a request.

    Args:
        transport: its headers are sent with every request.
        url: the URL that the signature covers.
        request: what will be sent.
    """
    headers = session_headers(transport)
    headers.update(request.headers or ())
    return SignableRequest(url, request.body or b"", "http", headers)
