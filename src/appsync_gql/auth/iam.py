"""The IAM mode: AWS credentials from botocore's chain, and SigV4 signatures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..backoff import delays as default_delays
from ..compat.botocore import expiry_of, refresh_credentials
from ..exceptions import AppSyncError, ConfigurationError, RenewalFailed, SessionExpired
from ..forks import importing
from .arguments import check_profile
from .signed import AwsCredentials, SignedAuth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boto3.session import Session as Boto3Session
    from botocore.session import Session as BotocoreSession

    from ..clock import Clock

__all__ = ["IamAuth"]

_PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


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
        ConfigurationError: both ``profile`` and ``session`` are given, or an argument can't be
            used.
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
        check_profile(profile)
        if isinstance(session, type):
            raise ConfigurationError(
                f"session is the class {session.__name__}; pass an instance of it.",
                setting="session",
            )
        # A boto3 session has a botocore session in it.
        botocore: Any = getattr(session, "_session", session)
        if session is not None and not callable(getattr(botocore, "get_component", None)):
            raise ConfigurationError(
                f"session is a boto3 or botocore session, not {type(session).__name__}.",
                setting="session",
            )
        self._profile, self._session = profile, botocore
        super().__init__(
            self._load_from_chain,
            self._chain_error,
            region=region,
            clock=clock,
            delays=delays,
            patience=patience,
        )

    def __repr__(self) -> str:
        # Not all attributes exist when a traceback shows an object whose __init__ raised.
        region, profile = (getattr(self, name, None) for name in ("_region", "_profile"))
        return f"<IamAuth region={region!r} profile={profile!r}>"

    def _load_from_chain(self, rejected: bool) -> AwsCredentials:  # noqa: FBT001 - see SignedAuth
        if self._session is None and self._profile is None:
            first = _credentials_of_environment(self._region)
            if first is not None:
                return first
        with importing():
            from botocore.session import Session  # noqa: PLC0415 - it takes 25 ms to import

        session = self._session or Session(profile=self._profile)
        found = session.get_credentials()
        if found is None:
            raise ConfigurationError(
                "No AWS credentials were found: run `aws configure`, or set AWS_ACCESS_KEY_ID "
                "and AWS_SECRET_ACCESS_KEY, or pass profile= to IamAuth.",
                setting="profile",
            )
        if rejected and self._session is not None:
            # A session keeps what it has loaded.
            found = _loaded_again(session, found)
        keys = found.get_frozen_credentials()
        return AwsCredentials(keys, expiry_of(found), session.get_config_variable("region"))

    def _chain_error(self, error: Exception) -> AppSyncError:
        """Return the error for one that botocore raised, with the line to run."""
        import botocore.exceptions as errors  # noqa: PLC0415

        name, profile = type(error).__name__, self._profile
        option = f" --profile {profile}" if profile else ""
        if isinstance(error, errors.ProfileNotFound):
            return ConfigurationError(
                f"The AWS configuration has no profile {profile or 'of AWS_PROFILE'!r}: "
                "`aws configure list-profiles` lists them.",
                setting="profile",
            )
        if isinstance(error, errors.SSOError | errors.TokenRetrievalError):
            return SessionExpired(
                f"The AWS SSO session has ended ({name}): run `aws sso login{option}`."
            )
        if isinstance(error, getattr(errors, "LoginError", ())):
            return SessionExpired(f"The AWS session has ended ({name}): run `aws login{option}`.")
        if isinstance(error, errors.ClientError):
            return _sts_error(error.response.get("Error", {}), option)
        if isinstance(error, _permanent_errors()):
            return ConfigurationError(
                f"The AWS configuration can't be used ({name}: {error}).", setting="profile"
            )
        said = isinstance(error, errors.BotoCoreError | RuntimeError | OSError)
        text = f"{name}: {error}" if said else name
        return RenewalFailed(f"AWS credentials could not be loaded now ({text}).")


def _credentials_of_environment(region: str | None) -> AwsCredentials | None:
    """Return the credentials of the environment variables, which are the first link of the chain.

    AWS Lambda sets these variables. botocore's session would find the same, but takes 25 ms more
    of a cold start to import. It is asked where a profile or the region of the AWS configuration
    may matter: ``None`` is returned then.

    Args:
        region: the API's region, where it is known; ``None`` for the configuration's.
    """
    region = region or os.environ.get("AWS_DEFAULT_REGION")
    if not region or any(os.environ.get(name) for name in _PROFILE_VARIABLES):
        return None
    with importing():
        from botocore.credentials import EnvProvider  # noqa: PLC0415 - for the first signature

    found = EnvProvider().load()
    if found is None:
        return None
    return AwsCredentials(found.get_frozen_credentials(), expiry_of(found), region)


def _loaded_again(session: Any, found: Any) -> Any:
    """Return newer credentials from the same source as those that a session has.

    Never from another source: those might be another user's or role's.
    """
    if refresh_credentials(found):
        return found
    if found.method == "explicit":
        return found
    again = session.get_component("credential_provider").load_credentials()
    return again if getattr(again, "method", None) == found.method else found


def _permanent_errors() -> tuple[type[Exception], ...]:
    """Return botocore's errors of a configuration that no other attempt makes better."""
    import botocore.exceptions as errors  # noqa: PLC0415

    return (
        errors.ConfigNotFound,
        errors.ConfigParseError,
        errors.InvalidConfigError,
        errors.MissingDependencyException,
        errors.NoRegionError,
        errors.ParamValidationError,
        errors.PartialCredentialsError,
        errors.RefreshWithMFAUnsupportedError,
        errors.UnknownCredentialError,
    )


def _sts_error(error: Any, option: str) -> AppSyncError:
    """Return the error for a call of AWS STS, by which a role is assumed."""
    code, message = str(error.get("Code", "Unknown")), str(error.get("Message", ""))
    said = f"({code}: {message})"
    if code in {"AccessDenied", "AccessDeniedException", "InvalidIdentityToken"}:
        return ConfigurationError(
            f"AWS does not let these credentials assume the role {said}: its trust policy must "
            "admit them.",
            setting="profile",
            error_type=code,
        )
    if code in {"ExpiredToken", "ExpiredTokenException"}:
        return SessionExpired(
            f"The AWS session from which the role is assumed has ended {said}: sign in to AWS "
            f"again, for example with `aws sso login{option}`.",
            error_type=code,
        )
    if code in {"InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException"}:
        return ConfigurationError(
            f"AWS does not accept the credentials with which the role is assumed {said}: check "
            "the access key and the secret key.",
            setting="profile",
            error_type=code,
        )
    return RenewalFailed(f"AWS STS gave no credentials now {said}.", error_type=code)
