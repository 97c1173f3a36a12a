"""Modes whose token comes from a function of the user's: OpenID Connect and Lambda."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict, CIMultiDictProxy

from ..backoff import delays as default_delays
from ..clock import Clock, Instant, ServerClock, SystemClock, seconds_of
from ..exceptions import (
    AppSyncError,
    InvalidToken,
    RenewalFailed,
    SessionExpired,
)
from ..pickling import not_pickled
from ..secret import Secret, arguments_hidden, hidden
from ..store.arguments import check_objects, check_rejected
from ..store.validity import TokenState, Validity
from ..tokens import TokenClaims
from .arguments import check_seconds, check_source
from .fetching import await_in_time, fetch_in_task, fetch_in_thread
from .renewing import Credential, Renewing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from .base import Headers

    Source = str | Callable[[], str] | Callable[[], Awaitable[str]]
    Done = Callable[[Credential[Headers] | AppSyncError], None]

__all__ = ["LambdaAuth", "OidcAuth"]

_WINDOW = 30.0
"""Seconds before a token's expiry at which the next one is fetched."""

_DESCRIPTION = "a call of the token source"


class _SourceAuth:
    """Authorizes requests with a token from a function.

    Args:
        source: the token, or a function, sync or async, that returns it. A sync one is called on
            a worker thread, an async one on the event loop of the request that needs it.
        lifetime: seconds that a token can be used whose expiry can't be read from it; ``None``:
            until AppSync refuses it.
        timeout: seconds after which a call of ``source`` is given up; requests that have waited
            for it fail.
        patience: seconds that a request without a usable token waits through failures.
        clock: where the time comes from; ``None`` for this machine's.
        delays: returns the seconds to wait after the first, second, … failed call.

    Raises:
        ConfigurationError: an argument can't be used.
        InvalidToken: ``source`` is a str that is no token.
    """

    refused_advice = ""

    @arguments_hidden
    def __init__(
        self,
        source: Source,
        *,
        lifetime: float | None = None,
        timeout: float = 30.0,
        patience: float = 20.0,
        clock: Clock | None = None,
        delays: Callable[[], Iterator[float]] = default_delays,
    ) -> None:
        if isinstance(source, str):
            source = Secret(source)  # before anything can raise, and show local variables
        if lifetime is not None:
            check_seconds("lifetime", lifetime, above_zero=True)
        check_seconds("timeout", timeout, above_zero=True)
        check_seconds("patience", patience)
        check_objects(clock=clock, delays=delays)
        check_source(source)
        self._source: Any = source
        self._is_async = inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(
            getattr(source, "__call__", None)  # noqa: B004 - it is not whether it can be called
        )
        self._lifetime, self._timeout = lifetime, timeout
        self._clock = SystemClock() if clock is None else clock
        self._server = ServerClock.assumed(Instant.now(self._clock))
        self._renewing: Renewing[Headers] = Renewing(
            self._fetch,
            clock=self._clock,
            delays=delays,
            patience=patience,
            timeout=timeout,
            late=self._late(),
        )
        if isinstance(source, str):
            self._checked(source)

    def headers_nowait(self) -> Headers | None:
        """Return headers that may be sent now; ``None`` if they must be waited for."""
        found = self._renewing.nowait()
        return None if found is None else found.value

    async def headers(self) -> Headers:
        """Return headers that may be sent now, waiting for ``source`` if need be.

        Raises:
            InvalidToken: ``source`` returned something that is no token.
            RenewalFailed: ``source`` failed, or did not return in time.
        """
        return (await self._renewing.get()).value

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        """Return newer headers than the rejected ones; see :class:`Auth`."""
        check_rejected(rejected)
        current = self._renewing.credential
        if current is None or (rejected is not None and current.value != rejected):
            return await self.headers()
        return (await self._renewing.newer_than(current, denied=denied)).value

    def answered(self, date: str, took: float) -> None:
        """Take the server's time into account; see :class:`Auth`."""
        second, now = seconds_of(date), self._clock.monotonic()
        if second is not None:
            self._server = self._server.observe_date(second, now - took, now)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __reduce__ = not_pickled

    # -- the source ------------------------------------------------------------------

    def _fetch(self, done: Done) -> asyncio.AbstractEventLoop | None:
        if isinstance(self._source, str):
            done(self._static())
            return None
        if self._is_async:
            return fetch_in_task(
                self._await_source, done, description=_DESCRIPTION, error_of=_error_of
            )
        loop = _running_loop()
        fetch_in_thread(
            lambda: self._call_source(loop), done, description=_DESCRIPTION, error_of=_error_of
        )
        return None

    def _static(self) -> Credential[Headers] | AppSyncError:
        found = self._credential_of(self._source, fresh=False)
        return _STATIC_EXPIRED if found.state(found.received) is TokenState.EXPIRED else found

    def _call_source(self, loop: asyncio.AbstractEventLoop | None) -> Credential[Headers]:
        """Call the source, on a worker thread.

        Args:
            loop: the event loop of the request; ``None`` without one.
        """
        returned = self._source()
        if not inspect.isawaitable(returned):
            return self._credential_of(returned)
        self._is_async = True  # it is called on the event loop from now on
        waiting = self._in_time(returned)
        if loop is None or not loop.is_running():
            return self._credential_of(asyncio.run(waiting))
        return self._credential_of(
            asyncio.run_coroutine_threadsafe(waiting, loop).result(self._timeout)
        )

    async def _await_source(self) -> Credential[Headers]:
        return self._credential_of(await self._in_time(self._source()))

    async def _in_time(self, returned: Awaitable[object]) -> object:
        late = RenewalFailed(self._late())
        return await await_in_time(returned, self._timeout, late)

    def _late(self) -> str:
        return f"The token source did not return within {self._timeout:g} s (see timeout=)."

    def _credential_of(self, token: object, *, fresh: bool = True) -> Credential[Headers]:
        """Return the headers of a token, and how long they can be used.

        Args:
            token: what the source returned.
            fresh: whether it was returned just now.

        Raises:
            InvalidToken: it is no token.
        """
        text, now = self._checked(token), Instant.now(self._clock)
        headers = CIMultiDictProxy(CIMultiDict(Authorization=text))
        return Credential(headers, self._validity_of(text, now, fresh=fresh), now)

    def _validity_of(self, token: str, now: Instant, *, fresh: bool) -> Validity | None:
        try:
            claims = TokenClaims.read(token.rpartition(" ")[2], "token")
        except InvalidToken:
            if self._lifetime is None:
                return None
            issued = self._server.time_at(now.monotonic)
            claims = TokenClaims(expires_at=issued + self._lifetime, issued_at=issued)
        validity = Validity.of(claims, window=_WINDOW, server=self._server, now=now)
        if fresh and validity.state(now) is TokenState.EXPIRED:
            # A token that has just been issued: this machine's clock may be wrong, so AppSync
            # decides.
            return Validity.of(claims, window=_WINDOW, server=self._server, now=now, received=now)
        return validity

    def _checked(self, token: object) -> Secret:
        """Return the token if it can be sent in a header.

        Raises:
            InvalidToken: it can't.
        """
        token = hidden(token)  # no traceback shows it
        if not isinstance(token, Secret):
            kind = "None" if token is None else token.__name__
            raise InvalidToken(f"The token source must return a str, not {kind}.", setting="source")
        if not token.strip() or not token.isascii() or not token.isprintable():
            raise InvalidToken(
                "The token is empty, or has line feeds or other characters that no token has.",
                setting="source",
            )
        return token


_STATIC_EXPIRED = SessionExpired(
    "The token has expired, and a str can't be renewed: pass a function that returns a newer one."
)


class OidcAuth(_SourceAuth):
    """Authorizes requests with a JWT of an OpenID Connect provider.

    The token is fetched again 30 s before its ``exp``, in the background, once for all callers;
    and when AppSync refuses it all the same, the request is sent once more with a newer one.

    Args:
        source: the JWT, or a function, sync or async, that returns it.
        lifetime: seconds, for opaque tokens; a JWT says itself when it expires.
        more: see above.
    """

    refused_advice = (
        "Check that the token source returns a token that has not expired, and that the API's "
        "OPENID_CONNECT mode names its issuer and client id, and allows its age (iatTTL, authTTL)."
    )

    def _checked(self, token: object) -> Secret:
        text = super()._checked(token)
        if " " in text:
            raise InvalidToken(
                "The token has blanks in it: pass the bare token, without 'Bearer'.",
                setting="source",
            )
        return text


class LambdaAuth(_SourceAuth):
    """Authorizes requests with a token that a Lambda function of the API's checks.

    Any text that may be sent in a header is a token, a prefix included. It is fetched again when
    AppSync refuses it, after ``lifetime`` if that is set, or before its ``exp`` if it is a JWT.
    """

    refused_advice = (
        "The API's Lambda authorizer did not authorize the token, or its "
        "identityValidationExpression does not match it."
    )


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _error_of(error: Exception) -> AppSyncError:
    """Return the error for one that the source raised: its text may contain secrets."""
    if isinstance(error, AppSyncError):
        return error
    place, traceback = "", error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = f" in {code.co_name}(), line {traceback.tb_lineno} of {code.co_filename}"
        traceback = traceback.tb_next
    return RenewalFailed(f"The token source failed: {type(error).__name__}{place}.")
