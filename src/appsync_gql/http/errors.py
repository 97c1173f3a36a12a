"""From a response, or from none, to the error that the caller gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aiohttp

from ..clock import retry_after
from ..exceptions import (
    AppSyncError,
    BadRequest,
    BlockedByWaf,
    ConnectionFailed,
    Denied,
    OutcomeUnknown,
    Refused,
    ServerFailed,
    Throttled,
)
from .response import Outcome, Rejection, Response

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["error_of", "error_without_response", "remove_frames", "without_password"]

_REDIRECT = 3

_NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientHttpProxyError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    aiohttp.ServerFingerprintMismatch,
)
"""What aiohttp raises before a byte of the request was sent."""


_USER = re.compile(r"//[^/\s@]*@")


def error_of(rejection: Rejection, *, query: bool, advice: str = "") -> AppSyncError:
    """Return the error to raise for a response that is no result.

    Args:
        rejection: the response, and what it means.
        query: whether the operation was a query.
        advice: what to do if the credentials were refused; from the authorization mode.
    """
    response, outcome = rejection
    if outcome is Outcome.REFUSED:
        return Refused(
            " ".join((f"AppSync refused the request {_summary(response)}.", advice)).strip(),
            **_graphql(response),
            **_attributes(response),
        )
    return _ERRORS[outcome](response, query)


def error_without_response(error: BaseException, *, query: bool, sent: bool) -> AppSyncError:
    """Return the error to raise for a request that got no response.

    Args:
        error: what aiohttp raised.
        query: whether the operation was a query.
        sent: whether a part of the request's body may have been sent.
    """
    text = without_password(str(error))
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, _NOT_SENT):
        sent = False
    # A certificate's error is a ValueError too, but of the connection.
    unusable = isinstance(error, TypeError | ValueError)
    if not sent and unusable and not isinstance(error, aiohttp.ClientConnectionError):
        return BadRequest(f"aiohttp can't send the request ({said}); nothing was sent.")
    if not sent:
        return ConnectionFailed(f"AppSync could not be reached ({said}); nothing was sent.")
    if query:
        return ConnectionFailed(
            f"No complete response was received ({said}). A query can be tried again.",
            may_have_executed=True,
        )
    return OutcomeUnknown(
        f"The mutation was sent, and no complete response was received ({said}). It may have been "
        "executed: check before you send it again."
    )


def without_password(text: str) -> str:
    """Return a text without the user and password in its URLs, such as that of a proxy."""
    return _USER.sub("//", text)


def remove_frames(error: BaseException) -> None:
    """Remove the tracebacks of an error and of all that it was raised from."""
    found, waiting = set[int](), [error]
    while waiting:
        one = waiting.pop()
        if id(one) in found:
            continue
        found.add(id(one))
        one.__traceback__ = None
        others = (one.__cause__, one.__context__, *getattr(one, "exceptions", ()))
        waiting += [other for other in others if isinstance(other, BaseException)]


def _denied(response: Response, query: bool) -> AppSyncError:  # noqa: FBT001
    return Denied(
        f"The caller is not allowed to do this {_summary(response)}. The API's owner can grant "
        "it; the results of other fields are in .data.",
        may_have_executed=not query or response.data is not None,
        **_graphql(response),
        **_attributes(response),
    )


def _throttled(response: Response, _query: bool) -> AppSyncError:  # noqa: FBT001
    return Throttled(
        f"AppSync has too many requests {_summary(response)}. Nothing was executed: try again "
        "later, or ask AWS for a higher quota.",
        retry_after=retry_after(response.headers),
        **_attributes(response),
    )


def _blocked(response: Response, _query: bool) -> AppSyncError:  # noqa: FBT001
    return BlockedByWaf(
        f"A firewall rule in front of the API blocked the request {_summary(response)}. The API's "
        "owner finds the rule in AWS WAF.",
        **_graphql(response),
        **_attributes(response),
    )


def _invalid(response: Response, _query: bool) -> AppSyncError:  # noqa: FBT001
    if response.status // 100 == _REDIRECT:
        text = (
            f"The endpoint redirects ({response.status}), and tokens are not sent after a "
            "redirect: pass the final URL to the transport."
        )
    else:
        text = f"AppSync rejected the request {_summary(response)}; nothing was executed."
    return BadRequest(text, **_graphql(response), **_attributes(response))


def _failed(response: Response, query: bool) -> AppSyncError:  # noqa: FBT001
    if query:
        return ServerFailed(
            f"AppSync, or a proxy before it, failed {_summary(response)}. A query can be tried "
            "again.",
            may_have_executed=True,
            **_attributes(response),
        )
    return OutcomeUnknown(
        f"The mutation was sent, and the response does not say whether it was executed "
        f"{_summary(response)}. Check before you send it again.",
        **_graphql(response),
        **_attributes(response),
    )


_ERRORS: dict[Outcome, Callable[[Response, bool], AppSyncError]] = {
    Outcome.DENIED: _denied,
    Outcome.THROTTLED: _throttled,
    Outcome.BLOCKED: _blocked,
    Outcome.INVALID: _invalid,
    Outcome.FAILED: _failed,
}


def _summary(response: Response) -> str:
    types = response.error_types
    name = f" {types[0]}" if types else ""
    text = f": {response.message}" if response.message else ""
    return f"({response.status}{name}{text})"


def _attributes(response: Response) -> dict[str, Any]:
    types = response.error_types
    return {
        "status": response.status,
        "error_type": types[0] if types else None,
        "request_id": response.headers.get("x-amzn-RequestId"),
    }


def _graphql(response: Response) -> dict[str, Any]:
    return {"errors": response.errors, "data": response.data, "extensions": response.extensions}
