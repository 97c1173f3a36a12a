"""Amplify JS signs in to this package's emulator, with each kind of challenge."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql.testing import Emulator

from .node_client import client_running, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .node_program import Program

pytestmark = pytest.mark.peer("aws-amplify")

PASSWORD = "correct horse"
NEW_PASSWORD = "N3w-Password-9"
CODE, WRONG_CODE = "424242", "000000"
PHONE = {"email": "grace@example.com", "phone_number": "+15555550123"}


def by_code(name: str) -> str:
    return f"CONFIRM_SIGN_IN_WITH_{name}_CODE"


CHOICE = "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to sign in.

    Attributes:
        flow: Amplify's ``authFlowType``.
        user: arguments of ``add_user``.
        steps: the step that Amplify asks for, and the answer, in order.
        password: whether ``signIn`` is called with one.
        preferred: Amplify's ``preferredChallenge``.
    """

    flow: str = "USER_SRP_AUTH"
    user: dict[str, Any] = field(default_factory=dict)
    steps: Sequence[tuple[str, str]] = ()
    password: bool = True
    preferred: str | None = None

    def input(self) -> dict[str, Any]:
        """Return the argument of Amplify's ``signIn``."""
        options = {"authFlowType": self.flow}
        if self.preferred:
            options["preferredChallenge"] = self.preferred
        password = {"password": PASSWORD} if self.password else {}
        return {"username": "grace", "options": options, **password}


def second_factor(kind: str) -> dict[str, Any]:
    return {"mfa_code": CODE, "mfa": [kind], "attributes": PHONE}


def without_password(**more: Any) -> Case:
    user = {"sent_code": CODE, "attributes": PHONE}
    return Case(flow="USER_AUTH", user=user, password=False, **more)


CASES = {
    "SRP": Case(),
    "the password itself": Case(flow="USER_PASSWORD_AUTH"),
    "TOTP": Case(user=second_factor("SOFTWARE_TOKEN_MFA"), steps=[(by_code("TOTP"), CODE)]),
    "SMS": Case(user=second_factor("SMS_MFA"), steps=[(by_code("SMS"), CODE)]),
    "e-mail": Case(user=second_factor("EMAIL_OTP"), steps=[(by_code("EMAIL"), CODE)]),
    "a wrong code, then the right one": Case(
        user=second_factor("SMS_MFA"),
        steps=[(by_code("SMS"), WRONG_CODE), (by_code("SMS"), CODE)],
    ),
    "a second factor is chosen": Case(
        user={"mfa_code": CODE, "mfa": ["SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"]},
        steps=[("CONTINUE_SIGN_IN_WITH_MFA_SELECTION", "EMAIL"), (by_code("EMAIL"), CODE)],
    ),
    "TOTP is set up": Case(
        user={"set_up_mfa": True}, steps=[("CONTINUE_SIGN_IN_WITH_TOTP_SETUP", "totp")]
    ),
    "e-mail is set up": Case(
        user={"set_up_mfa": ["EMAIL_OTP"], "sent_code": CODE},
        steps=[
            ("CONTINUE_SIGN_IN_WITH_EMAIL_SETUP", "grace@example.com"),
            (by_code("EMAIL"), CODE),
        ],
    ),
    "a new password": Case(
        user={"temporary_password": True},
        steps=[("CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED", NEW_PASSWORD)],
    ),
    "USER_AUTH: an e-mail code is preferred": without_password(
        preferred="EMAIL_OTP", steps=[(by_code("EMAIL"), CODE)]
    ),
    "USER_AUTH: an SMS code is chosen": without_password(
        steps=[(CHOICE, "SMS_OTP"), (by_code("SMS"), CODE)]
    ),
    "USER_AUTH: the password is chosen": without_password(
        steps=[(CHOICE, "PASSWORD"), ("CONFIRM_SIGN_IN_WITH_PASSWORD", PASSWORD)]
    ),
    "USER_AUTH: SRP is chosen": without_password(
        steps=[(CHOICE, "PASSWORD_SRP"), ("CONFIRM_SIGN_IN_WITH_PASSWORD", PASSWORD)]
    ),
    "USER_AUTH: SRP is preferred, with a second factor": Case(
        flow="USER_AUTH",
        preferred="PASSWORD_SRP",
        user=second_factor("SOFTWARE_TOKEN_MFA"),
        steps=[(by_code("TOTP"), CODE)],
    ),
    "custom challenges": Case(
        flow="CUSTOM_WITHOUT_SRP",
        password=False,
        user={"custom_answers": ["blue", "42"]},
        steps=[
            ("CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE", "blue"),
            ("CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE", "42"),
        ],
    ),
    "a custom challenge after SRP": Case(
        flow="CUSTOM_WITH_SRP",
        user={"custom_answers": ["blue"]},
        steps=[("CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE", "blue")],
    ),
}


def lines_of(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.output.splitlines() if line.startswith("{")]


def steps_of(lines: list[dict[str, Any]]) -> list[str]:
    return [line["step"] for line in lines if "step" in line]


async def signed_in(
    emulator: Emulator, folder: Path, case: Case, answers: list[list[str]]
) -> list[dict[str, Any]]:
    """Sign in with Amplify; return the lines that its program printed."""
    emulator.add_user("grace", PASSWORD, **case.user)
    env = {
        "OUTPUTS": json.dumps(emulator.amplify_outputs()),
        "SIGN_IN": json.dumps(case.input()),
        "ANSWERS": json.dumps(answers),
    }
    async with client_running("sign_in", folder, [emulator.cognito_url], **env) as program:
        await until(lambda: '"done"' in program.output or '"error"' in program.output)
        lines = lines_of(program)
    assert not [line for line in lines if "error" in line], lines
    return lines


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_amplify_js_signs_in_and_its_tokens_are_accepted(tmp_path: Path, case: Case) -> None:
    async with Emulator() as emulator:
        lines = await signed_in(emulator, tmp_path, case, [[answer for _, answer in case.steps]])
        assert [line["step"] for line in lines if "step" in line] == [
            name for name, _ in case.steps
        ]
        assert {"me": "grace", "refreshed": "grace"} in lines
        assert emulator.counters["graphql.401"] == 0


async def test_amplify_js_is_asked_for_no_second_factor_on_a_remembered_device(
    tmp_path: Path,
) -> None:
    async with Emulator(device_remembering=True) as emulator:
        case = Case(user=second_factor("SMS_MFA"))
        lines = await signed_in(emulator, tmp_path, case, [[CODE], []])
        assert steps_of(lines) == [by_code("SMS")]
        assert lines.count({"me": "grace", "refreshed": "grace"}) == 2
        assert emulator.counters["cognito.ConfirmDevice"] == 1
