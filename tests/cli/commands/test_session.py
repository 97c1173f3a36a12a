"""``sign-in`` and ``sign-out``: the session is kept, the password is shown nowhere."""

from __future__ import annotations

import subprocess

import pytest

from appsync_gql import connect, gql
from appsync_gql.testing import Emulator
from support.command_line import PASSWORD, run, spawn

ME = "{ me { username } }"


def test_a_session_signed_in_once_serves_commands_and_scripts(api: Emulator) -> None:
    outcome = run("sign-in", "--username", "ada", "--password-stdin", text=f"{PASSWORD}\n")
    assert outcome.exit_code == 0
    assert outcome.stdout == f"Signed in as ada (user pool {api.user_pool_id}).\n"
    assert outcome.stderr == ""
    assert run("query", ME).exit_code == 0
    assert connect().execute(gql(ME)) == {"me": {"username": "ada"}}


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "USER_SRP_AUTH"])
def test_the_flow_can_be_chosen(api: Emulator, flow: str) -> None:
    before = len(api.requests)
    outcome = run("sign-in", "--username", "ada", "--flow", flow, "--password-stdin", text=PASSWORD)
    assert outcome.exit_code == 0, outcome.stderr
    calls = len([r for r in api.requests[before:] if r.endpoint == "cognito"])
    assert calls == (1 if flow == "USER_PASSWORD_AUTH" else 2)


@pytest.mark.usefixtures("api")
def test_the_user_pool_is_used_whatever_the_apis_default_mode() -> None:
    arguments = ("--username", "ada", "--password-stdin", "--auth", "api_key")
    assert run("sign-in", *arguments, text=PASSWORD).exit_code == 0


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize(
    ("arguments", "text", "code", "said"),
    [
        (["--username", "ada", "--password-stdin"], "wrong\n", 3, "password is wrong"),
        (["--username", "ada", "--password-stdin"], "", 2, "password"),
        (["--password-stdin"], "x", 2, "--username NAME"),
        ([], "", 2, "--username NAME"),
        (["--username", "ada"], PASSWORD, 2, "--password-stdin"),
        (["--username", "ada", "--flow", "x", "--password-stdin"], "x", 2, "USER_SRP_AUTH"),
    ],
)
def test_what_is_wrong_is_one_line_without_the_password(
    arguments: list[str], text: str, code: int, said: str
) -> None:
    outcome = run("sign-in", *arguments, text=text)
    assert outcome.exit_code == code, outcome.stderr
    (line,) = outcome.stderr.splitlines()
    assert said in line
    assert PASSWORD not in line


def test_a_challenge_is_an_error_that_says_which(api: Emulator) -> None:
    api.add_user("carol", temporary_password=True)
    outcome = run("sign-in", "--username", "carol", "--password-stdin", text=PASSWORD)
    assert outcome.exit_code == 3
    assert "NEW_PASSWORD_REQUIRED" in outcome.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("api")
def test_offline_has_a_code_of_its_own(env: dict[str, str]) -> None:
    # In a process of its own, since boto3's clients keep the endpoint that they began with.
    there = {**env, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://127.0.0.1:9"}
    arguments = ("sign-in", "--username", "ada", "--password-stdin")
    process = spawn(*arguments, env=there, stdin=subprocess.PIPE)
    _, err = process.communicate(PASSWORD, timeout=60)
    assert process.returncode == 6, err
    (line,) = err.splitlines()
    assert line.startswith("appsync-gql: ")


@pytest.mark.usefixtures("signed_in")
def test_after_signing_out_nobody_is_signed_in() -> None:
    outcome = run("sign-out")
    assert (outcome.exit_code, outcome.stdout) == (0, "Signed out.\n")
    assert run("query", ME).exit_code == 3
    assert run("sign-out").exit_code == 0


def test_sessions_of_two_users_are_told_apart_by_name(signed_in: Emulator) -> None:
    signed_in.add_user("bob")
    assert run("sign-in", "--username", "bob", "--password-stdin", text=PASSWORD).exit_code == 0
    outcome = run("query", ME)
    assert outcome.exit_code == 2
    assert "--user NAME" in outcome.stderr
    for user in ("ada", "bob"):
        assert f'"{user}"' in run("query", ME, "--user", user).stdout
    assert run("sign-out", "--user", "bob").exit_code == 0
    assert '"ada"' in run("query", ME).stdout
