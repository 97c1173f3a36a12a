"""Saved sessions as JSON. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from ..exceptions import AppSyncError
from ..secret import SecretBytes
from ..session_key import SessionKey
from ..tokens import Tokens
from .sessions import SavedSession, SavedSessions

__all__ = ["MARKER", "NewerFormat", "NotSessions", "from_json", "to_json"]

_FORMAT, _VERSION = "appsync-gql sessions", 1

MARKER = b'{"format": "appsync-gql sessions"'
"""What every stored value of this package begins with."""

# Without clock_correction: it is about the clock of this machine, and others read this.
_TOKEN_FIELDS = (
    "access_token",
    "id_token",
    "refresh_token",
    "device_key",
    "device_group_key",
    "device_password",
    "rotates",
    "renewals",
)
_KEY_FIELDS = ("user_pool_id", "client_id", "username", "signed_in_at")


class NotSessions(ValueError):
    """These bytes are not saved sessions. The text says why, and quotes none of them."""


class NewerFormat(ValueError):
    """A later version of this package wrote these sessions."""


def to_json(sessions: SavedSessions) -> SecretBytes:
    """Return the bytes to store."""
    written = [_written(session) for session in sessions.sessions]
    return SecretBytes(
        json.dumps({"format": _FORMAT, "version": _VERSION, "sessions": written}).encode()
    )


def from_json(raw: SecretBytes) -> SavedSessions:
    """Read what :func:`to_json` returned, or one OAuth 2 token response (RFC 6749, 5.1).

    Raises:
        NotSessions: it is neither.
        NewerFormat: a later version of this package wrote it.
    """
    found = _object(raw)
    if "format" not in found:
        return SavedSessions((_token_response(found),))
    if found["format"] != _FORMAT:
        raise NotSessions(f"its format is not {_FORMAT!r}")
    version = found.get("version")
    if isinstance(version, int) and version > _VERSION:
        raise NewerFormat(f"version {version} of the format")
    if version != _VERSION:
        raise NotSessions("no version of this package wrote such a version number")
    try:
        return SavedSessions(tuple(_read(session) for session in found["sessions"]))
    except NotSessions:
        raise
    except (AppSyncError, AttributeError, KeyError, RecursionError, TypeError) as error:
        raise NotSessions(f"a session in it is incomplete ({type(error).__name__})") from None


def _object(raw: SecretBytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except RecursionError:
        raise NotSessions("it is JSON that is nested too deeply") from None
    except ValueError:
        raise NotSessions("it is not JSON") from None
    if not isinstance(found, dict):
        raise NotSessions("it is not a JSON object")
    return found


def _written(session: SavedSession) -> dict[str, Any]:
    key = {name: getattr(session.key, name) for name in _KEY_FIELDS}
    digests = {"refresh_token_digests": session.refresh_token_digests}
    if session.tokens is None:
        return {**key, **digests, "signed_out": True, "signed_out_at": session.signed_out_at}
    tokens = {name: getattr(session.tokens, name) for name in _TOKEN_FIELDS}
    return {**key, **digests, **tokens}


def _read(found: dict[str, Any]) -> SavedSession:
    key = SessionKey(
        user_pool_id=_text(found, "user_pool_id"),
        client_id=_text(found, "client_id"),
        username=_text(found, "username"),
        signed_in_at=_seconds(found, "signed_in_at"),
    )
    digests = tuple(str(digest) for digest in found["refresh_token_digests"])
    if found.get("signed_out"):
        signed_out_at = _seconds(found, "signed_out_at")
        return SavedSession(
            key=key, tokens=None, refresh_token_digests=digests, signed_out_at=signed_out_at
        )
    tokens = Tokens(
        access_token=_text(found, "access_token"),
        id_token=_text(found, "id_token"),
        refresh_token=_text(found, "refresh_token"),
        device_key=_text(found, "device_key"),
        device_group_key=_text(found, "device_group_key"),
        device_password=_text(found, "device_password"),
        rotates=_boolean(found, "rotates"),
        renewals=_count(found, "renewals"),
    )
    if not key.fits(SessionKey.of(tokens)):
        raise NotSessions("the tokens in it belong to another session than it says")
    return SavedSession(key=key, tokens=tokens, refresh_token_digests=digests)


def _token_response(found: dict[str, Any]) -> SavedSession:
    """Read the tokens that another program saved as its provider sent them."""
    given = {n: found[n] for n in ("access_token", "id_token", "refresh_token") if found.get(n)}
    try:
        tokens = Tokens(**given)
    except (AppSyncError, RecursionError, TypeError):
        raise NotSessions("it has neither sessions nor tokens in it") from None
    key = SessionKey.of(tokens)
    digests = (key.first_token_digest,) if key.first_token_digest else ()
    return SavedSession(
        key=replace(key, first_token_digest=None), tokens=tokens, refresh_token_digests=digests
    )


def _text(found: dict[str, Any], name: str) -> str | None:
    value = found.get(name)
    if value is None or isinstance(value, str):
        return value
    raise NotSessions(f"{name} in it is not a text")


def _seconds(found: dict[str, Any], name: str) -> float | None:
    value = found.get(name)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value):
        return value
    raise NotSessions(f"{name} in it is not a number of seconds")


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float can hold
        return False


def _boolean(found: dict[str, Any], name: str) -> bool | None:
    value = found.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise NotSessions(f"{name} in it is not true or false")


def _count(found: dict[str, Any], name: str) -> int:
    value = found.get(name, 0)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise NotSessions(f"{name} in it is not a count")
