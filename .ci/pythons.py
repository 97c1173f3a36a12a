"""Print the Pythons on this machine that the package supports, oldest first, one path a line."""

from __future__ import annotations

import shutil
import subprocess
import sys

SUPPORTED = range(10, 15)
CHECK = "import ensurepip, ssl, sys; print(sys.version_info.minor, sys.executable)"


def output_of(*command: str) -> str:
    """Return the output of a command; an empty string if it can't be run or fails."""
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return ""
    return finished.stdout.strip() if finished.returncode == 0 else ""


def candidates() -> list[str]:
    """Return the paths of the Pythons on PATH and of those of pyenv."""
    paths = [shutil.which(f"python3.{minor}") or "" for minor in SUPPORTED]
    prefixes = (
        output_of("pyenv", "prefix", v) for v in output_of("pyenv", "versions", "--bare").split()
    )
    return [sys.executable, *filter(None, paths), *(f"{p}/bin/python3" for p in prefixes)]


found: dict[int, str] = {}
for candidate in candidates():
    minor, _, path = output_of(candidate, "-c", CHECK).partition(" ")
    if minor and int(minor) in SUPPORTED:
        found.setdefault(int(minor), path)
print("\n".join(path for _, path in sorted(found.items())))
