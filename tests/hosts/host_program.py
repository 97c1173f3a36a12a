"""Starts a host's program, finds out where it listens, and ends it."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .measurement import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TESTS = Path(__file__).parents[1]
_START_SECONDS = 20.0
_POLL_SECONDS = 0.02
_SHOWN = 3000
"""How many characters of a program's output a failure shows."""

_SUSPICIOUS = re.compile(
    r"nclosed|never retrieved|was destroyed|never awaited|Exception ignored|Traceback"
    r"|Too many open files|CRITICAL|different loop|already running"
)
_OF_OTHERS = re.compile(
    r"unclosed event loop"  # gql never closes the loop that it makes for a thread
    r"|unclosed <socket\.socket .* laddr=\S+ \d+\)>"  # the host's own, which listens
    r"|_warn\("  # the source line of a warning
)


def missing_of(*modules: str) -> list[str]:
    """Return the modules that are not installed."""
    return [module for module in modules if importlib.util.find_spec(module) is None]


def skip_without(absent: Sequence[str]) -> None:
    """Skip the test if something is not installed; fail if CI is set, where all must be."""
    names = ", ".join(absent)
    if names and os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"this is skipped only where CI is not set: no {names}", pytrace=False)
    if names:
        pytest.skip(f"not installed: {names}")


class HostProgram:
    """A running program.

    Args:
        command: the command line, without the Python.
        environment: further variables.
        log: the file that takes what it prints.

    Attributes:
        process: the program.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        paths = [str(_TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        variables = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONWARNINGS": "always::ResourceWarning",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        with log.open("wb") as file:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, *command],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace")

    @property
    def last_output(self) -> str:
        """The last lines of its output, for a failure's message."""
        return self.output[-_SHOWN:]

    @property
    def suspicious(self) -> list[str]:
        """The lines of its output that tell of something left behind."""
        lines = [line for line in self.output.splitlines() if _SUSPICIOUS.search(line)]
        return [line for line in lines if not _OF_OTHERS.search(line)]

    @property
    def processes(self) -> list[int]:
        """Its process and all that it started."""
        return descendants(self.process.pid)

    def printed(self, pattern: str, seconds: float = _START_SECONDS) -> str:
        """Wait until it has printed something; return the first group of the match."""
        until = time.monotonic() + seconds
        while (found := re.search(pattern, self.output)) is None:
            assert self.process.poll() is None, f"it ended early:\n{self.last_output}"
            assert time.monotonic() < until, f"it has not printed {pattern}:\n{self.last_output}"
            time.sleep(_POLL_SECONDS)
        return found[1]

    def terminate(self, seconds: float) -> int:
        """Ask it to end (SIGTERM), and return its exit status."""
        self.process.terminate()
        return self.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Wait for its end and return its exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            text = f"it had not ended after {seconds} s:\n{self.last_output}"
            pytest.fail(text, pytrace=False)

    def kill(self) -> None:
        """End it and all that it started, if they have not ended yet."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()


@contextmanager
def host_program(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[HostProgram]:
    """Run a host's program for as long as the block lasts.

    Args:
        command: the command line, without the Python.
        environment: further variables.
        folder: where its output is kept.
    """
    program = HostProgram(command, environment, folder / "host.log")
    try:
        yield program
    finally:
        program.kill()
