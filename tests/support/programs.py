"""Programs that tests run in an interpreter of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["run_program", "unclosed"]

_TESTS = str(Path(__file__).parent.parent)
_PRELUDE = f"""
import asyncio, gc, json, os, sys, threading, time
from pathlib import Path
sys.path[:0] = [{_TESTS!r}]
from support.certificate import make_certificate, server_context, trusting
from support.echo_server import EchoServer
from support.http import MUTATION, QUERY, FixedAuth, client, numbered
"""


def run_program(
    code: str, *arguments: str, seconds: float = 60, before: str = ""
) -> tuple[Any, str]:
    """Run a program and return the JSON of its last line, and its standard error.

    It runs with ``-X dev``, so that everything that is left open is written to standard error.

    Args:
        code: the program, after the imports that all have.
        arguments: for its ``sys.argv``.
        seconds: how long it may take.
        before: what runs before anything is imported.
    """
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-X", "dev", "-c", before + _PRELUDE + code, *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def unclosed(stderr: str) -> list[str]:
    """Return the complaints about what was left open, or was never awaited.

    Event loops are left out: gql never closes the one that it makes for a thread.
    """
    words = ("nclosed", "never awaited", "never retrieved", "Traceback", "Exception ignored")
    lines = [line for line in stderr.splitlines() if any(word in line for word in words)]
    return [line for line in lines if "event loop" not in line]
