"""Print how much of each module its own test module covers: lines and branches, lowest first.

`src/appsync_gql/store/limiter.py` is covered "alone" by `tests/store/test_limiter.py`, and what
other tests run of it does not count. Needs `pip install coverage`; run it from the project's root:

    python .ci/coverage_alone.py [MODULE...]      such as store/limiter http/json

CI does not run it: each module needs a pytest of its own, which takes some minutes for all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path("src/appsync_gql")
LEFT_OUT = {"testing", "cli"}
ENOUGH = 90.0
SETTINGS = r"""
[run]
branch = true
[report]
exclude_also =
    if TYPE_CHECKING:
    ^\s*\.\.\.$
    @overload
"""


def modules() -> list[str]:
    """Return the modules to measure, each as its path in the package without `.py`."""
    found = (path.relative_to(SOURCE).with_suffix("") for path in SOURCE.rglob("*.py"))
    return sorted(
        path.as_posix()
        for path in found
        if path.parts[0] not in LEFT_OUT and not path.name.startswith("__")
    )


def tests_of(module: str) -> Path:
    """Return where the module's own tests are, whether or not they exist."""
    path = Path(module)
    return Path("tests") / path.parent / f"test_{path.name}.py"


def covered(module: str) -> tuple[float, str, str]:
    """Return the module's coverage in percent, its name, and the lines that were not run."""
    tests, source = tests_of(module), SOURCE / f"{module}.py"
    if not tests.exists():
        return 0.0, module, f"has no {tests}"
    with tempfile.TemporaryDirectory() as folder:
        settings, report = Path(folder, "settings"), Path(folder, "report.json")
        settings.write_text(SETTINGS, encoding="utf-8")
        coverage = [sys.executable, "-m", "coverage"]
        options = [f"--rcfile={settings}", f"--data-file={folder}/data"]
        pytest = ["-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", str(tests)]
        environment = {**os.environ, "PYTHONPATH": str(Path("src").resolve())}
        run = [*coverage, "run", *options, f"--include={source}", *pytest]
        ran = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        write = [*coverage, "json", *options, "-q", "-o", str(report)]
        subprocess.run(write, capture_output=True, check=False)  # noqa: S603
        if ran.returncode or not report.exists():
            return 0.0, module, "its tests failed: " + ran.stdout.strip().rpartition("\n")[2]
        of_file = next(iter(json.loads(report.read_text(encoding="utf-8"))["files"].values()))
    branches = [f"{start}->{end}" for start, end in of_file["missing_branches"]]
    missing = " ".join(map(str, [*of_file["missing_lines"], *branches]))
    return of_file["summary"]["percent_covered"], module, missing


with ThreadPoolExecutor(os.cpu_count()) as pool:
    table = sorted(pool.map(covered, sys.argv[1:] or modules()))
for percent, module, missing in table:
    print(f"{percent:5.1f}  {module:32} {missing}")
low = sum(percent < ENOUGH for percent, _, _ in table)
print(f"{len(table)} modules, {low} of them below {ENOUGH:.0f} % by their own tests alone")
