"""How connecting, starting and receiving can end, and what the server's errors mean. Pure.

Shapes of errors that were seen: ``errors`` as an array, as an object, as bare strings, in the
payload or at the frame's top level; ``errorType`` with a Java package before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from gql.transport.exceptions import TransportConnectionFailed, TransportError

from ..error_types import ErrorMeaning, bare_name, meaning_of, meaning_of_status
from ..exceptions import (
    AppSyncError,
    BadRequest,
    BlockedByWaf,
    Denied,
    Refused,
    ServerFailed,
    Throttled,
)

__all__ = [
    "Completed",
    "End",
    "Lost",
    "NotStarted",
    "ServerError",
    "Unanswered",
    "error_of",
    "server_error_of",
    "server_error_of_status",
]


_ENDPOINT_STATUSES = {*range(300, 400), 404, 405, 410, 421, 426}
"""HTTP statuses that depend on the URL alone, and not on the user."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The server completed the subscription: there will be no more events."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone, or could not be opened.

    Attributes:
        reason: why, for error messages, events and gaps.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The server did not answer a ``start`` in time, on a connection that may be alive.

    Attributes:
        reason: why there is no subscription, for error messages and gaps.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class ServerError:
    """One error that the server sent.

    Attributes:
        meaning: what it means for the handshake or the subscription that it answers.
        message: the server's text, or ours if it sent none.
        error_type: AWS's name, without any ``prefix#``; ``None`` without one.
        code: ``errorCode``, or the HTTP status of a handshake; ``None`` without one.
        errors: as the server sent them.
    """

    meaning: ErrorMeaning
    message: str
    error_type: str | None = None
    code: int | None = None
    errors: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def of_endpoint(self) -> bool:
        """Whether handshakes of other users would fail in the same way."""
        if self.meaning in {ErrorMeaning.INVALID, ErrorMeaning.BLOCKED}:
            return self.error_type is None and self.code in _ENDPOINT_STATUSES
        return self.meaning not in {ErrorMeaning.REFUSED, ErrorMeaning.DENIED}

    @property
    def reason(self) -> str:
        """The message, under the name that the other ends have for it."""
        return self.message


End = Completed | Lost | Unanswered | ServerError
"""How a registration, or the attempt to get one, ended."""


class NotStarted(Exception):
    """A subscription could not be started on a connection.

    Attributes:
        end: how the attempt ended.
    """

    def __init__(self, end: End) -> None:
        super().__init__(end)
        self.end = end


_CODES: dict[int | None, ErrorMeaning] = {
    HTTPStatus.BAD_REQUEST: ErrorMeaning.INVALID,
    HTTPStatus.UNAUTHORIZED: ErrorMeaning.REFUSED,
    HTTPStatus.FORBIDDEN: ErrorMeaning.REFUSED,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorMeaning.THROTTLED,
}
"""``errorCode`` of error frames whose name is unknown. It is AppSync's own, so that 403 is a
refusal here, while an HTTP status 403 is a firewall's."""

_INVALID_TEXTS = ("validation error", "subprotocolnotsupportederror", "noprotocolerror")
"""How messages begin that AppSync sends without an error name for a wrong request."""

_FAILED_TEXTS = ("internal", "service unavailable")
"""How messages begin that AppSync sends without an error name for a failure of its own."""


def server_error_of(frame: dict[str, Any]) -> ServerError:
    """Return the error in an ``error`` or ``connection_error`` frame, whatever its shape."""
    payload = frame.get("payload")
    found = payload.get("errors") if isinstance(payload, dict) else payload
    if found is None:
        found = frame.get("errors", payload)
    errors = tuple(found) if isinstance(found, list) else () if found is None else (found,)
    first = errors[0] if errors else None
    about: dict[str, Any] = first if isinstance(first, dict) else {"message": first}
    name = _text(about.get("errorType"))
    error_type = (bare_name(name) or None) if name is not None else None
    code = about.get("errorCode")
    code = code if isinstance(code, int) and not isinstance(code, bool) else None
    text = _text(about.get("message"))
    message = text or error_type or "The server sent no reason."
    return ServerError(_meaning(error_type, code, text), message, error_type, code, errors)


def _meaning(error_type: str | None, code: int | None, text: str | None) -> ErrorMeaning:
    known = meaning_of(error_type, text or "") or _CODES.get(code)
    if known is not None:
        return known
    start = (text or "").lower()
    if start.startswith(_INVALID_TEXTS):
        return ErrorMeaning.INVALID
    # Errors of the schema or of a resolver have a message and nothing else.
    nameless = error_type is None and code is None and text is not None
    invalid = nameless and not start.startswith(_FAILED_TEXTS)
    return ErrorMeaning.INVALID if invalid else ErrorMeaning.FAILED


def server_error_of_status(status: int, advice: str = "") -> ServerError:
    """Return the error for a handshake that was answered with an HTTP status.

    Args:
        status: the HTTP status; those below 300 are errors too, because only 101 is none.
        advice: what to add to the message.
    """
    meaning = meaning_of_status(status) or ErrorMeaning.FAILED
    text = f"HTTP {status} at the real-time endpoint. {advice}"
    return ServerError(meaning, text.rstrip(), code=status)


def error_of(end: Lost | Unanswered | ServerError, advice: str = "") -> TransportError:
    """Return the error that a consumer gets for an end that is final.

    Args:
        end: how the last attempt ended.
        advice: what to add to the message if the authorization was refused.
    """
    if isinstance(end, Lost):
        return TransportConnectionFailed(f"The real-time endpoint can't be reached: {end.reason}.")
    if isinstance(end, Unanswered):
        return TransportConnectionFailed(f"The subscription was not started: {end.reason}.")
    return _error_of_server(end, advice)


def _error_of_server(end: ServerError, advice: str) -> AppSyncError:
    about: dict[str, Any] = {"status": end.code, "error_type": end.error_type}
    text = f"AppSync did not accept the subscription, or ended it: {end.message}"
    if end.meaning is ErrorMeaning.THROTTLED:
        return Throttled(text, **about)
    if end.meaning in {ErrorMeaning.FAILED, ErrorMeaning.FULL}:
        return ServerFailed(text, **about)
    about["errors"] = [e if isinstance(e, dict) else {"message": str(e)} for e in end.errors]
    if end.meaning is ErrorMeaning.REFUSED:
        return Refused(f"{text} {advice}".rstrip(), **about)
    if end.meaning is ErrorMeaning.DENIED:
        return Denied(text, **about)
    if end.meaning is ErrorMeaning.BLOCKED:
        return BlockedByWaf(text, **about)
    return BadRequest(text, **about)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
