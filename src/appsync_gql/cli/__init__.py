"""The command line ``appsync-gql``: a demo, and the emulator."""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]


def main() -> None:
    """Run ``appsync-gql``; print the pip command if a package of the extra is missing."""
    if find_spec("typer") is None or find_spec("rich") is None:
        sys.exit('appsync-gql needs typer and rich: pip install "appsync-gql[cli,testing]"')
    from .app import app  # noqa: PLC0415

    app(prog_name="appsync-gql")
