"""Undocumented parts of botocore."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.credentials import ReadOnlyCredentials

__all__ = ["add_sigv4", "expiry_of", "import_signer", "refresh_credentials"]


@lru_cache(1)
def _signer_class() -> Any:
    """Return botocore's SigV4 signer, for a time of signing that is an argument.

    ``SigV4Auth.add_auth`` takes this machine's time, right or wrong. Its other steps have names
    of their own, which are called here.
    """
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - botocore takes 50 ms to import

    class SignerAt(SigV4Auth):
        def add_auth_at(self: Any, request: Any, timestamp: str) -> None:
            request.context["timestamp"] = timestamp
            self._modify_request_before_signing(request)
            to_sign = self.string_to_sign(request, self.canonical_request(request))
            self._inject_signature_to_request(request, self.signature(to_sign, request))

    return SignerAt


def add_sigv4(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    credentials: ReadOnlyCredentials,
    region: str,
    timestamp: str,
) -> dict[str, str]:
    """Return the headers of a POST with its SigV4 signature for the service ``appsync``.

    Args:
        url: the URL that is requested.
        body: the exact body.
        headers: the other headers, which are signed.
        credentials: AWS credentials.
        region: the API's region.
        timestamp: the time of signing, as ``20261126T120000Z``.
    """
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    request = AWSRequest(method="POST", url=url, data=body, headers=headers)
    _signer_class()(credentials, "appsync", region).add_auth_at(request, timestamp)
    return dict(request.headers.items())


def expiry_of(credentials: object) -> float | None:
    """Return when botocore's credentials expire, in seconds since the epoch; ``None``: never.

    botocore has no public attribute for it.
    """
    expires = getattr(credentials, "_expiry_time", None)
    return None if expires is None else float(expires.timestamp())


def import_signer() -> None:
    """Import botocore's signer, which takes 50 ms: called where blocking is allowed."""
    import botocore.awsrequest  # noqa: F401, PLC0415

    _signer_class()


def refresh_credentials(credentials: Any) -> bool:
    """Refresh botocore's credentials now, though they have not expired, since AWS rejected them.

    botocore has no public method for it.

    Returns:
        Whether they are of a kind that can be refreshed.
    """
    lock = getattr(credentials, "_refresh_lock", None)
    refresh = getattr(credentials, "_protected_refresh", None)
    if lock is None or refresh is None:
        return False
    with lock:
        refresh(is_mandatory=True)
    return True
