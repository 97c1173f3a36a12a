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
from typing import TYPE_CHECKING, Any

from ...secret import Secret
from .authorization import AuthorizationFailed
from .recorded_requests import without_token
from .resolvers import IAM, Caller
from .sigv4 import ALGORITHM, SignatureHeader, expected_signature, parse_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .authorization import AuthorizationRequest

__all__ = ["ACCOUNT_ID", "IamCredentials", "IamMode"]

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
        claims: what resolvers learn of their owner.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)


class IamMode:
    """Accepts requests that one of the credentials has signed. May be used from any thread.

    Args:
        keys: secret access keys by access key id.
        region: of the API.
        now: the server's clock, seconds since the epoch.
    """

    name, denies_fields = IAM, False

    def __init__(self, keys: Mapping[str, str], *, region: str, now: Callable[[], float]) -> None:
        self._region, self._now, self._lock = region, now, threading.Lock()
        self._credentials = {
            name: IamCredentials(
                access_key_id=name, secret_access_key=Secret(secret), claims=_user(name)
            )
            for name, secret in keys.items()
        }

    def issue(
        self, lifetime: float, issued_ago: float, claims: Mapping[str, Any] | None = None
    ) -> IamCredentials:
        """Return new temporary credentials, as ``AssumeRole`` does.

        Args:
            lifetime: seconds for which they are valid.
            issued_ago: seconds by which they are older than now.
            claims: what resolvers learn of their owner; ``None`` for an IAM user.
        """
        name = f"ASIA{secrets.token_hex(8).upper()}"
        issued = IamCredentials(
            access_key_id=name,
            secret_access_key=Secret(secrets.token_urlsafe(30)),
            session_token=Secret(secrets.token_urlsafe(60)),
            expires_at=self._now() - issued_ago + lifetime,
            claims=_user(name) if claims is None else claims,
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
            AuthorizationFailed: as :meth:`verified`.
        """
        credentials = self.verified(request, service=_SERVICE, region=self._region)
        headers = without_token(request.headers)
        return Caller(credentials.claims, mode=IAM, headers=headers)

    def verified(
        self, request: AuthorizationRequest, *, service: str, region: str | None = None
    ) -> IamCredentials:
        """Return the credentials with which a request is signed.

        Args:
            request: as it was received.
            service: for which it must be signed.
            region: for which it must be signed; ``None`` for any.

        Raises:
            AuthorizationFailed: the credentials are unknown or expired, the clock differs by
                more than 5 minutes, the signature is wrong, or a header is not signed.
        """
        header = parse_header(request.headers.get("Authorization") or "")
        timestamp = request.headers.get("x-amz-date", "")
        signed_at = _seconds(timestamp)
        if header is None or signed_at is None or "host" not in header.signed_headers:
            text = "Authorization header requires Credential, SignedHeaders with host, Signature"
            raise AuthorizationFailed(
                "IncompleteSignatureException", f"{text}, and a header X-Amz-Date.", 403
            )
        credentials = self._valid_credentials(header, request)
        _check_scope(header, timestamp, service, region)
        self._check_time(timestamp, signed_at)
        _check_signed_headers(header, request)
        expected = expected_signature(request, header, credentials.secret_access_key, timestamp)
        if not hmac.compare_digest(expected.encode(), header.signature.encode()):
            raise _bad_request(_MISMATCH)
        return credentials

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


def _check_scope(header: SignatureHeader, timestamp: str, service: str, region: str | None) -> None:
    if region is not None and header.region != region:
        text = f"Credential should be scoped to a valid region, not '{header.region}'."
        raise _bad_request(text)
    if header.service != service:
        raise _bad_request(f"Credential should be scoped to correct service: '{service}'.")
    if not timestamp.startswith(header.date):
        raise _bad_request("Date in Credential scope does not match the date of the request.")


def _check_signed_headers(header: SignatureHeader, request: AuthorizationRequest) -> None:
    """Check that all headers are signed that must be.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    sent = {name.lower() for name in request.headers}
    needed = {name for name in sent if name.startswith("x-amz-") or name == "x-appsync-domain"}
    missing = needed - set(header.signed_headers)
    if missing:
        names = ", ".join(sorted(missing))
        raise _bad_request(f"These headers must be signed: {names}. {_MISMATCH}")


def _user(name: str) -> dict[str, Any]:
    """Return the claims of an IAM user."""
    arn = f"arn:aws:iam::{ACCOUNT_ID}:user/{name}"
    return {"accountId": ACCOUNT_ID, "userArn": arn, "username": name}


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
