"""Requests signed with AWS credentials that are fetched when they are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..backoff import delays as default_delays
from ..clock import Clock, Instant, ServerClock, SystemClock, seconds_of
from ..compat.botocore import import_signer
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed
from ..pickling import not_pickled
from ..secret import Secret
from ..store.arguments import check_objects, check_rejected
from ..store.validity import Validity
from ..tokens import TokenClaims
from .arguments import check_region, check_seconds
from .fetching import fetch_in_thread
from .renewing import Credential, Renewing
from .sigv4 import is_signed_with, region_of, sign, time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.credentials import ReadOnlyCredentials

    from .base import Headers, SignableRequest

__all__ = ["AwsCredentials", "SignedAuth"]

_WINDOW = 60.0
"""Seconds before the credentials' expiry at which newer ones are fetched."""

_SECONDS = 30.0
"""Seconds that fetching credentials may take: STS, SSO or a metadata service."""

_TOLERANCE = 240.0
"""Seconds of clock difference that AWS tolerates at least: five minutes, less a margin."""


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """AWS credentials of one moment.

    Attributes:
        keys: access key, secret key and session token; its ``repr`` is not shown.
        expires_at: when they expire, in seconds since the epoch; ``None``: never.
        region: the region that the AWS configuration names; ``None`` for none.
        user: whose they are, where that may change; ``None`` for the same user always.
    """

    keys: ReadOnlyCredentials
    expires_at: float | None = None
    region: str | None = None
    user: str | None = None

    def __repr__(self) -> str:
        keys = getattr(self, "keys", None)  # a traceback also shows one whose __init__ raised
        return f"<AwsCredentials {None if keys is None else keys.access_key}>"


class SignedAuth:
    """Signs requests with AWS credentials that are fetched when they are needed.

    Args:
        load: blocks, and returns credentials; its argument is whether those of before were
            rejected, so that no cached ones will do.
        error_of: returns the error that stands for one that ``load`` raised.
        region: the API's region; ``None``: from the host name, or the AWS configuration.
        clock: where the time comes from; ``None`` for this machine's.
        delays: returns the seconds to wait after the first, second, … failed attempt.
        patience: seconds that a request without credentials waits through failures.

    Raises:
        ConfigurationError: an argument can't be used.
    """

    refused_advice = (
        "Check the AWS credentials' access key and secret key, that temporary ones have not "
        "expired, the region, this machine's clock, and that the API has the AWS_IAM mode."
    )

    def __init__(
        self,
        load: Callable[[bool], AwsCredentials],
        error_of: Callable[[Exception], AppSyncError],
        *,
        region: str | None,
        clock: Clock | None = None,
        delays: Callable[[], Iterator[float]] = default_delays,
        patience: float = 20.0,
    ) -> None:
        check_region(region)
        check_seconds("patience", patience)
        check_objects(clock=clock, delays=delays)
        self._load, self._error_of, self._region = load, error_of, region
        self._clock = SystemClock() if clock is None else clock
        self._server = ServerClock.assumed(Instant.now(self._clock))
        self._date: tuple[float, float, float] | None = None
        self._rejected = False
        self._renewing: Renewing[AwsCredentials] = Renewing(
            self._fetch,
            clock=self._clock,
            delays=delays,
            patience=patience,
            timeout=_SECONDS,
            late=f"No AWS credentials were obtained within {_SECONDS:g} s: what issues them (STS, "
            "SSO, a metadata service, Cognito) does not answer.",
        )

    def sign_nowait(self, request: SignableRequest) -> Headers | None:
        """Return the headers that authorize a request; ``None`` without credentials yet."""
        found = self._usable()
        return None if found is None else self._sign(request, found.value)

    async def sign(self, request: SignableRequest) -> Headers:
        """Return the headers that authorize a request, waiting for credentials if need be.

        Raises:
            ConfigurationError: there are no credentials, or no region.
            SessionExpired: the session that the credentials come from has ended.
            RenewalFailed: no credentials could be obtained now.
        """
        found = self._usable() or await self._renewing.get()
        return self._sign(request, found.value)

    async def renew_signing(self, rejected: Headers, *, denied: bool = False) -> bool:
        """Correct the clock, or load credentials again; see :class:`SigningAuth`.

        Returns:
            Whether signing again gives another result: with the server's time, if the rejected
            time was wrong; or with other credentials.
        """
        check_rejected(rejected)
        if denied:
            return False  # the permission belongs to the user or role, whatever its credentials
        if self._correct_clock(time_of(rejected)):
            return True
        current = self._renewing.credential
        if current is None or not is_signed_with(rejected, current.value.keys):
            return True
        self._rejected = True
        newer = await self._renewing.newer_than(current, denied=False)
        return newer.value.keys != current.value.keys

    def answered(self, date: str, took: float) -> None:
        """Take the server's time into account; see :class:`Auth`."""
        second, now = seconds_of(date), self._clock.monotonic()
        if second is not None:
            self._date = second, now - took, now
            self._server = self._server.observe_date(second, now - took, now)

    __reduce__ = not_pickled

    # -- parts -----------------------------------------------------------------------------

    def _may_be_used(self, credentials: AwsCredentials) -> bool:
        """Return whether credentials that have not expired are still the right user's."""
        del credentials
        return True

    def _usable(self) -> Credential[AwsCredentials] | None:
        found = self._renewing.nowait()
        if found is not None and not self._may_be_used(found.value):
            self._renewing.discard(found)
            return None
        return found

    def _correct_clock(self, at: float | None) -> bool:
        """Return whether a signature's time is one that AWS rejects, by AWS's own last date.

        One date does not count for much otherwise; that of a rejection which it explains counts
        at once.
        """
        if at is None or self._date is None:
            return False
        second, sent, received = self._date
        if abs(second + self._clock.monotonic() - received - at) <= _TOLERANCE:
            return False
        self._server = self._server.observe_issue(second, sent, received)
        return True

    def _sign(self, request: SignableRequest, credentials: AwsCredentials) -> Headers:
        region = self._region or region_of(request.url) or credentials.region
        if region is None:
            raise ConfigurationError(
                "Which region is the API in? Its host name does not say: pass region= to "
                "the authorization, or set AWS_DEFAULT_REGION.",
                setting="region",
            )
        at = self._server.time_at(self._clock.monotonic())
        return sign(request, credentials.keys, region, at)

    def _fetch(self, done: Callable[[Credential[AwsCredentials] | AppSyncError], None]) -> None:
        rejected, self._rejected = self._rejected, False

        def fetch() -> Credential[AwsCredentials]:
            import_signer()  # here, since it takes 50 ms
            return self._credential_of(self._load(rejected))

        fetch_in_thread(
            fetch, done, description="loading AWS credentials", error_of=self._error_for
        )

    def _error_for(self, error: Exception) -> AppSyncError:
        return error if isinstance(error, AppSyncError) else self._error_of(error)

    def _credential_of(self, found: AwsCredentials) -> Credential[AwsCredentials]:
        now = Instant.now(self._clock)
        validity = None
        if found.expires_at is not None:
            claims = TokenClaims(
                expires_at=found.expires_at, issued_at=self._server.time_at(now.monotonic)
            )
            validity = Validity.of(claims, window=_WINDOW, server=self._server, now=now)
        return Credential(_redacted(found), validity, now)


def _redacted(found: AwsCredentials) -> AwsCredentials:
    """Return the same credentials, of which tracebacks show the access key only.

    Raises:
        RenewalFailed: they are incomplete.
    """
    keys = found.keys
    if not (keys.access_key and keys.secret_key):
        raise RenewalFailed("The AWS credentials that were obtained are incomplete.")
    token = None if keys.token is None else Secret(keys.token)
    redacted = keys._replace(secret_key=Secret(keys.secret_key), token=token)
    return AwsCredentials(redacted, found.expires_at, found.region, found.user)
