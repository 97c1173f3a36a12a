"""The IAM mode: AWS credentials from botocore's chain, and SigV4 signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..backoff import delays as default_delays
from ..clock import Clock, Instant, ServerClock, SystemClock, seconds_of
from ..compat.botocore import expiry_of
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed, SessionExpired
from ..store.validity import Validity
from ..threads import run_in_thread
from ..tokens import TokenClaims
from .renewing import Credential, Renewing
from .sigv4 import access_key_of, region_of, sign, time_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boto3.session import Session as Boto3Session
    from botocore.credentials import ReadOnlyCredentials
    from botocore.session import Session as BotocoreSession

    from .base import Headers, SignableRequest

__all__ = ["AwsCredentials", "IamAuth", "SignedAuth"]

_WINDOW = 60.0
"""Seconds before the credentials' expiry at which newer ones are fetched."""

_SECONDS = 30.0
"""Seconds that fetching credentials may take: STS, SSO or a metadata service."""


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """AWS credentials of one moment.

    Attributes:
        keys: access key, secret key and session token; its ``repr`` is not shown.
        expires_at: when they expire, in seconds since the epoch; ``None``: never.
        region: the region that the AWS configuration names; ``None`` for none.
    """

    keys: ReadOnlyCredentials
    expires_at: float | None = None
    region: str | None = None

    def __repr__(self) -> str:
        return f"<AwsCredentials {self.keys.access_key}>"


class SignedAuth:
    """Signs requests with AWS credentials that are fetched when they are needed.

    Args:
        load: blocks, and returns credentials; its argument is whether the former ones were
            rejected, so that no cached ones are of use.
        region: the API's region; ``None``: from the host name, or the AWS configuration.
        clock: where the time comes from; ``None`` for this machine's.
        delays: returns the seconds to wait after the first, second, … failed attempt.
        patience: seconds that a request without credentials waits through failures.
    """

    refused_advice = (
        "Check the AWS credentials' access key, region and clock, and that the API has the AWS_IAM "
        "mode."
    )

    def __init__(
        self,
        load: Callable[[bool], AwsCredentials],
        *,
        region: str | None,
        clock: Clock | None = None,
        delays: Callable[[], Iterator[float]] = default_delays,
        patience: float = 20.0,
    ) -> None:
        self._load, self._region = load, region
        self._clock = SystemClock() if clock is None else clock
        self._server = ServerClock.assumed(Instant.now(self._clock))
        self._rejected = False
        self._date: tuple[float, float, float] | None = None
        self._renewing: Renewing[AwsCredentials] = Renewing(
            self._fetch, clock=self._clock, delays=delays, patience=patience, timeout=_SECONDS
        )

    def sign_nowait(self, request: SignableRequest) -> Headers | None:
        """Return the headers that authorize a request; ``None`` without credentials yet."""
        found = self._renewing.nowait()
        return None if found is None else self._sign(request, found.value)

    async def sign(self, request: SignableRequest) -> Headers:
        """Return the headers that authorize a request, waiting for credentials if need be.

        Raises:
            ConfigurationError: there are no credentials, or no region.
            SessionExpired: the SSO session has ended.
            RenewalFailed: no credentials could be obtained now.
        """
        return self._sign(request, (await self._renewing.get()).value)

    async def renew_signing(self, rejected: Headers, *, denied: bool = False) -> bool:
        """Load credentials again, if no newer ones are there; see :class:`SigningAuth`.

        Returns:
            Whether the credentials or the known time of the server have changed.
        """
        if denied:
            return False  # the permission belongs to the user or role, whatever its credentials
        current = self._renewing.credential
        if current is None or current.value.keys.access_key != access_key_of(rejected):
            return True
        if self._was_signed_at_a_wrong_time(rejected):
            return True
        self._rejected = True
        newer = await self._renewing.newer_than(current, denied=False)
        return newer.value.keys != current.value.keys

    def answered(self, date: str, took: float) -> None:
        """Take the server's time into account; see :class:`Auth`."""
        second, now = seconds_of(date), self._clock.monotonic()
        if second is not None:
            self._date = second, now - took, now
            self._server = self._server.observe_date(*self._date)

    # -- parts -----------------------------------------------------------------------------

    def _was_signed_at_a_wrong_time(self, rejected: Headers) -> bool:
        """Return whether a signature's time is why it was rejected, and correct the clock if so.

        One ``Date`` does not count for much otherwise; that of a rejection which it explains
        counts at once.
        """
        signed = time_of(rejected)
        if self._date is None or signed is None or abs(self._date[0] - signed) < _TOLERANCE:
            return False
        self._server = self._server.observe_issue(*self._date)
        return True

    def _sign(self, request: SignableRequest, credentials: AwsCredentials) -> Headers:
        region = self._region or region_of(request.url) or credentials.region
        if region is None:
            raise ConfigurationError(
                "The API's region is not in its host name: pass IamAuth(region=…), "
                "or set AWS_DEFAULT_REGION.",
                setting="region",
            )
        at = self._server.time_at(self._clock.monotonic())
        return sign(request, credentials.keys, region, at)

    def _fetch(self, done: Callable[[Credential[AwsCredentials] | AppSyncError], None]) -> None:
        rejected, self._rejected = self._rejected, False

        def work() -> None:
            outcome: Credential[AwsCredentials] | AppSyncError = RenewalFailed("It was broken off.")
            try:
                outcome = self._credential_of(self._load(rejected))
            except AppSyncError as error:
                outcome = error
            except Exception as error:  # noqa: BLE001 - credential processes may raise anything
                outcome = RenewalFailed(f"No AWS credentials: {type(error).__name__}.")
            finally:
                done(outcome)

        try:
            run_in_thread(work, "loading AWS credentials")
        except RuntimeError:
            done(RenewalFailed("No thread can be started to load AWS credentials now."))

    def _credential_of(self, found: AwsCredentials) -> Credential[AwsCredentials]:
        now = Instant.now(self._clock)
        validity = None
        if found.expires_at is not None:
            claims = TokenClaims(
                expires_at=found.expires_at, issued_at=self._server.time_at(now.monotonic)
            )
            validity = Validity.of(claims, window=_WINDOW, server=self._server, now=now)
        return Credential(found, validity, now)


_TOLERANCE = 240.0
"""Seconds of clock difference that AWS tolerates at least: five minutes, less a margin."""


class IamAuth(SignedAuth):
    """Signs requests with the AWS credentials that boto3 would use.

    They come from botocore's chain: the environment, profiles, SSO, assumed roles, containers and
    instances. They are loaded on a worker thread at the first request, renewed a minute before
    they expire, and loaded again once when AWS rejects them. A signature takes some 60 µs.

    Args:
        region: the API's region; ``None``: from the host name, or for custom domains from the
            AWS configuration.
        profile: a profile of the AWS configuration; ``None`` for the default one.
        session: a boto3 or botocore session to take credentials from. Not together with
            ``profile``.
        clock: where the time comes from; ``None`` for this machine's.
        delays: returns the seconds to wait after the first, second, … failed attempt.
        patience: seconds that a request without credentials waits through failures.

    Raises:
        ConfigurationError: both ``profile`` and ``session`` are given, or one can't be used.
    """

    def __init__(
        self,
        *,
        region: str | None = None,
        profile: str | None = None,
        session: Boto3Session | BotocoreSession | None = None,
        clock: Clock | None = None,
        delays: Callable[[], Iterator[float]] = default_delays,
        patience: float = 20.0,
    ) -> None:
        if profile is not None and session is not None:
            raise ConfigurationError("Pass profile= or session=, not both.", setting="session")
        # A boto3 session has a botocore session in it.
        botocore: Any = getattr(session, "_session", session)
        if botocore is not None and not hasattr(botocore, "get_component"):
            raise ConfigurationError(
                f"session is a boto3 or botocore session, not {type(session).__name__}.",
                setting="session",
            )
        self._profile, self._session = profile, botocore
        super().__init__(
            self._load_from_chain, region=region, clock=clock, delays=delays, patience=patience
        )

    def __repr__(self) -> str:
        return f"<IamAuth region={self._region!r} profile={self._profile!r}>"

    def _load_from_chain(self, rejected: bool) -> AwsCredentials:  # noqa: FBT001 - see SignedAuth
        import botocore.exceptions as errors  # noqa: PLC0415 - botocore takes 50 ms to import
        from botocore.session import Session  # noqa: PLC0415

        profile = self._profile
        try:
            session = self._session or Session(profile=profile)
            found = session.get_credentials()
            if (
                rejected
                and self._session is not None
                and getattr(found, "method", None) != "explicit"
            ):
                # A session keeps what it has loaded; its chain loads again.
                found = session.get_component("credential_provider").load_credentials()
            if found is None:
                raise ConfigurationError(
                    "No AWS credentials were found: run `aws configure`, or set AWS_ACCESS_KEY_ID "
                    "and AWS_SECRET_ACCESS_KEY, or pass IamAuth(profile=…).",
                    setting="profile",
                )
            keys = found.get_frozen_credentials()
            region = session.get_config_variable("region")
        except errors.ProfileNotFound:
            raise ConfigurationError(
                f"The AWS configuration has no profile {profile or 'of AWS_PROFILE'!r}: "
                "`aws configure list-profiles` lists them.",
                setting="profile",
            ) from None
        except (errors.SSOError, errors.TokenRetrievalError) as error:
            line = "aws sso login" + (f" --profile {profile}" if profile else "")
            raise SessionExpired(
                f"The AWS SSO session has ended ({type(error).__name__}): run `{line}`.",
            ) from None
        except errors.BotoCoreError as error:
            raise RenewalFailed(
                f"AWS credentials could not be loaded now ({type(error).__name__}: {error})."
            ) from None
        return AwsCredentials(keys, expiry_of(found), region)
