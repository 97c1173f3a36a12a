"""Checks of constructor arguments that several persistences share. Pure."""

from __future__ import annotations

from ..endpoint import is_region
from ..exceptions import ConfigurationError

__all__ = ["check_region", "check_seconds", "check_text"]


def check_seconds(name: str, value: object, *, longest: float) -> float:
    """Return a duration in seconds.

    Args:
        name: the argument's name, for the error.
        value: the argument's value.
        longest: the largest accepted number of seconds.

    Raises:
        ConfigurationError: it is not a number above 0, or it is too large.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= longest:
        raise ConfigurationError(
            f"{name} must be a number of seconds above 0 and up to {longest:.0f}, not {value!r}.",
            setting=name,
        )
    return float(value)


def check_region(region: object) -> None:
    """Check that this may be an AWS region.

    Args:
        region: the argument's value; ``None`` is accepted.

    Raises:
        ConfigurationError: no region is named like this.
    """
    if region is not None and not is_region(check_text("region", region)):
        raise ConfigurationError(
            f"{region!r} is not the name of an AWS region, such as eu-west-1.", setting="region"
        )


def check_text(name: str, value: object) -> str:
    """Return a name that is not empty.

    Args:
        name: the argument's name, for the error.
        value: the argument's value.

    Raises:
        ConfigurationError: it is not a ``str``, it is empty, or it can't be encoded as UTF-8.
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a str, not {type(value).__name__}.", setting=name)
    if not value or not _encodable(value):
        raise ConfigurationError(f"{name} must not be empty, and must be UTF-8.", setting=name)
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
