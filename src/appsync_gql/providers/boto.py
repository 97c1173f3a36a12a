"""Cognito clients of boto3: shared, made where blocking is allowed, and quiet about tokens."""

from __future__ import annotations

import logging
import os
import pkgutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session
    from botocore.config import Config
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

__all__ = ["client_for", "no_tokens_in_logs"]

_CONNECT_SECONDS = 5
_READ_SECONDS = 10
"""Longer than the 5 s that Cognito gives a Lambda trigger
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html)."""

_clients: dict[object, CognitoIdentityProviderClient] = {}
_making = threading.Lock()
_secretive = threading.local()


def client_for(
    region: str, endpoint_url: str | None, session: Session | None, config: Config | None
) -> CognitoIdentityProviderClient:
    """Return the client for these settings, making it at first use.

    Thousands of providers with equal settings share one: boto3's clients are
    thread-safe (https://docs.aws.amazon.com/boto3/latest/guide/clients.html).
    Importing boto3 and making a client takes some 200 ms: never on an event loop.

    Args:
        region: the user pool's region.
        endpoint_url: an emulator's address; ``None`` for AWS.
        session: the user's own; ``None`` for a plain one.
        config: laid over this package's settings.
    """
    # A connection pool must not be shared with a parent process.
    key = (os.getpid(), region, endpoint_url, session, config)
    with _making:
        if key not in _clients:
            _clients[key] = _make(region, endpoint_url, session, config)
        return _clients[key]


def _make(
    region: str, endpoint_url: str | None, session: Session | None, config: Config | None
) -> CognitoIdentityProviderClient:
    import boto3  # noqa: PLC0415
    from botocore import UNSIGNED  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    settings = Config(
        # The calls used here are public: no AWS credentials, so none are looked for.
        signature_version=UNSIGNED,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=16,
    )
    _guard_logs()
    return (session or boto3.session.Session()).client(
        "cognito-idp",
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
