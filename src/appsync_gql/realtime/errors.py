"""What an error of the real-time endpoint means. Pure.

Shapes that were seen: ``errors`` as an array, as an object, as bare strings, in the
payload or at the frame's top level; ``errorType`` with a Java package before it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from ..exceptions import AppSyncError, BadRequest, Denied, Refused, ServerFailed, Throttled

__all__ = ["Step", "Trouble", "TroubleKind", "error_of", "step_after", "trouble_of"]


class TroubleKind(enum.Enum):
    """What is to be done about it."""

    REFUSED = "refused"
    """The token was not accepted: renew it, and try again once."""
    DENIED = "denied"
    """A permission is missing: this subscription ends, unless newer tokens have it."""
    LIMITED = "limited"
    """Too many requests: wait, and try again."""
    FULL = "full"
    """The connection has no room for another subscription: take another connection."""
    INVALID = "invalid"
    """The request itself is wrong: this subscription ends."""
    TRANSIENT = "transient"
    """Anything else: wait, and try again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One error of the server.

    Attributes:
        kind: what is to be done.
        message: the server's text, or ours where it had none.
        error_type: AWS's name, without any ``prefix#``; ``None`` without.
        code: ``errorCode``; ``None`` without.
        errors: as the server sent them.
    """

    kind: TroubleKind
    message: str
    error_type: str | None = None
    code: int | None = None
    errors: tuple[Any, ...] = ()


class Step(enum.Enum):
    """What comes after a trouble."""

    RENEW = "renew"
    """Get newer headers, and try again at once."""
    ELSEWHERE = "elsewhere"
    """Try again at once, on another connection."""
    WAIT = "wait"
    """Try again after a while."""
    GIVE_UP = "give up"
    """It would be the same again."""


def step_after(trouble: Trouble, *, renewed: bool, proven: bool = False) -> Step:
    """Decide what comes after a trouble.

    Args:
        trouble: what the server said.
        renewed: whether newer headers were tried since it last went well.
        proven: whether the same request went well before, so that one that is called
            wrong now was answered by something in between.
    """
    if trouble.kind in {TroubleKind.REFUSED, TroubleKind.DENIED}:
        return Step.GIVE_UP if renewed else Step.RENEW
    if trouble.kind is TroubleKind.FULL:
        return Step.ELSEWHERE
    return Step.GIVE_UP if trouble.kind is TroubleKind.INVALID and not proven else Step.WAIT


_TYPES = {
    "UnauthorizedException": TroubleKind.REFUSED,
    "Unauthorized": TroubleKind.DENIED,
    "LimitExceededError": TroubleKind.LIMITED,
    "LimitExceededException": TroubleKind.LIMITED,
    "ThrottlingException": TroubleKind.LIMITED,
    "TooManyRequestsException": TroubleKind.LIMITED,
    "MaxSubscriptionsReachedError": TroubleKind.FULL,
    "MaxSubscriptionsReachedException": TroubleKind.FULL,
    "BadRequestException": TroubleKind.INVALID,
    "UnsupportedOperation": TroubleKind.INVALID,
    "SubProtocolNotSupportedError": TroubleKind.INVALID,
    "NoProtocolError": TroubleKind.INVALID,
}
_CODES: dict[int | None, TroubleKind] = {
    HTTPStatus.BAD_REQUEST: TroubleKind.INVALID,
    HTTPStatus.UNAUTHORIZED: TroubleKind.REFUSED,
    HTTPStatus.FORBIDDEN: TroubleKind.REFUSED,
    HTTPStatus.TOO_MANY_REQUESTS: TroubleKind.LIMITED,
}
_INVALID_TEXTS = ("Validation error", "SubProtocolNotSupportedError", "NoProtocolError")


def trouble_of(frame: dict[str, Any]) -> Trouble:
    """Read an ``error`` or ``connection_error`` frame, whatever its shape."""
    payload = frame.get("payload")
    found = payload.get("errors") if isinstance(payload, dict) else payload
    if found is None:
        found = frame.get("errors", payload)
    errors = tuple(found) if isinstance(found, list) else () if found is None else (found,)
    first = errors[0] if errors else None
    about: dict[str, Any] = first if isinstance(first, dict) else {"message": first}
    error_type = _text(about.get("errorType"))
    if error_type is not None:
        error_type = error_type.rpartition("#")[2] or None
    code = about.get("errorCode")
    code = code if isinstance(code, int) and not isinstance(code, bool) else None
    said = _text(about.get("message"))
    message = said or error_type or "The server gave no reason."
    return Trouble(_kind(error_type, code, said), message, error_type, code, errors)


def _kind(error_type: str | None, code: int | None, said: str | None) -> TroubleKind:
    if error_type in _TYPES:
        return _TYPES[error_type]
    if code in _CODES:
        return _CODES[code]
    # Errors of the schema or of a resolver have a message and nothing else.
    nameless = error_type is None and code is None
    invalid = said is not None and (nameless or said.startswith(_INVALID_TEXTS))
    return TroubleKind.INVALID if invalid else TroubleKind.TRANSIENT


def error_of(trouble: Trouble) -> AppSyncError:
    """Make the error that ends a subscription."""
    about: dict[str, Any] = {"status": trouble.code, "error_type": trouble.error_type}
    errors = [e if isinstance(e, dict) else {"message": str(e)} for e in trouble.errors]
    said = f"AppSync ended the subscription: {trouble.message}"
    if trouble.kind is TroubleKind.REFUSED:
        return Refused(f"{said} Newer tokens did not help.", errors=errors, **about)
    if trouble.kind is TroubleKind.DENIED:
        return Denied(said, errors=errors, **about)
    if trouble.kind is TroubleKind.INVALID:
        return BadRequest(said, errors=errors, **about)
    if trouble.kind is TroubleKind.LIMITED:
        return Throttled(said, **about)
    return ServerFailed(said, **about)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
