"""Everything that can be wrong at a sign-in: one line that says what to do, and its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from appsync_gql.testing import Emulator
from support.command_line import PASSWORD, environment_of, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "secret-of-the-app-client"


class Wrong(NamedTuple):
    """One circumstance.

    Attributes:
        code: the exit code.
        said: what the line contains.
        arguments: of ``sign-in``, besides ``--password-stdin``.
        env: variables that differ.
        text: standard input.
        before: what happens to the emulator first.
    """

    code: int
    said: str
    arguments: tuple[str, ...] = ("--username", "ada")
    env: dict[str, str] = {}  # noqa: RUF012 - a NamedTuple's default, never changed
    text: str = PASSWORD
    before: Callable[[Emulator], Any] = lambda _: None


WRONG = {
    "password": Wrong(3, "user name or password is wrong", text="wrong horse"),
    "user": Wrong(3, "user name or password is wrong", ("--username", "nobody")),
    "disabled user": Wrong(3, "disabled", before=lambda api: api.disable_user("ada")),
    "empty password": Wrong(2, "There is no password on standard input", text="\n"),
    "client id": Wrong(2, "client", env={"APPSYNC_CLIENT_ID": "another"}),
    "secret that is not needed": Wrong(2, "client_secret", env={"APPSYNC_CLIENT_SECRET": SECRET}),
    "offline": Wrong(
        6,
        "could not be reached",
        env={"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://127.0.0.1:9"},
    ),
    "no user pool": Wrong(2, "APPSYNC_CLIENT_ID is missing", env={"APPSYNC_CLIENT_ID": ""}),
}


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator.in_thread() as api:
        for name, value in environment_of(api, tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield api


def assert_one_line(outcome: Any, code: int, said: str) -> None:
    (line,) = outcome.stderr.splitlines()
    assert outcome.exit_code == code, line
    assert said in line
    for secret in (PASSWORD, "wrong horse", SECRET):
        assert secret not in outcome.output


@pytest.mark.parametrize("flow", [(), ("--flow", "USER_PASSWORD_AUTH")], ids=["SRP", "password"])
@pytest.mark.parametrize("name", WRONG)
def test_it_is_one_line_that_says_what_to_do(
    local: Emulator, monkeypatch: pytest.MonkeyPatch, name: str, flow: tuple[str, ...]
) -> None:
    wrong = WRONG[name]
    wrong.before(local)
    for variable, value in wrong.env.items():
        monkeypatch.setenv(variable, value)
    arguments = (*wrong.arguments, *flow, "--password-stdin")
    assert_one_line(run("sign-in", *arguments, text=wrong.text), wrong.code, wrong.said)


@pytest.mark.parametrize("secret", [None, "another secret"])
def test_a_secret_that_is_missing_or_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str | None
) -> None:
    with Emulator.in_thread(client_secret=SECRET) as api:
        for name, value in environment_of(api, tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        if secret is not None:
            monkeypatch.setenv("APPSYNC_CLIENT_SECRET", secret)
        arguments = ("sign-in", "--username", "ada", "--password-stdin")
        assert_one_line(run(*arguments, text=PASSWORD), 2, "client_secret")
        monkeypatch.setenv("APPSYNC_CLIENT_SECRET", SECRET)
        assert run(*arguments, text=PASSWORD).exit_code == 0


@pytest.mark.parametrize(
    ("pool", "flow", "code", "said"),
    [
        (
            "us-east-1_Another",
            "USER_SRP_AUTH",
            3,
            "does not belong to the user pool us-east-1_Another",
        ),
        ("us-east-1_Another", "USER_PASSWORD_AUTH", 2, "belong to another user pool"),
        ("nonsense", "USER_SRP_AUTH", 2, "needs the pool's id, such as"),
        ("nonsense", "USER_PASSWORD_AUTH", 2, "belong to another user pool"),
    ],
)
@pytest.mark.usefixtures("local")
def test_a_user_pool_that_is_not_the_app_clients(
    monkeypatch: pytest.MonkeyPatch, pool: str, flow: str, code: int, said: str
) -> None:
    monkeypatch.setenv("APPSYNC_USER_POOL_ID", pool)
    arguments = ("sign-in", "--username", "ada", "--password-stdin", "--flow", flow)
    assert_one_line(run(*arguments, text=PASSWORD), code, said)


@pytest.mark.usefixtures("local")
def test_a_flow_that_does_not_exist() -> None:
    arguments = ("sign-in", "--username", "ada", "--password-stdin", "--flow", "NONSENSE")
    assert_one_line(run(*arguments, text=PASSWORD), 2, "USER_SRP_AUTH")


def test_too_many_attempts(local: Emulator) -> None:
    local.faults.cognito_error(50, "TooManyRequestsException", "Rate exceeded", status=429)
    outcome = run("sign-in", "--username", "ada", "--password-stdin", text=PASSWORD)
    assert_one_line(outcome, 7, "TooManyRequestsException")
