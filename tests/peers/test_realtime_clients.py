"""Other clients use this package's emulator; this package subscribes to another simulator."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from gql import Client, gql

from appsync_gql import AppSyncTransport, TokenStore
from appsync_gql.testing import Emulator

from .node_client import client_running, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .cognito_local import CognitoLocal
    from .node_program import Program
    from .simulator import Simulator


async def receives_an_event(emulator: Emulator, program: Program) -> None:
    """Wait until the client has subscribed; publish an event and wait until it is received."""
    await until(lambda: emulator.realtime.registrations == 1 or '"error"' in program.output)
    emulator.realtime.publish("onCreateItem", {"id": "1", "name": "tea"})
    await until(lambda: '"name":"tea"' in program.output or '"error"' in program.output)
    assert '"error"' not in program.output


@pytest.mark.peer("aws-appsync-subscription-link")
async def test_the_subscription_link_receives_the_emulators_events(
    emulator: Emulator, tmp_path: Path
) -> None:
    token = str(emulator.issue_tokens().access_token)
    arguments = [emulator.graphql_url, emulator.region]
    async with client_running("link", tmp_path, arguments, TOKEN=token) as program:
        await receives_an_event(emulator, program)


def credentials_json(emulator: Emulator) -> str:
    issued = emulator.issue_iam_credentials()
    return json.dumps(
        {
            "accessKeyId": issued.access_key_id,
            "secretAccessKey": issued.secret_access_key,
            "sessionToken": issued.session_token,
        }
    )


SIGNED_IN = {"USERNAME": "ada", "PASSWORD": "correct horse"}


@pytest.mark.peer("aws-amplify")
@pytest.mark.parametrize(
    ("mode", "given", "username"),
    [
        ("apiKey", lambda _: {}, "(API key)"),
        ("userPool", lambda _: SIGNED_IN, "ada"),
        ("iam", lambda _: {}, "AROAEMULATORGUEST:"),
        ("iam", lambda _: SIGNED_IN, "AROAEMULATORUSER:"),
        ("oidc", lambda e: {"TOKEN": e.issue_oidc_token("grace")}, "grace"),
        ("lambda", lambda _: {"TOKEN": "custom-token"}, "(Lambda authorizer)"),
    ],
    ids=["API key", "user pool", "IAM: a guest", "IAM: a user of the pool", "OIDC", "Lambda"],
)
async def test_amplify_js_queries_mutates_and_subscribes_in_each_mode(
    tmp_path: Path, mode: str, given: Callable[[Emulator], dict[str, str]], username: str
) -> None:
    """It is configured by the emulator's amplify_outputs.json; it signs in by itself."""
    async with Emulator(
        api_keys=["da2-key"],
        iam_credentials={},
        guests=True,
        oidc_issuer="https://login.example.com",
        lambda_authorizer=lambda event: {
            "isAuthorized": event["authorizationToken"] == "custom-token"
        },
    ) as emulator:
        env = {"MODE": mode, "OUTPUTS": json.dumps(emulator.amplify_outputs()), **given(emulator)}
        arguments = [emulator.cognito_url]
        async with client_running("amplify", tmp_path, arguments, **env) as program:
            await receives_an_event(emulator, program)
            await until(lambda: '"mutation"' in program.output or '"error"' in program.output)
        assert '"error"' not in program.output
        assert f'{{"query":{{"me":{{"username":"{username}' in program.output
        assert '{"mutation":{"createItem":{"id":"by-amplify","name":"milk"' in program.output
        assert emulator.executions["by-amplify"] == 1


@pytest.mark.peer("smithy")
@pytest.mark.parametrize("user", ["static", "temporary"])
async def test_requests_signed_by_awss_own_javascript_sdk_are_accepted(
    tmp_path: Path, user: str
) -> None:
    async with Emulator(iam_credentials={"AKIAEXAMPLE": "secret"}) as emulator:
        static = json.dumps({"accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "secret"})
        env = {
            "TOKEN": static if user == "static" else credentials_json(emulator),
            "QUERY": "{ me { username } }",
            "HEADERS": json.dumps({"x-amz-user-agent": "tests"}),
        }
        arguments = [emulator.graphql_url, emulator.region]
        async with client_running("sign", tmp_path, arguments, **env) as program:
            await until(lambda: '"status"' in program.output or '"error"' in program.output)
        name = "AKIA" if user == "static" else "ASIA"
        assert '"status":200' in program.output
        assert f'"username":"{name}' in program.output


@pytest.mark.peer("amplify-appsync-simulator")
@pytest.mark.peer("cognito-local")
async def test_this_package_subscribes_to_the_simulator_with_the_header_in_the_query(
    appsync_simulator: Simulator, cognito_local: CognitoLocal
) -> None:
    tokens = await asyncio.to_thread(cognito_local.sign_in)
    store = TokenStore(cognito_local.provider(), tokens=tokens)
    transport = AppSyncTransport(appsync_simulator.url, auth=store, realtime_auth="query")
    async with store, Client(transport=transport) as session:
        events = session.subscribe(gql("subscription { added }"))
        first = asyncio.ensure_future(anext(events))
        add = gql(f'mutation {{ add(key: "{uuid4()}") }}')
        while not first.done():
            # The simulator does not say when a subscription is active.
            await session.execute(add)
            await asyncio.wait({first}, timeout=0.2)
        assert (await first)["added"] >= 1
        await events.aclose()
