"""One interface over every kind of ``auth=``: what the transport and its subscriptions call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gql.transport.appsync_auth import AppSyncAuthentication

from ..exceptions import ConfigurationError
from ..secret import Secret
from .base import Auth, Headers, SignableRequest, SigningAuth
from .sigv4 import aws_headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

__all__ = ["Authorizer", "authorizer_of"]


class Authorizer(Protocol):
    """Returns the headers of one authorization mode, for HTTP requests and for real-time.

    Two are equal if they were made from the same ``auth=`` object.

    Attributes:
        signs: whether the headers depend on the request; if not, the request may be ``None``.
        advice: what to add to the error's message when AppSync refuses newer headers too.
    """

    signs: bool
    advice: str

    def headers_nowait(self, request: SignableRequest | None) -> Headers | None:
        """Return headers that may be sent now; ``None`` if they must be waited for."""
        ...

    async def headers(self, request: SignableRequest | None) -> Headers:
        """Return headers that may be sent now, waiting for them if need be."""
        ...

    async def newer(
        self, request: SignableRequest | None, rejected: Headers, *, denied: bool
    ) -> Headers | None:
        """Return newer headers than the rejected ones; ``None`` if there are none.

        Raises:
            AppSyncError: newer ones were needed and could not be obtained.
        """
        ...

    def answered(self, date: str, took: float, /) -> None:
        """Called with the ``Date`` header of AppSync's own responses; ``took`` is in seconds."""
        ...

    def replayed(self, reason: Literal["refused", "denied"], /) -> None:
        """Called when a request is sent once more."""
        ...


_TOKENS_ADVICE = (
    "If newer tokens are refused too, check that the API's authorization mode names this user "
    "pool and admits this app client, and compare the clocks."
)


def authorizer_of(auth: object) -> Authorizer:
    """Return the interface over the value of ``auth=``.

    Raises:
        ConfigurationError: it is no authorization mode.
    """
    if isinstance(auth, AppSyncAuthentication):
        return _GqlAuthorizer(auth)
    if isinstance(auth, type):
        raise ConfigurationError(
            f"auth= is the class {auth.__name__}; pass an instance, {auth.__name__}(…).",
            setting="auth",
        )
    if isinstance(auth, SigningAuth):
        return _SigningAuthorizer(auth)
    if isinstance(auth, Auth):
        return _HeadersAuthorizer(auth)
    raise ConfigurationError(
        "auth is a TokenStore, ApiKeyAuth(…), IamAuth(…), IdentityPoolAuth(…), OidcAuth(…), "
        "LambdaAuth(…), one of gql's own auth objects, or an object with the methods of "
        f"appsync_gql.Auth; not {type(auth).__name__}.",
        setting="auth",
    )


def _redacted(headers: Headers) -> Headers:
    """Return headers whose ``repr`` shows no token, whatever an authorization mode returned."""
    for value in headers.values():
        if type(value) is not Secret:
            return {name: _secret(value) for name, value in headers.items()}
    return headers


def _secret(value: object) -> Any:
    return Secret(value) if isinstance(value, str) else value


def _nothing(*_: object) -> None:
    return None


class _Optional:
    """The optional methods of an auth object."""

    def __init__(self, auth: Any) -> None:
        self._auth = auth
        self.advice: str = getattr(auth, "refused_advice", _TOKENS_ADVICE)
        self.answered: Callable[[str, float], None] = getattr(auth, "answered", _nothing)
        self.replayed: Callable[[Any], None] = getattr(auth, "replayed", _nothing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Optional) and self._auth is other._auth

    def __hash__(self) -> int:
        return hash((type(self), id(self._auth)))


class _HeadersAuthorizer(_Optional):
    """Over an :class:`Auth`, whose headers do not depend on the request."""

    signs = False

    def __init__(self, auth: Auth) -> None:
        super().__init__(auth)
        self._last: Headers | None = None
        self._nowait: Callable[[], Headers | None] = getattr(auth, "headers_nowait", _nothing)

    def headers_nowait(self, request: SignableRequest | None) -> Headers | None:
        del request
        found = self._nowait()
        if found is self._last:  # as nearly always; so it is not checked again
            return found
        self._last = found = None if found is None else _redacted(found)
        return found

    async def headers(self, request: SignableRequest | None) -> Headers:
        del request
        return _redacted(await self._auth.headers())

    async def newer(
        self, request: SignableRequest | None, rejected: Headers, *, denied: bool
    ) -> Headers | None:
        del request
        newer = _redacted(await self._auth.renew(rejected, denied=denied))
        return None if newer == rejected else newer


class _SigningAuthorizer(_Optional):
    """Over a :class:`SigningAuth`."""

    signs = True

    def __init__(self, auth: SigningAuth) -> None:
        super().__init__(auth)
        self._nowait: Callable[[SignableRequest], Headers | None] = getattr(
            auth, "sign_nowait", _nothing
        )

    def headers_nowait(self, request: SignableRequest | None) -> Headers | None:
        found = self._nowait(_required(request))
        return None if found is None else _redacted(found)

    async def headers(self, request: SignableRequest | None) -> Headers:
        return _redacted(await self._auth.sign(_required(request)))

    async def newer(
        self, request: SignableRequest | None, rejected: Headers, *, denied: bool
    ) -> Headers | None:
        if not await self._auth.renew_signing(rejected, denied=denied):
            return None
        return await self.headers(request)


class _GqlAuthorizer(_Optional):
    """Over one of gql's own objects, which have one set of credentials and can't renew them."""

    signs = True

    def headers_nowait(self, request: SignableRequest | None) -> Headers | None:
        request = _required(request)
        body = None if request.kind == "connect" else request.body.decode()
        # As gql's own transports ask: over HTTP the content type is signed.
        more = None
        if request.kind == "http":
            more = {"content-type": "application/json", **aws_headers(request.headers)}
        try:
            return _redacted(self._auth.get_headers(body, more))
        except Exception as error:
            raise ConfigurationError(
                f"{type(self._auth).__name__} could not authorize the request, and nothing was "
                f"sent ({type(error).__name__}: {error}).",
                setting="auth",
            ) from error

    async def headers(self, request: SignableRequest | None) -> Headers:
        return self.headers_nowait(request) or {}

    async def newer(
        self, request: SignableRequest | None, rejected: Headers, *, denied: bool
    ) -> Headers | None:
        del request, rejected, denied
        return None


def _required(request: SignableRequest | None) -> SignableRequest:
    if request is None:
        msg = "an authorization mode that signs needs the request"
        raise TypeError(msg)
    return request
