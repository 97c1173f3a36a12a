"""Checks of URLs to which tokens are sent, and of TLS settings. Pure.

All URLs are checked by the same rules, on the parsed host: plain ``http://`` is for this machine
only. A URL is never quoted in an error, because it may contain a password.
"""

from __future__ import annotations

import ipaddress
import re
from ssl import SSLContext
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from aiohttp import Fingerprint

from .exceptions import ConfigurationError, InsecureEndpoint
from .secret import hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "REGION",
    "ApiHosts",
    "check_endpoint",
    "check_service_url",
    "check_ssl",
    "is_aws_url",
    "is_loopback",
]

REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}"
"""A regular expression for the names of AWS regions, in all partitions."""

_EXAMPLE = "https://example.appsync-api.eu-west-1.amazonaws.com/graphql"
_NETLOC = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>\d{0,5}))?\Z")
_LOCALHOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*localhost\.?\Z")
_APPSYNC_HOST = re.compile(r"[^.]+\.appsync-api\.[a-z0-9-]+\.amazonaws\.(?:com|com\.cn|eu)\.?\Z")
_AWS_HOST = re.compile(r"(?:.+\.)?(?:amazonaws\.(?:com|com\.cn|eu)|api\.aws)\.?\Z")
_LARGEST_PORT = 65_535


class _Parts(NamedTuple):
    """What the checks need of a URL; no part of it can hold a password."""

    scheme: str
    host: str
    path: str
    has_user_info: bool


def check_endpoint(url: str, *, allow_insecure: bool = False) -> None:
    """Raise an error for a GraphQL URL to which no token may be sent.

    Raises:
        ConfigurationError: it is not an http(s) URL with a host; or there is a user name or a
            password in it; or its host is AppSync's own and its path is not ``/graphql``.
        InsecureEndpoint: it is plain ``http://`` to another machine, and ``allow_insecure`` is
            false.
    """
    url = hidden(url)  # type: ignore[assignment]  # see check_service_url
    check_service_url(url, setting="url", allow_insecure=allow_insecure)
    parts = _parse(url)
    if parts is not None and _APPSYNC_HOST.match(parts.host) and parts.path != "/graphql":
        raise ConfigurationError(
            f"The path of an AppSync GraphQL URL is /graphql, as in {_EXAMPLE}.", setting="url"
        )


class ApiHosts(NamedTuple):
    """The names of an API: where requests are sent, and what they are signed for.

    They differ for a private API whose URL has the host of a VPC endpoint
    (https://docs.aws.amazon.com/appsync/latest/devguide/using-private-apis.html).

    Attributes:
        url: the GraphQL URL that is signed.
        realtime_url: the real-time endpoint; ``None`` for the one that follows from ``url``.
        request_headers: sent with every request.
        handshake_headers: sent with every real-time handshake.
    """

    url: str
    realtime_url: str | None
    request_headers: Mapping[str, str] = MappingProxyType({})
    handshake_headers: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def of(cls, url: str, *, api_host: object, realtime_url: str | None) -> ApiHosts:
        """Return the names of an API.

        Args:
            url: the GraphQL URL, checked already.
            api_host: the API's own host, if another one is in the URL; ``None`` if not.
            realtime_url: the real-time endpoint; ``None`` to derive it.

        Raises:
            ConfigurationError: ``api_host`` is not AppSync's own host of an API.
        """
        if api_host is None:
            return cls(url, realtime_url)
        host = api_host if isinstance(api_host, str) and "/" not in api_host else ""
        if not _APPSYNC_HOST.match(host):
            raise ConfigurationError(
                "api_host is the API's own host without https:// and path, such as "
                f"{urlsplit(_EXAMPLE).netloc}.",
                setting="api_host",
            )
        parts = urlsplit(url)
        scheme = {"https": "wss", "http": "ws"}[parts.scheme.lower()]
        domain = host.replace(".appsync-api.", ".appsync-realtime-api.")
        return cls(
            f"https://{host}/graphql",
            realtime_url or f"{scheme}://{parts.netloc}/graphql",
            {"Host": host},
            {"x-appsync-domain": domain},
        )


def check_service_url(url: str, *, setting: str, allow_insecure: bool = False) -> None:
    """Raise an error for the URL of any service to which tokens must not be sent.

    Args:
        url: the URL.
        setting: the argument it was passed in, for the error.
        allow_insecure: whether plain ``http://`` to another machine is allowed.

    Raises:
        ConfigurationError: it is not an http(s) URL with a host, there is a user name or a
            password in it, or ``allow_insecure`` is no ``bool``.
        InsecureEndpoint: it is plain ``http://`` to a host that is not certainly this machine,
            and ``allow_insecure`` is false.
    """
    url = hidden(url)  # type: ignore[assignment]  # no traceback shows a password in it
    if not isinstance(allow_insecure, bool):  # "no" would allow it
        raise ConfigurationError("allow_insecure is True or False.", setting="allow_insecure")
    parts = _parse(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        example = f", such as {_EXAMPLE}" if setting == "url" else ""
        raise ConfigurationError(
            f"{setting} must be an http:// or https:// URL with a host{example}.", setting=setting
        )
    if parts.has_user_info:
        raise ConfigurationError(
            f"Remove the user name and the password (all before '@') from {setting}.",
            setting=setting,
        )
    if parts.scheme == "http" and not allow_insecure and not is_loopback(parts.host):
        raise InsecureEndpoint(
            f"Tokens are not sent over plain http:// to {parts.host}. Use https://, or pass "
            "allow_insecure=True where the network itself is secured.",
            setting=setting,
        )


def check_ssl(ssl: object) -> None:
    """Raise an error for a value that aiohttp would understand as "verify nothing".

    Raises:
        ConfigurationError: it is not a TLS setting.
    """
    if not isinstance(ssl, SSLContext | bool | Fingerprint):
        raise ConfigurationError(
            "ssl is an ssl.SSLContext, a bool or an aiohttp.Fingerprint; for a certificate "
            "authority's file, ssl.create_default_context(cafile=…).",
            setting="ssl",
        )


def is_region(name: str) -> bool:
    """Return whether this may be the name of an AWS region, such as ``eu-west-1``."""
    return re.fullmatch(REGION, name) is not None


def is_aws_url(url: str) -> bool:
    """Return whether a URL's host belongs to AWS; false for emulators and other servers."""
    parts = _parse(url)
    return parts is not None and _AWS_HOST.match(parts.host) is not None


def is_loopback(host: str) -> bool:
    """Return whether a host can only be this machine (RFC 6761 6.3, RFC 1122, RFC 4291).

    True for ``localhost``, names below it, the addresses ``127.x.y.z`` in full decimal form, and
    ``::1``. Other forms (``127.1``, ``0x7f.1``, IPv4 in IPv6, zone ids, percent-encoded text)
    may mean different hosts to different resolvers, so they are not accepted.

    Args:
        host: the host alone, without a port; IPv6 addresses without brackets.
    """
    host = host.lower()
    if _LOCALHOST.match(host):
        return True
    if "%" in host:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    return address.is_loopback and not mapped


def _parse(url: object) -> _Parts | None:
    """Return the parts of a URL; ``None`` if it can't be read without doubt.

    Different libraries read unusual URLs differently (a backslash in the host,
    ``http://[::1].b``), so
    everything unusual is refused.
    """
    if not isinstance(url, str) or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        split = urlsplit(url)
    except ValueError:
        return None
    _, at, address = split.netloc.rpartition("@")
    found = _NETLOC.match(address)
    if found is None or int(found["port"] or 0) > _LARGEST_PORT:
        return None
    host = (found["ipv6"] or found["name"]).lower()
    return _Parts(split.scheme, host, split.path, has_user_info=bool(at))
