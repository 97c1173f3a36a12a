"""Recognizes a request's authorization mode by its headers, as AppSync does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .resolvers import Caller

__all__ = [
    "Authorization",
    "AuthorizationFailed",
    "AuthorizationMode",
    "AuthorizationRequest",
    "unauthorized_exception",
    "without_scheme",
]

NOT_PROVIDED = "Valid authorization header not provided."
WRONG_KEY = "You are not authorized to make this call."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """The parts of a request that its authorization depends on.

    Attributes:
        headers: of the HTTP request, or the authorization object of a real-time message;
            names are compared case-insensitively.
        path: of the URL that a signature covers, without the query.
        query: the URL's query, as it was sent.
        method: of the HTTP request.
        body: the exact bytes that a signature covers.
        connects: whether this is the handshake of a real-time connection.
    """

    headers: Mapping[str, str]
    path: str = "/graphql"
    query: str = ""
    method: str = "POST"
    body: bytes = b""
    connects: bool = False


class AuthorizationFailed(Exception):
    """AppSync refuses the request before it executes anything.

    Args:
        error_type: AppSync's name of the error.
        message: AppSync's text.
        status: HTTP status.
    """

    def __init__(self, error_type: str, message: str, status: int) -> None:
        super().__init__(message)
        self.error_type, self.message, self.status = error_type, message, status


def unauthorized_exception(message: str = NOT_PROVIDED) -> AuthorizationFailed:
    """Return the error of a request whose credentials are missing or wrong."""
    return AuthorizationFailed("UnauthorizedException", message, 401)


def without_scheme(header: str) -> str:
    """Return the token of an ``Authorization`` header: AppSync takes it with and without Bearer."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else header


class AuthorizationMode(Protocol):
    """One authorization mode of an API.

    Attributes:
        name: AppSync's name of it.
        denies_fields: whether its callers may have :attr:`Caller.denied_fields`.
    """

    name: str
    denies_fields: bool

    def recognizes(self, request: AuthorizationRequest) -> bool:
        """Return whether the request's headers belong to this mode, valid or not."""
        ...

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return who sent the request.

        Raises:
            AuthorizationFailed: its credentials are wrong.
        """
        ...


class Authorization:
    """All authorization modes of one API.

    Args:
        modes: asked one after the other; the first that recognizes a request decides.
        default_mode: AppSync's name of the mode for which fields without directives are
            reserved; ``None`` if every mode may read them.

    Attributes:
        default_mode: as given.
        names: AppSync's names of the modes.

    Raises:
        ValueError: the API has no such mode.
    """

    def __init__(self, modes: Sequence[AuthorizationMode], default_mode: str | None = None) -> None:
        self._modes = tuple(modes)
        self.names = tuple(mode.name for mode in self._modes)
        self.default_mode = default_mode
        if default_mode is not None and default_mode not in self.names:
            msg = f"default_mode is one of the API's modes, {', '.join(self.names)}"
            raise ValueError(msg)

    @property
    def single_mode(self) -> bool:
        """Whether the API has one mode only."""
        return len(self._modes) == 1

    @property
    def denies_fields(self) -> bool:
        """Whether a caller of one of the modes may have :attr:`Caller.denied_fields`."""
        return any(mode.denies_fields for mode in self._modes)

    async def authorize(self, request: AuthorizationRequest) -> Caller:
        """Return who sent the request.

        Raises:
            AuthorizationFailed: no mode recognizes the request, or its credentials are wrong.
        """
        for mode in self._modes:
            if mode.recognizes(request):
                return await mode.authorize(request)
        if request.headers.get("x-api-key") is not None:
            raise unauthorized_exception(WRONG_KEY)
        raise unauthorized_exception()
