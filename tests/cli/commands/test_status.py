"""``status`` and ``token``: what is shown of a session, and when its token is printed."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from appsync_gql import connect
from appsync_gql.testing import Emulator
from support.command_line import API_KEY, run


def test_the_status_names_the_api_the_user_and_the_time_left(signed_in: Emulator) -> None:
    outcome = run("status")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    found = json.loads(outcome.stdout)
    assert found.pop("seconds_left") > 3000
    assert datetime.fromisoformat(found.pop("expires_at")).tzinfo is not None
    assert found == {
        "configuration": "the environment",
        "url": signed_in.graphql_url,
        "mode": "userpool",
        "user": "ada",
        "user_pool": signed_in.user_pool_id,
        "state": "fresh",
        "error": None,
    }


@pytest.mark.usefixtures("api")
def test_without_a_session_the_status_says_so_and_so_does_the_exit_code() -> None:
    outcome = run("status")
    assert (outcome.exit_code, outcome.stderr) == (3, "")
    found = json.loads(outcome.stdout)
    assert found["state"] == "not signed in"
    assert "appsync-gql sign-in" in found["error"]


def test_an_expired_token_is_renewed(signed_in: Emulator) -> None:
    before = signed_in.counters["refreshes"]
    signed_in.shift_clock(7200)
    try:
        # The present token looks fresh until AppSync's clock is known.
        assert run("query", "{ me { username } }").exit_code == 0
        assert signed_in.counters["refreshes"] == before + 1
    finally:
        signed_in.shift_clock(-7200)


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("mode", ["api_key", "iam"])
def test_modes_without_a_session_show_the_api_alone(mode: str) -> None:
    outcome = run("status", "--auth", mode, "--output", "table")
    assert outcome.exit_code == 0
    assert mode in outcome.stdout
    assert API_KEY not in outcome.stdout


@pytest.mark.usefixtures("signed_in")
def test_a_token_is_described_and_not_printed() -> None:
    outcome = run("token")
    found = json.loads(outcome.stdout)
    assert (found["user"], found["state"]) == ("ada", "fresh")
    assert "eyJ" not in outcome.stdout


@pytest.mark.usefixtures("signed_in")
def test_the_headers_are_printed_when_they_are_asked_for() -> None:
    store = connect().auth
    assert store is not None
    outcome = run("token", "--headers")
    (line,) = outcome.stdout.splitlines()
    assert line.startswith("Authorization: eyJ")
    key = run("token", "--headers", "--auth", "api_key")
    assert key.stdout == f"x-api-key: {API_KEY}\n"


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["token"], 3, "appsync-gql sign-in"),
        (["token", "--headers"], 3, "appsync-gql sign-in"),
        (["token", "--headers", "--auth", "iam"], 2, "IAM signs each request"),
    ],
)
def test_where_there_is_no_token_the_error_is_one_line(
    arguments: list[str], code: int, said: str
) -> None:
    outcome = run(*arguments)
    assert (outcome.exit_code, outcome.stdout) == (code, "")
    (line,) = outcome.stderr.splitlines()
    assert said in line
