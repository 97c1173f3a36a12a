"""The command line ``appsync-gql``."""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec

__all__ = ["main"]


def main() -> None:
    """Run ``appsync-gql``; print the pip command if a package of the extra is missing."""
    if find_spec("typer") is None or find_spec("rich") is None:
        sys.exit('appsync-gql needs typer and rich: pip install "appsync-gql[cli,testing]"')
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Rather a strange character than a traceback where a terminal can't show one.
            stream.reconfigure(errors="backslashreplace")
    from .app import app  # noqa: PLC0415

    app(prog_name="appsync-gql")
