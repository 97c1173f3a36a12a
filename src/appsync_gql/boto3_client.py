"""Clients of boto3: shared, made where blocking is allowed, and quiet about tokens."""

from __future__ import annotations

import logging
import pkgutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .threads import after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session
    from botocore.config import Config

__all__ = ["client_for", "discard_client", "no_tokens_in_logs"]

_CONNECT_SECONDS = 5
_READ_SECONDS = 10
"""Longer than the 5 s that Cognito gives a Lambda trigger
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html)."""

_secretive = threading.local()


class _Clients:
    """The clients of this process: a child must not share its parent's connections."""

    def __init__(self) -> None:
        self.forget()
        after_fork_in_child(self, _Clients.forget)

    def forget(self) -> None:
        """Begin anew."""
        self.made: WeakValueDictionary[object, Any] = WeakValueDictionary()
        # Those with a session or settings of the user's own live as long as who asked for them;
        # the plain ones, of which there are few, as long as the process.
        self.plain: list[Any] = []
        self.making = threading.Lock()


_clients = _Clients()


def client_for(
    service: str,
    region: str | None,
    endpoint_url: str | None,
    session: Session | None,
    config: Config | None,
) -> Any:
    """Return the client for these settings, making it at first use.

    Thousands of providers with equal settings share one: boto3's clients are
    thread-safe (https://docs.aws.amazon.com/boto3/latest/guide/clients.html).
    Importing boto3 and making a client takes some 200 ms: never on an event loop.

    Args:
        service: boto3's name of the service.
        region: ``None`` for the one that boto3 is configured with.
        endpoint_url: an emulator's address; ``None`` for AWS.
        session: the user's own; ``None`` for a plain one.
        config: laid over this package's settings.

    Returns:
        The client, which the caller keeps for as long as it may be asked for again.
    """
    key = (service, region, endpoint_url, session, config)
    with _clients.making:
        client = _clients.made.get(key)
        if client is None:
            client = _make(service, region, endpoint_url, session, config)
            _clients.made[key] = client
            if session is None and config is None:
                _clients.plain.append(client)
        return client


def discard_client(client: object) -> None:
    """Make :func:`client_for` create a new client in place of this one, with fresh credentials.

    Whoever uses this client at the moment is not disturbed.
    """
    with _clients.making:
        for key, made in list(_clients.made.items()):
            if made is client:
                del _clients.made[key]
        _clients.plain = [plain for plain in _clients.plain if plain is not client]


def _make(
    service: str,
    region: str | None,
    endpoint_url: str | None,
    session: Session | None,
    config: Config | None,
) -> Any:
    import boto3  # noqa: PLC0415
    from botocore import UNSIGNED  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    settings = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=16,
    )
    if service == "cognito-idp":
        # The calls used here are public: no AWS credentials, so none are looked for.
        settings = settings.merge(Config(signature_version=UNSIGNED))
    _guard_logs()
    make: Any = (session or boto3.session.Session()).client
    return make(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        config=settings.merge(config) if config else settings,
    )


@contextmanager
def no_tokens_in_logs() -> Iterator[None]:
    """Keep botocore's DEBUG records of this thread's calls back: they quote whole bodies."""
    _secretive.on = True
    try:
        yield
    finally:
        _secretive.on = False


def _keep_back(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG or not getattr(_secretive, "on", False)


def _guard_logs() -> None:
    """Put the filter on every logger of botocore: a parent's filter does not cover children."""
    import botocore  # noqa: PLC0415

    modules = pkgutil.walk_packages(botocore.__path__, "botocore.", onerror=lambda _: None)
    names = [m.name for m in modules if not m.name.startswith("botocore.vendored")]
    for name in ("botocore", *names, "urllib3.connectionpool"):
        logging.getLogger(name).addFilter(_keep_back)
