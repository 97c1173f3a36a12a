"""What the tests of connections share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Where the server's certificate is made; ``None`` for a server without TLS."""
    return tmp_path if request.param else None
