"""One subscriber's authorization for handshakes and starts."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from ..auth.base import SignableRequest
from ..exceptions import InvalidToken
from ..secret import Secret
from ..tokens import TokenClaims
from .handshake import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..auth.adapters import Authorizer

__all__ = ["Authorization", "Sent"]

_BEARER = "Bearer "


class Sent:
    """Headers that were sent, or are about to be sent.

    Attributes:
        request: what they authorize.
        headers: as the authorization mode returned them; no ``repr`` shows them.
        authorization: the authorization object of a handshake or ``start``: the headers and
            the API's host.
    """

    def __init__(self, request: SignableRequest, headers: Mapping[str, str], host: str) -> None:
        self.request = request
        self.headers = {name: Secret(value) for name, value in headers.items()}
        named = any(name.lower() == "host" for name in headers)
        self.authorization = {**({} if named else {"host": host}), **self.headers}

    @property
    def expires_at(self) -> float | None:
        """When their token expires, in seconds since the epoch; ``None`` if they have none."""
        token = Secret(self.headers.get("Authorization", "").removeprefix(_BEARER))
        try:
            return TokenClaims.read(token, "Authorization").expires_at
        except InvalidToken:
            return None  # no JWT: an API key, a signature, a Lambda authorizer's own token


class Authorization:
    """What one subscriber is authorized by; each has its own.

    Args:
        authorizer: the authorization mode.
        url: the GraphQL endpoint.
        signed_headers: headers of handshakes that are signed.

    Attributes:
        authorizer: as given. Those that are equal are the same authorization.
    """

    def __init__(
        self,
        authorizer: Authorizer,
        url: str,
        signed_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.authorizer, self._signed_headers = authorizer, signed_headers
        self._url, self._host = url, host_of(url)

    async def for_connect(self) -> Sent:
        """Return headers for a handshake.

        Raises:
            Exception: whatever the authorization mode raises.
        """
        url = f"{self._url.rstrip('/')}/connect"
        return await self._headers(SignableRequest(url, b"{}", "connect", self._signed_headers))

    async def for_start(self, data: str) -> Sent:
        """Return headers for a ``start`` with exactly this data.

        Raises:
            Exception: whatever the authorization mode raises.
        """
        return await self._headers(SignableRequest(self._url, data.encode(), "start"))

    async def newer(self, sent: Sent, *, denied: bool) -> bool:
        """Obtain newer headers than those that were rejected; return whether there are any.

        Raises:
            Exception: whatever the authorization mode raises.
        """
        newer = await self.authorizer.newer(sent.request, sent.headers, denied=denied)
        return newer is not None

    async def _headers(self, request: SignableRequest) -> Sent:
        headers = self.authorizer.headers_nowait(request)
        if headers is not None:
            return Sent(request, headers, self._host)
        return Sent(request, await self.authorizer.headers(request), self._host)
