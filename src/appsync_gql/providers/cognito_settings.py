"""Checks of CognitoProvider's arguments, and the user pool's region. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..endpoint import REGION, check_service_url, is_region
from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from ..secret import Secret

__all__ = [
    "check_optional_text",
    "check_region",
    "check_text",
    "checked_endpoint_url",
    "checked_secret",
    "region_of_issuer",
    "region_of_pool",
]

_HOST_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_POOL_ID = re.compile(rf"({REGION})_[0-9A-Za-z]+\Z")
_ISSUER = re.compile(
    rf"https://(?:issuer-)?cognito-idp\.({REGION})\.amazonaws\.(?:com|com\.cn|eu)/"
)


def check_text(value: object, setting: str) -> None:
    """Raise an error unless the value is a text without blanks and line ends.

    Raises:
        ConfigurationError: it is something else.
    """
    if not isinstance(value, str):
        raise ConfigurationError(
            f"{setting} must be a str, not {type(value).__name__}.", setting=setting
        )
    if not value or not value.isprintable() or " " in value:
        raise ConfigurationError(
            f"{setting} is empty or contains blanks or line ends.", setting=setting
        )


def check_optional_text(value: object, setting: str) -> None:
    """Raise the errors of ``check_text``; ``None`` is accepted."""
    if value is not None:
        check_text(value, setting)


def checked_secret(value: Secret | type | None, setting: str) -> Secret | None:
    """Return a secret argument, as ``hidden`` returned it, after checking it like the others.

    Raises:
        ConfigurationError: it is not a text, or is empty, or contains blanks or line ends.
    """
    if isinstance(value, type):
        raise ConfigurationError(f"{setting} must be a str, not {value.__name__}.", setting=setting)
    check_optional_text(value, setting)
    return value


def check_region(region: object, endpoint_url: object) -> None:
    """Raise an error unless the region is ``None`` or may be the name of an AWS region.

    Raises:
        ConfigurationError: it is something else. With an ``endpoint_url``, where the region is
            not part of the address, any host label is accepted.
    """
    if region is None:
        return
    check_text(region, "region")
    name = str(region)
    if not (is_region(name) if endpoint_url is None else _HOST_LABEL.match(name)):
        raise ConfigurationError(
            f"{region!r} is not the name of an AWS region, such as 'eu-west-1'.", setting="region"
        )


def checked_endpoint_url(value: Secret | type | None, *, allow_insecure: bool) -> str | None:
    """Return the endpoint's URL, as ``hidden`` returned it; ``None`` is AWS's own.

    Raises:
        ConfigurationError: it is not an http(s) URL, or contains a user name or a password.
        InsecureEndpoint: it is plain ``http://`` to another machine.
    """
    url = checked_secret(value, "endpoint_url")
    if url is None:
        return None
    check_service_url(url, setting="endpoint_url", allow_insecure=allow_insecure)
    return str(url)


def region_of_pool(user_pool_id: str | None) -> str | None:
    """Return the region in a pool id, ``None`` if there is none (an emulator's pool).

    It is the region where the pool was made; a replica of the pool may be in another one.
    """
    found = _POOL_ID.match(user_pool_id or "")
    return found.group(1) if found else None


def region_of_issuer(issuer: str | None) -> str | None:
    """Return the region in a token's ``iss``, in either of Cognito's two forms; else ``None``.

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html
    """
    found = _ISSUER.match(issuer or "")
    return found.group(1) if found else None
