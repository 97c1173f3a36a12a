"""The authorization mode IAM: requests signed with Signature Version 4.

The error of a wrong signature or clock is AppSync's ``BadRequestException``. Older reports show
``InvalidSignatureException`` with status 403 instead, which this emulator does not send.
"""

from __future__ import annotations

import calendar
import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...secret import Secret
from .authorization import AuthorizationFailed
from .recorded_requests import without_token
from .resolvers import IAM, Caller
from .sigv4 import ALGORITHM, SignatureHeader, expected_signature, parse_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .authorization import AuthorizationRequest

__all__ = ["IamCredentials", "IamMode"]

ACCOUNT_ID = "123456789012"
_SERVICE = "appsync"
_LARGEST_SKEW = 300
"""Seconds by which the clock of the client may differ."""

_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IamCredentials:
    """AWS credentials that the emulator accepts.

    Attributes:
        access_key_id: the public part.
        secret_access_key: redacted in ``repr``.
        session_token: redacted in ``repr``; ``None`` for the key of an IAM user.
        expires_at: seconds since the epoch, by the server's clock; ``None`` for never.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None


class IamMode:
    """Accepts requests that one of the credentials has signed. May be used from any thread.

    Args:
        keys: secret access keys by access key id.
        region: of the API.
        now: the server's clock, seconds since the epoch.
    """

    denies_fields = False

    def __init__(self, keys: Mapping[str, str], *, region: str, now: Callable[[], float]) -> None:
        self._region, self._now, self._lock = region, now, threading.Lock()
        self._credentials = {
            name: IamCredentials(access_key_id=name, secret_access_key=Secret(secret))
            for name, secret in keys.items()
        }

    def issue(self, lifetime: float, issued_ago: float) -> IamCredentials:
        """Return new temporary credentials, as ``AssumeRole`` does.

        Args:
            lifetime: seconds for which they are valid.
            issued_ago: seconds by which they are older than now.
        """
        issued = IamCredentials(
            access_key_id=f"ASIA{secrets.token_hex(8).upper()}",
            secret_access_key=Secret(secrets.token_urlsafe(30)),
            session_token=Secret(secrets.token_urlsafe(60)),
            expires_at=self._now() - issued_ago + lifetime,
        )
        with self._lock:
            self._credentials[issued.access_key_id] = issued
        return issued

    def recognizes(self, request: AuthorizationRequest) -> bool:
        """Return whether ``Authorization`` contains a signature."""
        return (request.headers.get("Authorization") or "").startswith(ALGORITHM)

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return the owner of the credentials.

        Raises:
            AuthorizationFailed: the credentials are unknown or expired, the clock differs by
                more than 5 minutes, or the signature is wrong.
        """
        header = parse_header(request.headers["Authorization"])
        timestamp = request.headers.get("x-amz-date", "")
        signed_at = _seconds(timestamp)
        if header is None or signed_at is None or "host" not in header.signed_headers:
            text = "Authorization header requires Credential, SignedHeaders with host, Signature"
            raise AuthorizationFailed(
                "IncompleteSignatureException", f"{text}, and a header X-Amz-Date.", 403
            )
        credentials = self._valid_credentials(header, request)
        self._check_scope(header, timestamp)
        self._check_time(timestamp, signed_at)
        expected = expected_signature(request, header, credentials.secret_access_key, timestamp)
        if not hmac.compare_digest(expected.encode(), header.signature.encode()):
            raise _bad_request(_MISMATCH)
        name = credentials.access_key_id
        identity = {
            "accountId": ACCOUNT_ID,
            "userArn": f"arn:aws:iam::{ACCOUNT_ID}:user/{name}",
            "username": name,
        }
        return Caller(identity, mode=IAM, headers=without_token(request.headers))

    def _valid_credentials(
        self, header: SignatureHeader, request: AuthorizationRequest
    ) -> IamCredentials:
        with self._lock:
            credentials = self._credentials.get(header.access_key_id)
        token = request.headers.get("x-amz-security-token") or ""
        if credentials is None or not hmac.compare_digest(
            (credentials.session_token or "").encode(), token.encode()
        ):
            text = "The security token included in the request is invalid."
            raise AuthorizationFailed("UnrecognizedClientException", text, 403)
        if credentials.expires_at is not None and credentials.expires_at <= self._now():
            text = "The security token included in the request is expired"
            raise AuthorizationFailed("ExpiredTokenException", text, 403)
        return credentials

    def _check_scope(self, header: SignatureHeader, timestamp: str) -> None:
        if header.region != self._region:
            text = f"Credential should be scoped to a valid region, not '{header.region}'."
            raise _bad_request(text)
        if header.service != _SERVICE:
            raise _bad_request(f"Credential should be scoped to correct service: '{_SERVICE}'.")
        if not timestamp.startswith(header.date):
            raise _bad_request("Date in Credential scope does not match the date of the request.")

    def _check_time(self, timestamp: str, signed_at: int) -> None:
        now = self._now()
        if signed_at < now - _LARGEST_SKEW:
            limit, sign, problem = now - _LARGEST_SKEW, "-", "expired"
            relation = "now earlier than"
        elif signed_at > now + _LARGEST_SKEW:
            limit, sign, problem = now + _LARGEST_SKEW, "+", "not yet current"
            relation = "still later than"
        else:
            return
        raise _bad_request(
            f"Signature {problem}: {timestamp} is {relation} {_formatted(limit)} "
            f"({_formatted(now)} {sign} 5 min.)"
        )


def _bad_request(message: str) -> AuthorizationFailed:
    return AuthorizationFailed("BadRequestException", message, 400)


def _seconds(timestamp: str) -> int | None:
    """Return seconds since the epoch; ``None`` if the timestamp has another format."""
    try:
        return calendar.timegm(time.strptime(timestamp, _TIMESTAMP))
    except ValueError:
        return None


def _formatted(seconds: float) -> str:
    return time.strftime(_TIMESTAMP, time.gmtime(seconds))
