"""AWS error names and HTTP statuses, and what they mean: one table for HTTP and real-time. Pure.

Sources: https://repost.aws/knowledge-center/aws-appsync-graphql-request-unauth-error for the two
kinds of refusal; https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
for real-time errors; https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
for signatures. Where AWS documents no name, it was seen in public bug reports.
"""

from __future__ import annotations

import enum
import re
from http import HTTPStatus

__all__ = ["DENIED_BY_RESOLVER", "ErrorMeaning", "bare_name", "meaning_of", "meaning_of_status"]


class ErrorMeaning(enum.Enum):
    """What an error of AppSync means for the request or subscription that it answers."""

    REFUSED = "refused"
    """The credentials were not accepted; nothing was executed."""
    DENIED = "denied"
    """The credentials were accepted, a permission is missing; parts may have been executed."""
    THROTTLED = "throttled"
    """Too many requests; nothing was executed."""
    BLOCKED = "blocked"
    """AWS WAF blocked the request; nothing was executed."""
    FULL = "full"
    """The connection has as many subscriptions as the server allows."""
    INVALID = "invalid"
    """The request itself is wrong; nothing was executed."""
    FAILED = "failed"
    """The server failed; what was executed is unknown."""


_NAMES: dict[str, ErrorMeaning] = {
    # Tokens, API keys, Lambda authorizers; Apollo's code for the same.
    "UnauthorizedException": ErrorMeaning.REFUSED,
    "UNAUTHENTICATED": ErrorMeaning.REFUSED,
    # AWS credentials and their signatures.
    "ExpiredToken": ErrorMeaning.REFUSED,
    "ExpiredTokenException": ErrorMeaning.REFUSED,
    "IncompleteSignatureException": ErrorMeaning.REFUSED,
    "InvalidClientTokenId": ErrorMeaning.REFUSED,
    "InvalidSignatureException": ErrorMeaning.REFUSED,
    "MissingAuthenticationTokenException": ErrorMeaning.REFUSED,
    "RequestExpired": ErrorMeaning.REFUSED,
    "RequestTimeTooSkewed": ErrorMeaning.REFUSED,
    "SignatureDoesNotMatch": ErrorMeaning.REFUSED,
    "UnrecognizedClientException": ErrorMeaning.REFUSED,
    "AccessDeniedException": ErrorMeaning.DENIED,
    "Unauthorized": ErrorMeaning.DENIED,
    "LimitExceededError": ErrorMeaning.THROTTLED,
    "LimitExceededException": ErrorMeaning.THROTTLED,
    "RequestLimitExceeded": ErrorMeaning.THROTTLED,
    "Throttling": ErrorMeaning.THROTTLED,
    "ThrottledException": ErrorMeaning.THROTTLED,
    "ThrottlingException": ErrorMeaning.THROTTLED,
    "TooManyRequestsException": ErrorMeaning.THROTTLED,
    "WAFForbiddenException": ErrorMeaning.BLOCKED,
    "MaxSubscriptionsReachedError": ErrorMeaning.FULL,
    "MaxSubscriptionsReachedException": ErrorMeaning.FULL,
    "BadRequestException": ErrorMeaning.INVALID,
    "MalformedHttpRequestException": ErrorMeaning.INVALID,
    "NoProtocolError": ErrorMeaning.INVALID,
    "SubProtocolNotSupportedError": ErrorMeaning.INVALID,
    "UnsupportedOperation": ErrorMeaning.INVALID,
}

_STATUSES: dict[int, ErrorMeaning] = {
    HTTPStatus.UNAUTHORIZED: ErrorMeaning.REFUSED,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorMeaning.THROTTLED,
    # Of proxies that did not pass the request on: the same one may work later.
    HTTPStatus.REQUEST_TIMEOUT: ErrorMeaning.FAILED,
    HTTPStatus.TOO_EARLY: ErrorMeaning.FAILED,
}

_SIGNATURE_TEXTS = (
    "the request signature we calculated",
    "signature expired",
    "signature not yet",
    "credential should be scoped",
    "date in credential scope",
)
"""How AppSync's messages about a wrong SigV4 signature begin; their error name does not tell."""


_SUFFIX = re.compile(r":(https?://.*)?\Z")

DENIED_BY_RESOLVER = frozenset({"Unauthorized", "UnauthorizedException", "UNAUTHENTICATED"})
"""Names that mean a missing permission next to results of other fields. Other names of this table
may occur there too: a resolver passes on the errors of the service behind it."""


def bare_name(name: str) -> str:
    """Return an error's name without a Java package or shape id before it, or a URL behind it.

    ``com.amazonaws.deepdish.graphql.auth#UnauthorizedException`` and
    ``UnauthorizedException:http://…`` both are ``UnauthorizedException``; a resolver's own
    ``DynamoDB:ConditionalCheckFailedException`` stays as it is.
    """
    return _SUFFIX.sub("", name.rpartition("#")[2]).strip()


def meaning_of(name: str | None, message: str = "") -> ErrorMeaning | None:
    """Return what an error of this name means; ``None`` for a name that is not in the table.

    Args:
        name: ``errorType``, ``x-amzn-errortype`` or ``extensions.code``; ``None`` without one.
        message: the error's text, the only difference between a wrong SigV4 signature and other
            instances of ``BadRequestException``.
    """
    if name is None:
        return None
    meaning = _NAMES.get(bare_name(name))
    if meaning is ErrorMeaning.INVALID and message.lower().startswith(_SIGNATURE_TEXTS):
        return ErrorMeaning.REFUSED
    return meaning


def meaning_of_status(status: int) -> ErrorMeaning | None:
    """Return what an HTTP status means that came without a known error name.

    ``None`` for statuses below 300. ``REFUSED`` is for 401 alone: a 403 without AppSync's
    own error name is a firewall's (``BLOCKED``).
    """
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status in _STATUSES:
        return _STATUSES[status]
    if status == HTTPStatus.FORBIDDEN:
        return ErrorMeaning.BLOCKED
    return (
        ErrorMeaning.INVALID if status < HTTPStatus.INTERNAL_SERVER_ERROR else ErrorMeaning.FAILED
    )
