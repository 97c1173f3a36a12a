"""Optional packages: a missing one is reported at construction, and imported at first use."""

from __future__ import annotations

from importlib.util import find_spec

from .exceptions import MissingExtra

__all__ = ["require"]


def require(extra: str, *packages: str) -> None:
    """Check that the packages of an extra are installed, without importing them.

    Args:
        extra: the extra of this package that installs them.
        packages: their import names.

    Raises:
        MissingExtra: one is not installed; the message is the pip line.
    """
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtra(f'{package} is missing: pip install "appsync-gql[{extra}]"')
