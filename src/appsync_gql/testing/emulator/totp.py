"""Codes of authenticator applications: TOTP (RFC 6238) with its usual settings. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

__all__ = ["new_totp_secret", "totp_code"]

_STEP_SECONDS = 30
_DIGITS = 6


def new_totp_secret() -> str:
    """Return a random secret in Base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def totp_code(secret: str, at: float) -> str:
    """Return the code that is valid at a time.

    Args:
        secret: in Base32.
        at: seconds since the epoch.
    """
    counter = int(at // _STEP_SECONDS).to_bytes(8, "big")
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"
