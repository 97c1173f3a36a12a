"""What the first request costs: imports, and the longest time that the event loop is blocked."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

__all__ = ["blocked", "imports"]

_IMPORTS = """
import json, time
a = time.perf_counter(); import gql.transport.aiohttp
b = time.perf_counter(); import appsync_gql
c = time.perf_counter(); from appsync_gql import AppSyncTransport, CognitoProvider, TokenStore
d = time.perf_counter()
import sys
unwanted = [m for m in ("boto3", "jwt", "cryptography", "typer", "rich") if m in sys.modules]
print(json.dumps({"gql": b - a, "package": c - b, "names": d - c, "unwanted": unwanted}))
"""

_BLOCKED = """
import asyncio, json, time
from gql import Client, gql
from appsync_gql import AppSyncTransport, CognitoProvider, TokenStore
from appsync_gql.testing import Emulator

async def main(emulator, tokens):
    longest = [0.0]

    async def watch():
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest[0] = max(longest[0], now - last)
            last = now

    provider = CognitoProvider(
        emulator.client_id, region="us-east-1", endpoint_url=emulator.cognito_url
    )
    transport = AppSyncTransport(
        emulator.graphql_url, auth=TokenStore(provider, tokens=tokens)
    )
    watcher = asyncio.ensure_future(watch())
    async with Client(transport=transport) as session:
        await session.execute(gql("{ me { username } }"))
    watcher.cancel()
    print(json.dumps({"blocked": longest[0], "refreshes": emulator.counters["refreshes"]}))

with Emulator.in_thread() as emulator:
    asyncio.run(main(emulator, emulator.issue_tokens(issued_ago=4000)))
"""


def imports(times: int) -> dict[str, Any]:
    """Import in new interpreters; return median milliseconds."""
    found = [_python(_IMPORTS) for _ in range(times)]
    return {
        **{k: statistics.median(f[k] for f in found) * 1e3 for k in ("gql", "package", "names")},
        "unwanted": found[0]["unwanted"],
    }


def blocked(times: int) -> dict[str, Any]:
    """Send the first request with an expired token, in new interpreters.

    Returns the median of the longest times for which the event loop was blocked, in
    milliseconds. It includes boto3's import and the emulator, a thread of the same process.
    """
    found = [_python(_BLOCKED) for _ in range(times)]
    return {
        "ms": statistics.median(f["blocked"] for f in found) * 1e3,
        "worst_ms": max(f["blocked"] for f in found) * 1e3,
        "refreshes": found[0]["refreshes"],
    }


def _python(code: str) -> Any:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)
