"""The methods of an authorization mode that the transport calls."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, runtime_checkable

from ..headers import Headers

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Auth", "Headers", "SignableRequest", "SigningAuth"]


class SignableRequest(NamedTuple):
    """The parts of a request that are signed.

    Attributes:
        url: the GraphQL endpoint; for the handshake of a real-time connection, the same with
            ``/connect`` behind it.
        body: the exact bytes that are sent: of the POST, of ``{}`` for a handshake, of the
            operation's ``data`` for a subscription
            (https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html#iam).
        kind: whether it is an HTTP request, a real-time handshake or a subscription's ``start``.
        headers: the other headers that are sent, of which ``x-amz-*`` must be signed.
    """

    url: str
    body: bytes
    kind: Literal["http", "connect", "start"]
    headers: Mapping[str, str] = MappingProxyType({})


@runtime_checkable
class Auth(Protocol):
    """An authorization mode whose headers do not depend on the request.

    ``TokenStore`` is the user-pool mode; an object of your own with these two methods is
    accepted by ``AppSyncTransport(auth=…)`` in the same way.

    Three more methods are called if the object has them:

    ``headers_nowait() -> Headers | None``
        Return headers that may be sent now, without waiting for anything; ``None`` if
        :meth:`headers` must be awaited. Called first, for every request.
    ``answered(date: str, took: float) -> None``
        Called with the ``Date`` header of each of AppSync's own responses, and the seconds
        between sending the request and receiving the response's head.
    ``replayed(reason: "refused" | "denied") -> None``
        Called when a request is sent once more.

    And one attribute is read if there is one: ``refused_advice``, the sentence that the error
    of a refused request ends with.
    """

    async def headers(self) -> Headers:
        """Return headers that may be sent now, waiting for them if need be."""
        ...

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """Return newer headers than the rejected ones, or those same ones if there are none.

        Args:
            rejected: the headers that AppSync did not accept; ``None`` for the current ones.
            denied: ``True`` if they were accepted, but a permission was missing.

        Raises:
            AppSyncError: newer ones were needed and could not be obtained.
        """
        ...


@runtime_checkable
class SigningAuth(Protocol):
    """An authorization mode that signs each request, as IAM does.

    The optional methods of :class:`Auth` are called here too, but for ``headers_nowait``:
    it is replaced by ``sign_nowait(request) -> Headers | None``.
    """

    async def sign(self, request: SignableRequest) -> Headers:
        """Return the headers that authorize this request, waiting for credentials if need be."""
        ...

    async def renew_signing(self, rejected: Headers, *, denied: bool = False) -> bool:
        """Obtain newer credentials, or a corrected clock, after AppSync rejected a signature.

        Args:
            rejected: the headers that AppSync did not accept.
            denied: ``True`` if they were accepted, but a permission was missing.

        Returns:
            Whether signing the request again may have another result.

        Raises:
            AppSyncError: newer credentials were needed and could not be obtained.
        """
        ...
