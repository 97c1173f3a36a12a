"""One URL, checked once."""

from __future__ import annotations

import ipaddress
from ssl import SSLContext
from urllib.parse import urlsplit

from aiohttp import Fingerprint

from .exceptions import ConfigurationError, InsecureEndpoint

__all__ = ["check_endpoint", "check_ssl", "is_loopback"]


def check_endpoint(url: str, *, allow_insecure: bool = False) -> None:
    """Refuse a URL to which no token may be sent.

    Raises:
        ConfigurationError: it is not an http(s) URL with a host, or it has a
            user or password in it.
        InsecureEndpoint: it is plain ``http://`` to a host that is not this
            machine, and ``allow_insecure`` is false.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        raise ConfigurationError(f"The endpoint is not a URL: {error}.", setting="url") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError(
            "The endpoint must be the API's GraphQL URL, such as "
            "https://example.appsync-api.eu-west-1.amazonaws.com/graphql.",
            setting="url",
        )
    if parts.username is not None or parts.password is not None:
        # The URL is not quoted: it holds a password.
        raise ConfigurationError("Take the user and password out of the endpoint.", setting="url")
    if parts.scheme == "http" and not allow_insecure and not is_loopback(host):
        raise InsecureEndpoint(
            f"Tokens are not sent over plain http:// to {host}. Use https://, or pass "
            "allow_insecure=True where the network itself is secured.",
            setting="url",
        )


def check_ssl(ssl: object) -> None:
    """Refuse what aiohttp would take for "verify nothing".

    Raises:
        ConfigurationError: it is no setting for TLS.
    """
    if not isinstance(ssl, SSLContext | bool | Fingerprint):
        raise ConfigurationError(
            "ssl is an ssl.SSLContext, a bool or an aiohttp.Fingerprint; for a certificate "
            "authority's file, ssl.create_default_context(cafile=…).",
            setting="ssl",
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host name can only mean this machine (RFC 6761 6.3, RFC 1122, RFC 4291)."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
