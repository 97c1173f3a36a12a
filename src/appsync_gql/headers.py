"""The type of HTTP headers that authorize a request."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Headers"]

Headers = Mapping[str, str]
"""HTTP headers that authorize one request. Their ``repr`` shows no token."""
