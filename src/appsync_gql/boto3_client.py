"""Shared boto3 clients, made where blocking is allowed, whose log records contain no tokens."""

from __future__ import annotations

import logging
import os
import pkgutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from .exceptions import ConfigurationError
from .forks import after_fork_in_child, importing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session
    from botocore.config import Config

__all__ = ["check_boto3_arguments", "client_for", "discard_client", "without_debug_logs"]

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 10.0
_ATTEMPTS = 3
_KEPT = 16
"""How many clients, and sessions, are kept although nobody uses them. A test suite with an emulator
for each test makes thousands, of megabytes each."""

_UNSIGNED = frozenset({"cognito-idp", "cognito-identity"})
"""Services whose calls here are public, so that boto3 need not search for AWS credentials."""

_PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE")
_VARIABLES = (
    *("AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_DEFAULT_REGION"),
    *_PROFILE_VARIABLES,
)
_SERVICE_IDS = {"cognito-idp": "COGNITO_IDENTITY_PROVIDER"}
"""Services whose variables are not called as boto3 calls the service."""

_thread = threading.local()


class _Settings(NamedTuple):
    """All that distinguishes one client from another.

    The environment is a part of it, since boto3 reads addresses and profiles from there when a
    client is made, and a program may change it.
    """

    service: str
    region: str | None
    endpoint_url: str | None
    session: Session | None
    config: Config | None
    read_seconds: float
    attempts: int
    environment: tuple[str | None, ...]

    def botocore_config(self) -> Config:
        """Return this package's settings of botocore, completed and replaced by the user's."""
        from botocore import UNSIGNED  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        ours = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=self.read_seconds,
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            max_pool_connections=16,
        )
        if self.service in _UNSIGNED:
            ours = ours.merge(Config(signature_version=UNSIGNED))
        return ours.merge(self.config) if self.config else ours


class _Clients:
    """The boto3 clients of this process.

    A forked child makes its own, because connections can't be shared with the parent. It keeps
    the parent's clients without using them: their destructors would close connections and take
    locks that a thread of the parent may have held at the fork.
    """

    def __init__(self) -> None:
        self.inherited: list[Any] = []
        self.reset()
        after_fork_in_child(self, _Clients.begin_in_child)

    def begin_in_child(self) -> None:
        """Start without clients after a fork."""
        self.inherited.extend(self.by_settings.values())
        self.reset()

    def reset(self) -> None:
        """Start without clients."""
        self.by_settings: WeakValueDictionary[object, Any] = WeakValueDictionary()
        # Clients with a session or a configuration of the user's own live as long as the objects
        # that use them; of the others, the latest are kept for later callers.
        self.kept: dict[Any, None] = {}
        self.unsigned: dict[object, Session] = {}
        self.lock = threading.Lock()
        # One for each session, which is not thread-safe, or service: making a client may search
        # for AWS credentials, and a source of credentials that hangs must not delay other clients.
        self.making: WeakValueDictionary[object, threading.Lock] = WeakValueDictionary()

    def get(self, settings: _Settings) -> Any:
        """Return the client for the settings, or the ``ConfigurationError`` of making it."""
        with self.lock:
            client = self.by_settings.get(settings)
            if client is not None:
                return client
            making = self.making.setdefault(settings.session or settings.service, threading.Lock())
        with making:
            client = self.by_settings.get(settings)
            if client is None:
                with importing():
                    client = _make(settings)
            if isinstance(client, ConfigurationError):
                return client
            with self.lock:
                self.by_settings[settings] = client
                if settings.session is None and settings.config is None:
                    self.kept[client] = None
                    _drop_oldest(self.kept)
        return client

    def discard(self, client: object) -> None:
        """Forget a client."""
        with self.lock:
            self.kept.pop(client, None)
            for settings, known in list(self.by_settings.items()):
                if known is client:
                    del self.by_settings[settings]


def _drop_oldest(kept: dict[Any, Any]) -> None:
    while len(kept) > _KEPT:
        del kept[next(iter(kept))]


_clients = _Clients()


def check_boto3_arguments(session: object, config: object) -> None:
    """Raise an error unless the session and the configuration look like boto3's.

    boto3 is not imported for that, because it takes some 100 ms and these objects are passed to
    constructors that are called on event loops.

    Raises:
        ConfigurationError: one is something else.
    """
    if session is not None and not callable(getattr(session, "client", None)):
        raise ConfigurationError(
            "boto3_session must be a boto3.session.Session.", setting="boto3_session"
        )
    if config is not None and not callable(getattr(config, "merge", None)):
        raise ConfigurationError("config must be a botocore.config.Config.", setting="config")


def client_for(
    service: str,
    region: str | None,
    endpoint_url: str | None,
    session: Session | None,
    config: Config | None,
    *,
    read_seconds: float = _READ_SECONDS,
    attempts: int = _ATTEMPTS,
) -> Any:
    """Return the client for these settings, making it at first use.

    The caller keeps it for as long as it may need it again.
    Thousands of providers with equal settings share one: boto3's clients are thread-safe
    (https://docs.aws.amazon.com/boto3/latest/guide/clients.html). Importing boto3 and making a
    client takes some 200 ms, so never call this on an event loop.

    Args:
        service: boto3's name of the service.
        region: ``None`` for the one that boto3 is configured with.
        endpoint_url: an emulator's address; ``None`` for AWS, or for the address in the
            environment variable ``AWS_ENDPOINT_URL_<SERVICE>``.
        session: the user's own; ``None`` for a new one.
        config: botocore settings that replace this package's.
        read_seconds: how long to wait for data of a response.
        attempts: how often botocore sends a request at most.

    Raises:
        ConfigurationError: boto3 can't make a client from these settings.
    """
    check_boto3_arguments(session, config)
    environment = _environment(service)
    settings = _Settings(
        service, region, endpoint_url, session, config, read_seconds, attempts, environment
    )
    client = _clients.get(settings)
    if isinstance(client, ConfigurationError):
        # Raised outside _make's handler: botocore's error and its frames may quote a password.
        raise client
    return client


def discard_client(client: object) -> None:
    """Make the next call of ``client_for`` with the same settings return a new client.

    For a client whose AWS credentials or connections no longer work. It is not closed, because
    other threads may be using it.

    Args:
        client: what ``client_for`` returned; a client that was discarded already is no error.
    """
    _clients.discard(client)


def _make(settings: _Settings) -> Any:
    """Return a new client, or the ``ConfigurationError`` that says why there is none."""
    from botocore import exceptions  # noqa: PLC0415

    _filter_logs()
    try:
        make: Any = (settings.session or _plain_session(settings)).client
        return make(
            settings.service,
            region_name=settings.region,
            endpoint_url=settings.endpoint_url,
            config=settings.botocore_config(),
        )
    except (exceptions.NoRegionError, exceptions.InvalidRegionError):
        setting, reason = "region", "region is missing or is not the name of an AWS region"
    except exceptions.ProfileNotFound as error:
        setting = "boto3_session"
        reason = f"{error}; correct AWS_PROFILE, or pass a boto3_session with another profile"
    except (exceptions.ConfigParseError, exceptions.ConfigNotFound) as error:
        setting, reason = "boto3_session", f"the AWS configuration file can't be read ({error})"
    except (TypeError, ValueError) as error:
        # The error's text is left out: it quotes the endpoint's URL.
        setting = "endpoint_url"
        reason = f"boto3 does not accept endpoint_url ({type(error).__name__})"
    return ConfigurationError(
        f"There is no boto3 client for {settings.service}: {reason}.", setting=setting
    )


def _environment(service: str) -> tuple[str | None, ...]:
    """Return what the environment says about a service's address, and where it says more."""
    name = service.upper().replace("-", "_")
    names = (*_VARIABLES, f"AWS_ENDPOINT_URL_{_SERVICE_IDS.get(service, name)}")
    return tuple(os.environ.get(variable) for variable in names)


def _plain_session(settings: _Settings) -> Session:
    """Return a session without settings; called under the service's lock.

    Those of the unsigned services, which have no AWS credentials that could expire, are kept:
    making a second client of a session takes 5 ms, not 100, and that one is needed in a hurry.
    """
    import boto3  # noqa: PLC0415

    if settings.service not in _UNSIGNED:
        return boto3.session.Session()
    # Of the environment, a session keeps the profile; it reads addresses for each client anew.
    key = settings.service, *(os.environ.get(name) for name in _PROFILE_VARIABLES)
    session = _clients.unsigned.get(key)
    if session is None:
        session = _clients.unsigned[key] = boto3.session.Session()
        _drop_oldest(_clients.unsigned)
    return session


@contextmanager
def without_debug_logs() -> Iterator[None]:
    """Drop botocore's DEBUG records of this thread in the block: they quote whole bodies."""
    before = getattr(_thread, "quiet", False)
    _thread.quiet = True
    try:
        yield
    finally:
        _thread.quiet = before


def _may_be_logged(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG or not getattr(_thread, "quiet", False)


def _filter_logs() -> None:
    """Put the filter on every logger of botocore: a parent's filter does not cover children.

    It takes 2 ms and is done for each new client, in case a program has reset its loggers.
    """
    import botocore  # noqa: PLC0415

    modules = pkgutil.walk_packages(botocore.__path__, "botocore.", onerror=lambda _: None)
    names = [m.name for m in modules if not m.name.startswith("botocore.vendored")]
    for name in ("botocore", *names, "urllib3.connectionpool"):
        logging.getLogger(name).addFilter(_may_be_logged)
