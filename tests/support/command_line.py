"""The command line in this process, in another one, and on a terminal where a person types."""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from appsync_gql.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from typing_extensions import Self

    from appsync_gql.testing import Emulator

API_KEY = "da2-key"
PASSWORD = "correct horse"

PROGRAM = [sys.executable, "-m", "appsync_gql"]
_DEADLINE = 30.0
"""Seconds after which a test gives a program up."""

_ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def environment_of(api: Emulator, folder: Path) -> dict[str, str]:
    """Return the variables with which programs use an emulator, and folders of their own."""
    return {
        "APPSYNC_URL": api.graphql_url,
        "APPSYNC_API_KEY": API_KEY,
        "APPSYNC_USER_POOL_ID": api.user_pool_id,
        "APPSYNC_CLIENT_ID": api.client_id,
        "APPSYNC_REGION": api.region,
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": api.cognito_url,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
    }


def outputs_of(api: Emulator, *, mode: str = "AMAZON_COGNITO_USER_POOLS") -> dict[str, Any]:
    """Return the content of an amplify_outputs.json with another default mode."""
    outputs = api.amplify_outputs()
    outputs["data"]["default_authorization_type"] = mode
    return outputs


def run(*arguments: str, text: str | None = None) -> Any:
    """Run a command in this process and return typer's result; ``text`` is standard input."""
    return CliRunner().invoke(app, list(arguments), input=text, prog_name="appsync-gql")


def spawn(*arguments: str, env: Mapping[str, str], **options: Any) -> subprocess.Popen[str]:
    """Start the program in a process of its own, with pipes."""
    return subprocess.Popen(  # noqa: S603 - our own program
        [*PROGRAM, *arguments],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


class Terminal:
    """A program on a terminal of its own.

    Args:
        arguments: for the program.
        env: more variables of its environment.
        cwd: the folder in which it runs; ``None`` for this one.
        program: what is run; our own by default.

    Attributes:
        shown: everything that was on the screen so far.
        process: the program.
    """

    def __init__(
        self,
        arguments: list[str],
        env: Mapping[str, str],
        cwd: Path | None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self.shown = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._terminal, program_side = os.openpty()
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", _ON_TERMINAL, *program, *arguments],
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **env},
            stdin=program_side,
            stdout=program_side,
            stderr=program_side,
            start_new_session=True,
            cwd=cwd,
        )
        os.close(program_side)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._terminal)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        """Wait until the program has shown a text, so many times."""
        end = time.monotonic() + _DEADLINE
        while self.shown.count(text) < times:
            assert self._read(end), f"{text!r} was not shown: {self.shown}"

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._terminal, text.encode())

    def exit_code(self) -> int:
        """Wait for the program's end and return its exit code."""
        end = time.monotonic() + _DEADLINE
        while self._read(end):
            pass
        return self.process.wait(_DEADLINE)

    def _read(self, end: float) -> bool:
        """Read what the program shows; return whether there may be more."""
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return False
        # On Linux, a terminal whose program has ended is an error to read.
        with contextlib.suppress(OSError):
            if more := os.read(self._terminal, 65536):
                self.shown += self._decoder.decode(more)
                return True
        return False


@contextlib.contextmanager
def terminal(
    *arguments: str, env: Mapping[str, str], cwd: Path | None = None
) -> Iterator[Terminal]:
    """Run the program on a terminal."""
    with Terminal(list(arguments), env, cwd) as found:
        yield found
