"""Installs Node programs from their lock file, starts them, and ends them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"

_INSTALL_SECONDS = 300
_START_SECONDS = 120
_STOP_SECONDS = 5
_POLL_SECONDS = 0.02
_FLAGS = ("--unhandled-rejections=warn", "--require", str(HERE / "end_with_stdin.cjs"))
_INSTALL_INPUTS = ("package.json", "package-lock.json", ".npmrc", "unused/package.json")


def missing(reason: str) -> NoReturn:
    """Skip the test; fail if CI is set, because there no peer may be missing."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"this is skipped only where CI is not set: {reason}", pytrace=False)
    pytest.skip(reason)


def program(name: str) -> str:
    """Return the path of a program; skip the test if it is missing."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed, which this Node program needs")
    return found


def install(folder: Path = HERE) -> None:
    """Install the packages of the lock file, unless they are installed already."""
    program("node")
    npm = program("npm")
    stamp, wanted = folder / "node_modules" / ".installed", _fingerprint(folder)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--prefer-offline"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        missing(f"npm ci took more than {_INSTALL_SECONDS} s")
    if done.returncode:
        missing(f"npm ci failed ({done.returncode}):\n{done.stdout}")
    stamp.write_text(wanted)


class Program:
    """A Node program; its output is written to a file.

    Args:
        script: what Node runs, and its arguments.
        ready: a regular expression that the output matches when the program is ready.
        folder: the working directory, which also contains the output.
        env: added to this process's environment; ``None`` for nothing.
    """

    def __init__(
        self,
        script: Sequence[str | Path],
        *,
        ready: str,
        folder: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._log = folder / "output.log"
        self._ready = re.compile(ready)
        self._command = [program("node"), *_FLAGS, *map(str, script)]
        self._folder = folder
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.match = self._wait(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def close_stdin(self) -> None:
        """Close its standard input, as the system does when this process ends."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self) -> None:
        """Terminate it; kill it if it has not ended after 5 seconds."""
        process = self._process
        if process is None:
            return
        self.close_stdin()
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_SECONDS)

    def _wait(self, process: subprocess.Popen[bytes]) -> re.Match[str]:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            ended = process.poll()
            if found := self._ready.search(self.output):
                return found
            if ended is not None:
                self._fail(f"ended with {ended} before it was ready")
            if time.monotonic() > deadline:
                self._fail(f"was not ready after {_START_SECONDS} s")
            time.sleep(_POLL_SECONDS)

    def _fail(self, why: str) -> NoReturn:
        pytest.fail(f"{' '.join(self._command)} {why}. Its output:\n{self.output}", pytrace=False)


def _fingerprint(folder: Path) -> str:
    files = [folder / name for name in _INSTALL_INPUTS]
    return hashlib.sha256(b"\0".join(f.read_bytes() for f in files if f.exists())).hexdigest()
