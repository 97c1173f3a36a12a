"""Responses of AppSync and Cognito as status, headers and bytes. It opens no sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .faults import CONTENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cognito_error import CognitoError
    from .responses import ApiResponse

__all__ = ["HttpResponse", "body_of_get", "of_appsync", "of_cognito", "of_cognito_error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One HTTP response.

    Attributes:
        status: 0 to drop the connection instead.
        body: the bytes.
        headers: in addition to those of every response.
        error_type: AWS's name of the error; ``None`` without one.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    error_type: str | None = None


def of_appsync(response: ApiResponse) -> HttpResponse:
    """Return AppSync's HTTP response."""
    headers = {"Content-Type": CONTENT_TYPES["graphql"]}
    if response.status >= HTTPStatus.BAD_REQUEST and response.error_type:
        headers["x-amzn-errortype"] = response.error_type
    return HttpResponse(
        status=response.status,
        body=json.dumps(response.body, default=str).encode(),
        headers=headers,
        error_type=response.error_type,
    )


def of_cognito(body: Mapping[str, Any]) -> HttpResponse:
    """Return Cognito's HTTP response to a successful call."""
    headers = {"Content-Type": CONTENT_TYPES["cognito"]}
    return HttpResponse(status=200, body=json.dumps(body).encode(), headers=headers)


def of_cognito_error(error: CognitoError) -> HttpResponse:
    """Return Cognito's HTTP response to a call that failed."""
    headers = {"Content-Type": CONTENT_TYPES["cognito"]}
    if "#" not in error.name:  # such names belong to other emulators, which send no such headers
        # Cognito sends the name with a colon behind it.
        headers |= {"x-amzn-ErrorType": f"{error.name}:", "x-amzn-ErrorMessage": error.message}
    body = {"__type": error.name, "message": error.message}
    return HttpResponse(
        status=error.status,
        body=json.dumps(body).encode(),
        headers=headers,
        error_type=error.name,
    )


def body_of_get(query: Mapping[str, str]) -> bytes:
    """Return the body of the POST that a GET with these query parameters stands for."""
    try:
        variables = json.loads(query.get("variables") or "{}")
    except ValueError:
        variables = "not JSON"
    body = {
        "query": query.get("query"),
        "variables": variables,
        "operationName": query.get("operationName"),
    }
    return json.dumps(body).encode()
