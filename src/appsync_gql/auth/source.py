"""Modes whose token comes from a function of the user's: OpenID Connect and Lambda."""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
from typing import TYPE_CHECKING, Any, TypeVar

from multidict import CIMultiDict, CIMultiDictProxy

from ..backoff import delays as default_delays
from ..clock import Clock, Instant, ServerClock, SystemClock, seconds_of
from ..exceptions import (
    AppSyncError,
    ConfigurationError,
    InvalidToken,
    RenewalFailed,
    SessionExpired,
)
from ..secret import Secret
from ..store.validity import TokenState, Validity
from ..threads import run_in_thread
from ..tokens import TokenClaims
from .renewing import Credential, Renewing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from .base import Headers

    Source = str | Callable[[], str] | Callable[[], Awaitable[str]]

__all__ = ["LambdaAuth", "OidcAuth"]

T = TypeVar("T")

log = logging.getLogger(__name__)

_WINDOW = 30.0
"""Seconds before a token's expiry at which the next one is fetched."""


class _SourceAuth:
    """Authorizes requests with a token from a function.

    Args:
        source: the token, or a function, sync or async, that returns it. A sync one is called on
            a worker thread, an async one on the event loop of the request that needs it.
        lifetime: seconds that a token can be used whose expiry can't be read from it; ``None``:
            until AppSync refuses it.
        timeout: seconds after which a call of ``source`` is given up.
        patience: seconds that a request without a usable token waits through failures.
        clock: where the time comes from; ``None`` for this machine's.
        delays: returns the seconds to wait after the first, second, … failed call.

    Raises:
        ConfigurationError: an argument can't be used.
        InvalidToken: ``source`` is a str that is no token.
    """

    refused_advice = ""

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
        for name, seconds in (("lifetime", lifetime), ("timeout", timeout)):
            if seconds is not None and not (_is_number(seconds) and seconds > 0):
                raise ConfigurationError(f"{name} is a number of seconds above 0.", setting=name)
        if not (_is_number(patience) and patience >= 0):
            raise ConfigurationError(
                "patience is a number of seconds, 0 or more.", setting="patience"
            )
        if not (isinstance(source, str) or callable(source)):
            raise ConfigurationError(
                "source is a token as a str, or a function that returns one.", setting="source"
            )
        self._source: Any = Secret(source) if isinstance(source, str) else source
        self._lifetime, self._timeout = lifetime, timeout
        self._clock = SystemClock() if clock is None else clock
        self._server = ServerClock.assumed(Instant.now(self._clock))
        self._renewing: Renewing[Headers] = Renewing(
            self._fetch,
            clock=self._clock,
            delays=delays,
            patience=patience,
            timeout=timeout,
        )
        if isinstance(source, str):
            self._credential_of(source)

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

    # -- the source ------------------------------------------------------------------

    def _fetch(self, done: Callable[[Credential[Headers] | AppSyncError], None]) -> None:
        if isinstance(self._source, str):
            found = self._credential_of(self._source)
            expired = found.state(found.received) is TokenState.EXPIRED
            done(_STATIC_EXPIRED if expired else found)
        elif inspect.iscoroutinefunction(self._source) or inspect.iscoroutinefunction(
            getattr(self._source, "__call__", None)  # noqa: B004 - it is not whether it can be called
        ):
            _tasks.add(task := asyncio.ensure_future(self._await_source(done)))
            task.add_done_callback(_tasks.discard)
        else:
            self._call_source(done)

    def _call_source(self, done: Callable[[Credential[Headers] | AppSyncError], None]) -> None:
        def work() -> None:
            done(self._outcome(lambda: self._credential_of(self._source())))

        try:
            run_in_thread(work, "a call of the token source")
        except RuntimeError:
            done(RenewalFailed("No thread can be started for the token source now."))

    async def _await_source(
        self, done: Callable[[Credential[Headers] | AppSyncError], None]
    ) -> None:
        outcome: Credential[Headers] | AppSyncError = RenewalFailed(
            "The event loop that called the token source has ended."
        )
        try:
            token = await asyncio.wait_for(self._source(), self._timeout)
            outcome = self._outcome(lambda: self._credential_of(token))
        except Exception as error:  # noqa: BLE001 - a function of the user's may raise anything
            outcome = _error_of(error, self._timeout)
        finally:
            done(outcome)

    def _outcome(self, work: Callable[[], T]) -> T | AppSyncError:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - a function of the user's may raise anything
            return _error_of(error, self._timeout)

    def _credential_of(self, token: object) -> Credential[Headers]:
        """Return the headers of a token, and how long they can be used.

        Raises:
            InvalidToken: it is no token.
        """
        text, now = self._checked(token), Instant.now(self._clock)
        headers = CIMultiDictProxy(CIMultiDict(Authorization=Secret(text)))
        return Credential(headers, self._validity_of(text, now), now)

    def _validity_of(self, token: str, now: Instant) -> Validity | None:
        try:
            claims = TokenClaims.read(token, "token")
        except InvalidToken:
            if self._lifetime is None:
                return None
            issued = self._server.time_at(now.monotonic)
            claims = TokenClaims(expires_at=issued + self._lifetime, issued_at=issued)
        return Validity.of(claims, window=_WINDOW, server=self._server, now=now)

    def _checked(self, token: object) -> str:
        """Return the token if it can be sent in a header.

        Raises:
            InvalidToken: it can't.
        """
        if not isinstance(token, str):
            raise InvalidToken(
                f"The token source must return a str, not {type(token).__name__}.", setting="source"
            )
        if not token.strip() or not token.isascii() or not token.isprintable():
            raise InvalidToken(
                "The token is empty, or has line feeds or other characters that no token has.",
                setting="source",
            )
        return token


_tasks: set[asyncio.Future[None]] = set()

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
        "Check that the API's OPENID_CONNECT mode names this issuer and client id, and its "
        "iatTTL and authTTL."
    )

    def _checked(self, token: object) -> str:
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


def _error_of(error: Exception, timeout: float) -> AppSyncError:
    if isinstance(error, AppSyncError):
        return error
    if isinstance(error, asyncio.TimeoutError | TimeoutError):
        return RenewalFailed(f"The token source did not return within {timeout:g} s.")
    return RenewalFailed(f"The token source failed: {type(error).__name__}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
