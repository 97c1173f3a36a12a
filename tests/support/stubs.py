"""Writes the stubs of packages with lazily imported names: ``python tests/support/stubs.py``."""

from __future__ import annotations

import importlib
from pathlib import Path

PACKAGES = ("appsync_gql", "appsync_gql.testing")


def stub_of(package: str) -> str:
    """Return the stub's text: each public name, imported from where it is defined."""
    module = importlib.import_module(package)
    lines = ["# Written by tests/support/stubs.py. Type checkers read it in place of __init__.py."]
    for home, names in sorted(module._NAMES.items(), key=lambda item: (bool(item[1]), item)):
        if not names:
            lines.append(f"from . import {home} as {home}")
        lines += [f"from .{home} import {name} as {name}" for name in sorted(names.split())]
    if hasattr(module, "__version__"):
        lines += ["", "__version__: str"]
    listed = "".join(f'    "{name}",\n' for name in sorted(module.__all__))
    return "\n".join(lines) + f"\n\n__all__ = [\n{listed}]\n"


def path_of(package: str) -> Path:
    """Return where the stub is."""
    return Path(str(importlib.import_module(package).__file__)).with_suffix(".pyi")


if __name__ == "__main__":
    for package_name in PACKAGES:
        path_of(package_name).write_text(stub_of(package_name))
