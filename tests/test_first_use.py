"""What happens before, at and around the first request: imports, the loop, time zones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

import pytest

from appsync_gql.testing import Emulator

FIRST_USE = """
import asyncio, json, sys, time
from gql import Client, gql
from appsync_gql import AppSyncTransport, CognitoProvider, TokenStore
from appsync_gql.testing import Emulator

DOCUMENT = gql("{ me { username } }")

async def main(emulator, tokens):
    loop, stalls = asyncio.get_running_loop(), []

    async def watch():
        # How late the loop gets round to a task that is due.
        while True:
            due = loop.time() + 0.005
            await asyncio.sleep(0.005)
            stalls.append(loop.time() - due)

    watcher = asyncio.ensure_future(watch())
    await asyncio.sleep(0.05)
    before = set(sys.modules)
    store = TokenStore(
        CognitoProvider(emulator.client_id, region="us-east-1", endpoint_url=emulator.cognito_url),
        tokens=tokens,
    )
    callbacks = []
    loop.set_debug(False)
    async with Client(transport=AppSyncTransport(emulator.graphql_url, auth=store)) as session:
        await session.execute(DOCUMENT)
    watcher.cancel()
    print(json.dumps({
        "stall": max(stalls),
        "boto3": "boto3" in before,
        "boto3_after": "boto3" in sys.modules,
        "refreshes": emulator.counters["refreshes"],
    }))

with Emulator.in_thread() as emulator:
    asyncio.run(main(emulator, emulator.issue_tokens(issued_ago=4000)))
"""


def python(code: str, **environment: str) -> Any:
    """Run code in a fresh interpreter and return the JSON that it prints."""
    outcome = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def test_importing_the_package_imports_nothing_that_a_plain_query_does_not_need() -> None:
    code = (
        "import json, sys\n"
        "from appsync_gql import AppSyncTransport, CognitoProvider, TokenStore, gql\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = set(python(code))
    # gql itself imports botocore where that is installed
    unwanted = {"boto3", "jwt", "cryptography", "typer", "rich", "pycognito", "pytest"}
    assert not loaded & unwanted
    for later in ("testing", "realtime.pool", "persistence.dynamodb", "persistence.file"):
        assert find_spec(f"appsync_gql.{later}") is not None, "else this test checks nothing"
        assert not any(name.startswith(f"appsync_gql.{later}") for name in loaded)


FIRST_SIGNED = """
import json, os, sys
# gql imports parts of botocore itself, where that is installed.
import gql.transport.appsync_auth
before = set(sys.modules)
from gql import Client
from appsync_gql import BlockingAppSyncTransport, IamAuth, gql
client = Client(transport=BlockingAppSyncTransport(os.environ["API_URL"], auth=IamAuth()))
result = client.execute(gql("{ item(id: 1) { id } }"))
print(json.dumps({"result": result, "modules": sorted(set(sys.modules) - before)}))
"""


def test_a_function_of_aws_lambda_imports_nothing_that_its_first_signed_query_does_not_need() -> (
    None
):
    """Its cold start is short only as long as the large parts of botocore stay out."""
    with Emulator.in_thread(iam_credentials={}, region="eu-west-1") as emulator:
        role = emulator.issue_iam_credentials(lifetime=3600)
        found = python(
            FIRST_SIGNED,
            API_URL=emulator.graphql_url,
            AWS_ACCESS_KEY_ID=role.access_key_id,
            AWS_SECRET_ACCESS_KEY=str(role.secret_access_key),
            AWS_SESSION_TOKEN=str(role.session_token),
            AWS_REGION="eu-west-1",
            AWS_DEFAULT_REGION="eu-west-1",
        )
    assert found["result"] == {"item": {"id": "1"}}
    loaded = set(found["modules"])
    assert "botocore.auth" in loaded, "else this test checks nothing"
    roots = {"boto3", "jwt", "cryptography", "requests", "typer", "rich", "platformdirs"}
    assert not {name.split(".")[0] for name in loaded} & roots
    parts = {"session", "client", "loaders", "waiter", "docs", "paginate", "handlers", "regions"}
    assert not loaded & {f"botocore.{part}" for part in parts}
    own = {
        *("providers", "persistence", "testing", "cli", "config", "client", "boto3_client"),
        *("store.token_store", "store.renewal", "realtime.pool", "realtime.connection"),
        *("auth.identity_pool", "auth.source", "data"),
    }
    for part in own:
        assert find_spec(f"appsync_gql.{part}") is not None, "else this test checks nothing"
    assert not loaded & {f"appsync_gql.{part}" for part in own}


@pytest.mark.slow
def test_boto3_is_imported_at_the_first_renewal_and_not_on_the_event_loop() -> None:
    """Pitfall: botocore reads dozens of files; on the loop everything else stands still.

    How long the loop stood still is printed by the benchmark, not judged here: an
    import on another thread also competes for the interpreter. What is judged is
    that the loop went on turning while boto3 came in.
    """
    seen = python(FIRST_USE)
    assert (seen["boto3"], seen["boto3_after"], seen["refreshes"]) == (False, True, 1)


ZONES = """
import json, os, time
time.tzset()
from appsync_gql import TokenStore, CognitoProvider, Tokens, TokenState
from appsync_gql.testing import FakeClock
import jwt
# 2026-11-01 05:30 UTC and an hour later are both 01:30 in New York.
fold = 1793511000.0
token = jwt.encode({"iat": fold, "exp": fold + 3600}, "k" * 32)
clock = FakeClock(wall=fold)
store = TokenStore(CognitoProvider("c"), tokens=Tokens(access_token=token), clock=clock)
states = []
for _ in range(8):
    states.append(store.status().state.value)
    clock.advance(600)
store.answered("Sun, 01 Nov 2026 05:30:00 GMT", 0.1)
print(json.dumps(states))
"""


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati", "UTC", "Asia/Kolkata"])
def test_expiry_does_not_depend_on_the_time_zone_or_the_end_of_summer_time(zone: str) -> None:
    """Pitfall: naive local times; in the fold an hour happens twice."""
    assert python(ZONES, TZ=zone) == ["fresh"] * 6 + ["expired"] * 2
