"""Checks of arguments that several authorization modes have. Pure."""

from __future__ import annotations

import inspect
import math
import re

from ..exceptions import ConfigurationError

__all__ = ["check_profile", "check_region", "check_seconds", "check_source"]

_REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


def check_seconds(setting: str, value: object, *, above_zero: bool = False) -> None:
    """Raise an error unless the value is a number of seconds.

    Args:
        setting: the argument's name.
        value: what was passed.
        above_zero: whether 0 is refused too.

    Raises:
        ConfigurationError: it is something else.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and (value > 0 or (value == 0 and not above_zero))):  # type: ignore[arg-type,operator]
        least = "above 0" if above_zero else "0 or more"
        raise ConfigurationError(f"{setting} is a number of seconds, {least}.", setting=setting)


def check_source(source: object) -> None:
    """Raise an error unless the value is a token, or a function without arguments.

    Raises:
        ConfigurationError: it is something else.
    """
    if isinstance(source, str):
        return
    if isinstance(source, type) and not hasattr(source, "__await__"):
        raise ConfigurationError(
            f"source is the class {source.__name__}; pass an instance that can be called, or a "
            "function that returns the token.",
            setting="source",
        )
    if not callable(source):
        called = ": pass the function itself, without ()" if inspect.isawaitable(source) else ""
        raise ConfigurationError(
            "source is a token as a str, or a function that returns one, not "
            f"{type(source).__name__}{called}.",
            setting="source",
        )
    try:
        inspect.signature(source).bind()
    except TypeError as error:
        raise ConfigurationError(
            f"source is called without arguments, which this function does not allow ({error}).",
            setting="source",
        ) from None
    except ValueError:  # some functions that are written in C do not say
        return


def check_region(region: object) -> None:
    """Raise an error unless the region is ``None`` or may be the name of a region.

    Raises:
        ConfigurationError: it is something else.
    """
    if region is not None and not (isinstance(region, str) and _REGION.match(region)):
        raise ConfigurationError(
            f"{region!r} is not the name of an AWS region, such as 'eu-west-1'.", setting="region"
        )


def check_profile(profile: object) -> None:
    """Raise an error unless the value is ``None`` or may be the name of a profile.

    Raises:
        ConfigurationError: it is something else.
    """
    if profile is not None and not (isinstance(profile, str) and profile):
        raise ConfigurationError(
            "profile is the name of a profile of the AWS configuration.", setting="profile"
        )
