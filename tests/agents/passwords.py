"""Passwords of the program, apart from it: its own variables are not the package's."""

from __future__ import annotations

RIGHT = "Correct-Horse-Battery-9"
WRONG = "Wrong-Horse-Battery-8"
