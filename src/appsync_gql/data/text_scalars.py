"""AWSEmail, AWSURL, AWSPhone, AWSIPAddress and AWSJSON, to and from Python's types. Pure.

Formats: https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html. AppSync is the one that
checks texts; here only those are refused that it certainly refuses.
"""

from __future__ import annotations

import json
import re
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
)
from typing import Any

from .scalar_errors import invalid_value

__all__ = ["IpAddress", "email", "ip_address_of", "json_of", "phone", "text_of_ip_address"]
__all__ += ["text_of_json", "url"]

IpAddress = IPv4Address | IPv6Address | IPv4Interface | IPv6Interface

_EMAIL = re.compile(r'(?:[^\s@"]+|"[^"]+")@[^\s@]+')
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]*[0-9]|\+?\([0-9][0-9 ().-]*[0-9]", re.ASCII)


def email(value: Any) -> str:
    """Return an AWSEmail as it is.

    Raises:
        GraphQLError: it is not of the form ``local-part@domain``.
    """
    return _text(_EMAIL, value, "AWSEmail", "local-part@domain")


def url(value: Any) -> str:
    """Return an AWSURL as it is.

    Raises:
        GraphQLError: it has no scheme, or contains blanks.
    """
    return _text(_URL, value, "AWSURL", "a URL with its scheme, such as https://example.com/")


def phone(value: Any) -> str:
    """Return an AWSPhone as it is.

    Raises:
        GraphQLError: it contains anything but digits, blanks, hyphens, dots, parentheses and a
            leading plus.
    """
    return _text(_PHONE, value, "AWSPhone", "a phone number, such as +49 30 123456")


def ip_address_of(value: Any) -> IpAddress:
    """Return the address of an AWSIPAddress; with a suffix such as ``/16``, the interface.

    Raises:
        GraphQLError: it is neither an IPv4 nor an IPv6 address.
    """
    if not isinstance(value, str):
        raise invalid_value("AWSIPAddress", value, "an IPv4 or IPv6 address")
    try:
        return ip_interface(value) if "/" in value else ip_address(value)
    except ValueError as error:
        raise invalid_value("AWSIPAddress", value, "an IPv4 or IPv6 address", str(error)) from None


def text_of_ip_address(value: Any) -> str:
    """Return an address or interface of :mod:`ipaddress`, or a ``str``, as AWSIPAddress.

    Raises:
        GraphQLError: it is none of those.
    """
    if isinstance(value, str):
        ip_address_of(value)
        return value
    if not isinstance(value, IpAddress):
        raise invalid_value("AWSIPAddress", value, "an address of ipaddress, or a str")
    return str(value)


def json_of(value: Any) -> Any:
    """Return the Python object that an AWSJSON contains.

    Raises:
        GraphQLError: it is not JSON text.
    """
    if not isinstance(value, str):
        raise invalid_value("AWSJSON", value, "JSON text")
    try:
        return json.loads(value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise invalid_value("AWSJSON", value, "JSON text", str(error)) from None


def text_of_json(value: Any) -> str:
    """Return any Python object that JSON can express as AWSJSON.

    A ``str`` becomes a JSON string, so that every value comes back as it was: don't pass the
    result of ``json.dumps``.

    Raises:
        GraphQLError: JSON can't express it.
    """
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid_value("AWSJSON", value, "what json.dumps accepts", str(error)) from None


def _refuse_constant(name: str) -> Any:
    msg = f"JSON has no {name}"
    raise ValueError(msg)


def _text(pattern: re.Pattern[str], value: Any, scalar: str, expected: str) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise invalid_value(scalar, value, expected)
    return value
