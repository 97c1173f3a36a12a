"""gql's own tests of its ``AIOHTTPTransport``, run with our class in its place."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

SWAP = """
import gql.transport.aiohttp as module
from appsync_gql import AppSyncTransport
module.AIOHTTPTransport = AppSyncTransport
"""
FILES = ["test_aiohttp.py", "test_aiohttp_batch.py", "test_http_async_sync.py"]
FILES += ["test_appsync_http.py", "test_aiohttp_multipart.py"]
SECONDS = 300


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def gql_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of the gql that is installed, which has its tests."""
    folder = tmp_path_factory.mktemp("gql")
    wanted = f"gql=={version('gql')}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "gql"]
    fetched = run(*pip, wanted, cwd=folder)
    archives = list(folder.glob("*.tar.gz"))
    if not archives:
        reason = f"{wanted} could not be downloaded: {fetched.stderr[-500:]}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    (folder / "swap.py").write_text(SWAP)
    return next(folder.glob("gql-*/"))


@pytest.mark.peer("gql")
def test_gqls_own_tests_pass_with_our_transport_in_place_of_its_own(gql_source: Path) -> None:
    files = [f"tests/{name}" for name in FILES if (gql_source / "tests" / name).exists()]
    # Not those of gql's command line: they start another process, without the swap.
    options = ["-q", "-p", "swap", "-p", "no:appsync_gql", "-m", "aiohttp", "-k", "not using_cli"]
    outcome = run(
        sys.executable,
        "-m",
        "pytest",
        *options,
        "-p",
        "no:cacheprovider",
        *files,
        cwd=gql_source,
        PYTHONPATH=str(gql_source.parent),
    )
    passed = re.search(r"(\d+) passed", outcome.stdout)
    assert outcome.returncode == 0, outcome.stdout[-3000:]
    assert passed is not None
    assert int(passed.group(1)) > 40
