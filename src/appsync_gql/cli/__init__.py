"""The command line: a demo, and the emulator by hand."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run ``appsync-gql``; say which extra is missing if one is."""
    try:
        from .app import app  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"rich", "typer"}:
            raise
        sys.exit('The command line needs typer and rich: pip install "appsync-gql[cli,testing]"')
    app()
