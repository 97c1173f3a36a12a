"""Hides msgspec and orjson if the command line has ``--without-fast``.

Must be imported before every other module, here and in the processes that are measured.
"""

from __future__ import annotations

import sys

if "--without-fast" in sys.argv:
    sys.modules.update(dict.fromkeys(("msgspec", "orjson")))
