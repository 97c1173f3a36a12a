"""Prompts of a sign-in on a real terminal: what is asked, and that nothing secret is shown."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from appsync_gql.testing.emulator.totp import totp_code
from support.command_line import PASSWORD, PROGRAM, run, terminal

if TYPE_CHECKING:
    from appsync_gql.testing import Emulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")

CODE = "123456"


def test_a_wrong_code_is_asked_for_again_and_no_code_is_shown(
    api: Emulator, env: dict[str, str]
) -> None:
    api.add_user("bob", mfa_code=CODE, mfa=["SMS_MFA"])
    with terminal("sign-in", "--username", "bob", env=env) as screen:
        screen.wait_for("Password of bob: ")
        screen.type(f"{PASSWORD}\n")
        screen.wait_for("Code that was sent by text message to ")
        screen.type("999999\n")
        screen.wait_for("Code that was sent by text message to ", times=2)
        assert "The code is wrong" in screen.shown
        screen.type(f"{CODE}\n")
        assert screen.exit_code() == 0
        assert "Signed in as bob" in screen.shown
        assert not {PASSWORD, CODE, "999999"} & set(re.split(r"[\r\n:]\s*", screen.shown))


@pytest.mark.slow
def test_a_choice_is_made_by_its_number(api: Emulator, env: dict[str, str]) -> None:
    api.add_user("eve", sent_code="246810")
    with terminal("sign-in", "--username", "eve", "--flow", "USER_AUTH", env=env) as screen:
        screen.wait_for("How do you want to sign in? (number): ")
        (number,) = re.findall(r"(\d)\. a code by e-mail", screen.shown)
        screen.type("9\n")
        screen.wait_for("(number): ", times=2)
        screen.type(f"{number}\n")
        screen.wait_for("Code that was sent by e-mail")
        screen.type("246810\n")
        assert screen.exit_code() == 0, screen.shown


@pytest.mark.slow
def test_an_authenticator_application_is_set_up(api: Emulator, env: dict[str, str]) -> None:
    api.add_user("dan", set_up_mfa=True)
    with terminal("sign-in", "--username", "dan", env=env) as screen:
        screen.wait_for("Password of dan: ")
        screen.type(f"{PASSWORD}\n")
        screen.wait_for("First code that the authenticator application shows")
        assert "\N{FULL BLOCK}" in screen.shown
        (key,) = re.findall(r"Key for the authenticator application: (\w+)", screen.shown)
        screen.type(f"{totp_code(key, api.now())}\n")
        assert screen.exit_code() == 0, screen.shown


@pytest.mark.slow
def test_a_new_password_and_attributes_are_asked_for(api: Emulator, env: dict[str, str]) -> None:
    api.add_user("gwen", temporary_password=True, required_attributes=["nickname"])
    with terminal("sign-in", "--username", "gwen", env=env) as screen:
        screen.wait_for("Password of gwen: ")
        screen.type(f"{PASSWORD}\n")
        screen.wait_for("New password: ")
        screen.type("another horse\n")
        screen.wait_for("Your nickname: ")
        screen.type("gg\n")
        assert screen.exit_code() == 0, screen.shown
        assert "another horse" not in screen.shown


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["\n", "\x04"], ids=["nothing", "Ctrl-D"])
def test_who_gives_up_is_not_signed_in(api: Emulator, env: dict[str, str], typed: str) -> None:
    api.add_user("bob", mfa_code=CODE, mfa=["SMS_MFA"])
    with terminal("sign-in", "--username", "bob", env=env) as screen:
        screen.wait_for("Password of bob: ")
        screen.type(f"{PASSWORD}\n")
        screen.wait_for("Code that was sent")
        screen.type(typed)
        assert screen.exit_code() in {1, 3}, screen.shown
        assert "Traceback" not in screen.shown
        assert "Signed in" not in screen.shown


def test_ctrl_c_at_a_prompt_ends_the_program_without_a_traceback(env: dict[str, str]) -> None:
    with terminal("sign-in", "--username", "ada", env=env) as screen:
        screen.wait_for("Password of ada: ")
        screen.type("\x03")
        assert screen.exit_code() == 130
        assert "Traceback" not in screen.shown


def test_without_a_terminal_a_challenge_is_named(api: Emulator) -> None:
    api.add_user("bob", mfa_code=CODE, mfa=["SMS_MFA"])
    outcome = run("sign-in", "--username", "bob", "--password-stdin", text=PASSWORD)
    assert outcome.exit_code == 3
    (line,) = outcome.stderr.splitlines()
    assert "asks for SMS_MFA" in line
    assert "on a terminal, or with --browser" in line


@pytest.mark.slow
def test_a_password_on_standard_input_is_not_shown_where_that_is_a_terminal(
    env: dict[str, str],
) -> None:
    with terminal("sign-in", "--username", "ada", "--password-stdin", env=env) as screen:
        screen.wait_for("Password of ")
        screen.type(f"{PASSWORD}\n")
        assert screen.exit_code() == 0, screen.shown
        assert PASSWORD not in screen.shown


@pytest.mark.parametrize("options", ["", "--password-stdin", "--paste --domain http://127.0.0.1:9"])
def test_a_closed_standard_input_is_one_line(env: dict[str, str], options: str) -> None:
    user = "" if "--paste" in options else "--username ada"
    command = shlex.join(PROGRAM) + f" sign-in {user} {options} <&-"
    outcome = subprocess.run(  # noqa: S602 - a shell closes it
        command, shell=True, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 2
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("appsync-gql: ")
