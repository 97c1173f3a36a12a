"""Runs a host that makes its load itself, and reads what it has measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .host_program import host_program
from .measurement import Measurement
from .own_measurement import MARK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .api import Api

_SECONDS = 28.0
_STOP_SECONDS = 8.0


@dataclass(frozen=True, kw_only=True)
class LoadProgram:
    """A program that makes its load itself, prints its measurement, and ends.

    Attributes:
        command: its command line, without the Python.
    """

    command: Sequence[str]

    def measure(self, api: Api, folder: Path) -> Measurement:
        """Run the program.

        Args:
            api: what it asks.
            folder: for its output.
        """
        with host_program(self.command, api.settings.environment(), folder) as program:
            measured = Measurement.from_json(program.printed(rf"(?m)^{MARK}(.*)$", _SECONDS))
            status = program.wait(_STOP_SECONDS)
            measured.log += program.suspicious
        if status:
            measured.log.append(f"it ended with status {status}")
        measured.renewals = api.emulator.counters["refreshes"]
        measured.repeated = api.repeated
        return measured
