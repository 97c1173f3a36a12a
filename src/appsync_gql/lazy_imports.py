"""Public names that are imported when they are first used.

A program that sends queries does not wait for what subscriptions, DynamoDB or the keyring need.
Type checkers read the stub ``__init__.pyi`` beside each package that uses this.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["lazy_names"]


def lazy_names(
    package: str, names: Mapping[str, str]
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """Return a package's ``__all__``, ``__getattr__`` and ``__dir__`` (PEP 562).

    Args:
        package: the package's ``__name__``.
        names: its public names, separated by blanks, by the module below the package that has
            them; a module without names is public itself.
    """
    modules = {name: module for module, found in names.items() for name in found.split()}
    public = sorted([*modules, *(module for module, found in names.items() if not found)])

    def get(name: str) -> Any:
        if name not in public:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        module = import_module(f".{modules.get(name, name)}", package)
        return getattr(module, name) if name in modules else module

    return public, get, lambda: public
