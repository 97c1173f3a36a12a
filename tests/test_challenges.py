from __future__ import annotations

import copy
import importlib.util
import pickle

import pytest

from appsync_gql import ChallengeRequired, ConfigurationError, MissingExtra
from appsync_gql.challenges import Answer, hidden_answer
from appsync_gql.secret import Secret
from support.tracebacks import assert_hidden


def challenge(name: str = "SMS_MFA", **more: object) -> ChallengeRequired:
    arguments = {"username": "ada", "session": "s3ssion-string", **more}
    return ChallengeRequired("text", challenge_name=name, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("CUSTOM_CHALLENGE", "answer"),
        ("EMAIL_OTP", "code"),
        ("MFA_SETUP", "code"),
        ("NEW_PASSWORD_REQUIRED", "new_password"),
        ("PASSWORD", "password"),
        ("SELECT_CHALLENGE", "choice"),
        ("SELECT_MFA_TYPE", "mfa"),
        ("SMS_MFA", "code"),
        ("SMS_OTP", "code"),
        ("SOFTWARE_TOKEN_MFA", "code"),
        ("WEB_AUTHN", None),
    ],
)
def test_a_challenge_names_the_argument_of_its_answer(name: str, argument: str | None) -> None:
    assert challenge(name).argument == argument


@pytest.mark.parametrize(
    ("name", "parameters", "attribute", "expected"),
    [
        (
            "NEW_PASSWORD_REQUIRED",
            {"requiredAttributes": '["userAttributes.name", "email"]'},
            "required_attributes",
            ("name", "email"),
        ),
        ("NEW_PASSWORD_REQUIRED", {"requiredAttributes": "no JSON"}, "required_attributes", ()),
        ("NEW_PASSWORD_REQUIRED", {"requiredAttributes": "{}"}, "required_attributes", ()),
        ("NEW_PASSWORD_REQUIRED", {}, "required_attributes", ()),
        ("SELECT_MFA_TYPE", {"MFAS_CAN_CHOOSE": '["SMS_MFA"]'}, "choices", ("SMS_MFA",)),
        ("MFA_SETUP", {"MFAS_CAN_SETUP": '["EMAIL_OTP"]'}, "choices", ("EMAIL_OTP",)),
        ("MFA_SETUP", {"MFAS_CAN_SETUP": '["SMS_MFA","EMAIL_OTP"]'}, "argument", "email"),
        ("MFA_SETUP", {"MFAS_CAN_SETUP": '["EMAIL_OTP","SOFTWARE_TOKEN_MFA"]'}, "argument", "code"),
        ("SMS_MFA", {"MFAS_CAN_SETUP": '["EMAIL_OTP"]'}, "choices", ()),
        ("SMS_MFA", {"CODE_DELIVERY_DESTINATION": "+*1"}, "destination", "+*1"),
        ("SMS_MFA", {}, "destination", None),
    ],
)
def test_a_challenge_reads_its_parameters(
    name: str, parameters: dict[str, str], attribute: str, expected: object
) -> None:
    assert getattr(challenge(name, parameters=parameters), attribute) == expected


def test_a_challenge_does_not_show_its_secrets() -> None:
    error = challenge("MFA_SETUP", secret_code="BASE32CODE")
    assert (error.session, error.secret_code) == ("s3ssion-string", "BASE32CODE")
    assert_hidden(error, "s3ssion-string", "BASE32CODE")
    assert repr(error.otpauth_url()) == "<redacted>"


def test_a_copy_has_all_and_a_pickled_one_all_but_the_secrets() -> None:
    error = challenge("MFA_SETUP", secret_code="BASE32CODE", parameters={"a": "b"})
    error.problem = "The code is wrong."
    for same in (copy.copy(error), error):
        assert vars(same) == vars(error)
    pickled = pickle.dumps(error)
    assert b"s3ssion-string" not in pickled
    assert b"BASE32CODE" not in pickled
    other = pickle.loads(pickled)  # noqa: S301
    assert (other.session, other.secret_code) == ("", "")
    assert repr(other.session) == "<redacted>"
    without = {"session", "secret_code"}
    assert {k: v for k, v in vars(other).items() if k not in without} == {
        k: v for k, v in vars(error).items() if k not in without
    }


def test_an_authenticator_application_is_set_up_by_a_url() -> None:
    error = challenge("MFA_SETUP", secret_code="BASE32CODE", username="ada@example.com")
    assert error.otpauth_url("My App") == (
        "otpauth://totp/My%20App:ada%40example.com?secret=BASE32CODE&issuer=My%20App"
    )
    with pytest.raises(ConfigurationError, match="secret_code"):
        challenge("SMS_MFA").otpauth_url()


def test_the_qr_code_needs_segno() -> None:
    error = challenge("MFA_SETUP", secret_code="BASE32CODE")
    if importlib.util.find_spec("segno") is None:
        with pytest.raises(MissingExtra, match=r"appsync-gql\[qr\]"):
            error.qr_code()
    else:
        text = error.qr_code()
        assert len(text.splitlines()) > 10
        assert repr(text) == "<redacted>"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("123456", Answer(code=Secret("123456"))),
        (123456, Answer(code=Secret("123456"))),
        ({"code": 123456}, Answer(code=Secret("123456"))),
        ({"mfa": "SMS_MFA", "code": None}, Answer(mfa="SMS_MFA")),
        ({"attributes": {"name": "A"}}, Answer(attributes={"name": Secret("A")})),
        (Answer(choice="EMAIL_OTP"), Answer(choice="EMAIL_OTP")),
        ({}, Answer()),
    ],
)
def test_a_function_may_answer_with_a_code_or_with_arguments(
    given: object, expected: Answer
) -> None:
    assert Answer.of(hidden_answer(given)) == expected


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        (True, "on_challenge"),
        (b"wr0ng-code", "on_challenge"),
        (["wr0ng-code"], "on_challenge"),
        ({"pin": "wr0ng-code"}, "on_challenge"),
        ({"code": b"wr0ng-code"}, "code"),
        ({"attributes": "wr0ng-code"}, "attributes"),
    ],
)
def test_what_is_no_answer_is_an_error_that_does_not_show_it(given: object, setting: str) -> None:
    hidden = hidden_answer(given)
    with pytest.raises(ConfigurationError) as caught:
        Answer.of(hidden)
    assert caught.value.setting == setting
    assert_hidden(caught.value, "wr0ng-code")


def test_an_answer_shows_no_secret() -> None:
    answer = Answer.of(hidden_answer({"code": "wr0ng-code", "choice": "EMAIL_OTP"}))
    assert repr(answer) == "Answer(mfa=None, choice=<redacted>)"
