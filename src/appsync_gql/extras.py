"""Optional packages: their absence is told at once, their import left for later."""

from __future__ import annotations

from importlib.util import find_spec

from .exceptions import MissingExtra

__all__ = ["require"]


def require(extra: str, *packages: str) -> None:
    """See that the packages of an extra are installed, without importing them.

    Args:
        extra: this package's name for what they bring.
        packages: their import names.

    Raises:
        MissingExtra: one is not; the message is the pip line.
    """
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtra(f'{package} is missing: pip install "appsync-gql[{extra}]"')
