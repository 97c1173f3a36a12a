"""A process that was frozen, as AWS Lambda does, sends no mutation on a dead connection."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from appsync_gql.testing import Emulator
from support.forgetful_proxy import ForgetfulProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION = """
import sys, time
frozen, real = [0.0], time.time
time.time = lambda: real() + frozen[0]  # before anything is imported that reads it
from gql import gql
from appsync_gql import ApiKeyAuth, AppSyncClient, BlockingAppSyncTransport

auth = ApiKeyAuth("da2-key")
client = AppSyncClient(transport=BlockingAppSyncTransport(sys.argv[1], auth=auth, timeout=5))
CREATE = gql('mutation { createItem(key: "tea", name: "n") { id name } }')
for line in sys.stdin:
    frozen[0] += float(line)
    try:
        print(client.execute(CREATE)["createItem"]["id"], flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
"""

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="it can't be frozen")


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator.in_thread(api_keys=["da2-key"]) as api:
        yield api


@pytest.fixture
def proxy(api: Emulator) -> Iterator[ForgetfulProxy]:
    port = urlsplit(api.graphql_url).port
    assert port is not None
    with ForgetfulProxy.in_thread(port) as proxy:
        yield proxy


@pytest.fixture
def function(proxy: ForgetfulProxy) -> Iterator[subprocess.Popen[str]]:
    """A program that sends one mutation for each line of its input, as a Lambda function does."""
    command = [sys.executable, "-c", FUNCTION, f"http://127.0.0.1:{proxy.port}/graphql"]
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=20)
    assert process.returncode == 0


def invoke(process: subprocess.Popen[str], frozen: float = 0.0) -> str:
    """Invoke the function, after a freeze of so many seconds that only the wall clock counted."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{frozen}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.mark.slow
def test_after_a_short_freeze_a_connection_that_the_server_closed_is_not_used(
    api: Emulator, proxy: ForgetfulProxy, function: subprocess.Popen[str]
) -> None:
    for round_ in range(3):
        assert invoke(function) == "tea"
        function.send_signal(signal.SIGSTOP)
        proxy.close_all()
        time.sleep(0.3)
        function.send_signal(signal.SIGCONT)
        assert api.executions == {"tea": round_ + 1}


def test_after_a_long_freeze_a_connection_that_was_silently_forgotten_is_not_used(
    api: Emulator, proxy: ForgetfulProxy, function: subprocess.Popen[str]
) -> None:
    assert invoke(function) == "tea"
    proxy.forget()
    assert invoke(function, frozen=60.0) == "tea"
    assert (proxy.opened, api.executions) == (2, {"tea": 2})
