from __future__ import annotations

import base64

import pytest

from appsync_gql.testing.emulator.totp import new_totp_secret, totp_code

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238_with_six_digits(at: float, code: str) -> None:
    assert totp_code(SECRET, at) == code[-6:]


def test_a_code_is_valid_for_thirty_seconds() -> None:
    assert len({totp_code(SECRET, 60.0 + second) for second in range(30)}) == 1
    assert totp_code(SECRET, 59.9) != totp_code(SECRET, 60.0)


def test_secrets_differ() -> None:
    assert len({new_totp_secret() for _ in range(20)}) == 20
