"""Imported first: makes ``--without-fast`` true, here and in the processes of contestants."""

from __future__ import annotations

import sys

if "--without-fast" in sys.argv:
    sys.modules.update(dict.fromkeys(("msgspec", "orjson")))
