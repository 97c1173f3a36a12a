"""Every challenge of a sign-in: raised, handled, answered wrongly, expired; and devices."""

from __future__ import annotations

import asyncio
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from appsync_gql import (
    ChallengeExpired,
    ChallengeRequired,
    CognitoProvider,
    ConfigurationError,
    MemoryPersistence,
    RenewalFailed,
    SignInFailed,
    TokenStore,
    WrongAnswer,
)
from appsync_gql.secret import Secret
from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.totp import totp_code
from support.tracebacks import assert_hidden

PASSWORD = "correct horse"
PHONE = {"phone_number": "+15555550123", "email": "grace@example.com"}


@dataclass(frozen=True)
class Case:
    """A user for whom a sign-in needs steps.

    Attributes:
        names: the challenges, in order.
        right: the answers to them.
        wrong: a wrong answer to the last one.
        user: arguments of ``add_user``.
        sign_in: arguments of ``sign_in``.
    """

    names: list[str]
    right: list[dict[str, Any]]
    wrong: dict[str, Any]
    user: dict[str, Any]
    sign_in: dict[str, Any] = field(default_factory=lambda: {"password": PASSWORD})


CODE: dict[str, Any] = {"code": "424242"}
WRONG_CODE: dict[str, Any] = {"code": "000000"}
CASES = {
    "NEW_PASSWORD_REQUIRED": Case(
        ["NEW_PASSWORD_REQUIRED"],
        [{"new_password": "n3w-Password", "attributes": {"family_name": "Hopper"}}],
        {"new_password": " n3w-Password", "attributes": {"family_name": "Hopper"}},
        {"temporary_password": True, "required_attributes": ["family_name"]},
    ),
    "SMS_MFA": Case(["SMS_MFA"], [CODE], WRONG_CODE, {"mfa_code": "424242", "mfa": ["SMS_MFA"]}),
    "EMAIL_OTP": Case(
        ["EMAIL_OTP"], [CODE], WRONG_CODE, {"mfa_code": "424242", "mfa": ["EMAIL_OTP"]}
    ),
    "SOFTWARE_TOKEN_MFA": Case(["SOFTWARE_TOKEN_MFA"], [CODE], WRONG_CODE, {"mfa_code": "424242"}),
    "SELECT_MFA_TYPE": Case(
        ["SELECT_MFA_TYPE", "SMS_MFA"],
        [{"mfa": "SMS_MFA"}, CODE],
        WRONG_CODE,
        {"mfa_code": "424242", "mfa": ["SOFTWARE_TOKEN_MFA", "SMS_MFA"]},
    ),
    "MFA_SETUP": Case(
        ["MFA_SETUP"], [{"code": "from the secret"}], WRONG_CODE, {"set_up_mfa": True}
    ),
    "MFA_SETUP by e-mail": Case(
        ["MFA_SETUP", "EMAIL_OTP"],
        [{"email": "grace@example.com"}, CODE],
        WRONG_CODE,
        {"set_up_mfa": ["EMAIL_OTP"], "sent_code": "424242", "attributes": {}},
    ),
    "MFA_SETUP by e-mail, where an application is possible too": Case(
        ["MFA_SETUP", "EMAIL_OTP"],
        [{"email": "grace@example.com"}, CODE],
        WRONG_CODE,
        {"set_up_mfa": ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"], "sent_code": "424242"},
    ),
    "SELECT_CHALLENGE, PASSWORD": Case(
        ["SELECT_CHALLENGE"],
        [{"choice": "PASSWORD", "password": PASSWORD}],
        {},
        {},
        {"flow": "USER_AUTH"},
    ),
    "SELECT_CHALLENGE, PASSWORD_SRP, SOFTWARE_TOKEN_MFA": Case(
        ["SELECT_CHALLENGE", "SOFTWARE_TOKEN_MFA"],
        [{"choice": "PASSWORD_SRP", "password": PASSWORD}, CODE],
        WRONG_CODE,
        {"mfa_code": "424242"},
        {"flow": "USER_AUTH"},
    ),
    "SELECT_CHALLENGE, EMAIL_OTP": Case(
        ["SELECT_CHALLENGE", "EMAIL_OTP"],
        [{"choice": "EMAIL_OTP"}, CODE],
        WRONG_CODE,
        {"sent_code": "424242"},
        {"flow": "USER_AUTH"},
    ),
    "SELECT_CHALLENGE, SMS_OTP": Case(
        ["SELECT_CHALLENGE", "SMS_OTP"],
        [{"choice": "SMS_OTP"}, CODE],
        WRONG_CODE,
        {"sent_code": "424242", "attributes": PHONE},
        {"flow": "USER_AUTH"},
    ),
    "USER_AUTH with a password, then a code": Case(
        ["SOFTWARE_TOKEN_MFA"],
        [CODE],
        WRONG_CODE,
        {"mfa_code": "424242"},
        {"password": PASSWORD, "flow": "USER_AUTH"},
    ),
    "CUSTOM_CHALLENGE": Case(
        ["CUSTOM_CHALLENGE", "CUSTOM_CHALLENGE"],
        [{"answer": "blue"}, {"code": "42"}],
        {},
        {"custom_answers": ["blue", "42"]},
        {"flow": "CUSTOM_AUTH"},
    ),
    "CUSTOM_CHALLENGE after a password": Case(
        ["CUSTOM_CHALLENGE"],
        [{"answer": "blue"}],
        {},
        {"custom_answers": ["blue"]},
        {"password": PASSWORD, "flow": "CUSTOM_AUTH"},
    ),
}
every_challenge = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """One for all tests here: a boto3 client for each would take most of their time."""
    with Emulator.in_thread() as running:
        yield running


def provider_for(emulator: Emulator, **more: Any) -> CognitoProvider:
    return CognitoProvider(
        emulator.client_id,
        user_pool_id=emulator.user_pool_id,
        endpoint_url=emulator.cognito_url,
        **more,
    )


def store_for(emulator: Emulator, case: Case) -> TokenStore:
    emulator.add_user("grace", PASSWORD, **case.user)
    return TokenStore(provider_for(emulator))


def filled(emulator: Emulator, challenge: ChallengeRequired, answer: dict[str, Any]) -> Any:
    """Compute the code that is not known before."""
    if answer.get("code") == "from the secret":
        return {"code": totp_code(str(challenge.secret_code), emulator.now())}
    return answer


async def raised_by(call: Any) -> ChallengeRequired:
    with pytest.raises(ChallengeRequired) as caught:
        await call
    return caught.value


async def at_the_last_challenge(store: TokenStore, case: Case) -> ChallengeRequired:
    challenge = await raised_by(store.sign_in("grace", **case.sign_in))
    for answer in case.right[:-1]:
        challenge = await raised_by(store.answer(challenge, **answer))
    return challenge


@every_challenge
async def test_without_a_function_each_challenge_is_raised_and_answered(
    emulator: Emulator, case: Case
) -> None:
    store = store_for(emulator, case)
    names = []
    step = store.sign_in("grace", **case.sign_in)
    for answer in case.right:
        challenge = await raised_by(step)
        names.append(challenge.challenge_name)
        assert challenge.username == "grace"
        assert challenge.argument is not None
        step = store.answer(challenge, **filled(emulator, challenge, answer))
    tokens = await step
    assert names == case.names
    assert tokens.username == "grace"
    assert (await store.headers())["Authorization"] == tokens.access_token


@every_challenge
@pytest.mark.parametrize("kind", ["sync", "async", "blocking"])
async def test_a_function_answers_each_challenge(emulator: Emulator, case: Case, kind: str) -> None:
    store = store_for(emulator, case)
    answers = iter(case.right)

    def respond(challenge: ChallengeRequired) -> Any:
        return filled(emulator, challenge, next(answers))

    async def respond_later(challenge: ChallengeRequired) -> Any:
        return respond(challenge)

    if kind == "blocking":
        tokens = await asyncio.to_thread(
            store.blocking.sign_in, "grace", on_challenge=respond, **case.sign_in
        )
    else:
        handler = respond if kind == "sync" else respond_later
        tokens = await store.sign_in("grace", on_challenge=handler, **case.sign_in)
    assert tokens.username == "grace"
    assert next(answers, None) is None


@pytest.mark.parametrize(
    "case",
    [case for case in CASES.values() if case.wrong],
    ids=[n for n in CASES if CASES[n].wrong],
)
async def test_after_a_wrong_answer_the_same_challenge_can_be_answered_again(
    emulator: Emulator, case: Case
) -> None:
    store = store_for(emulator, case)
    challenge = await at_the_last_challenge(store, case)
    for _ in range(2):
        with pytest.raises(WrongAnswer, match="again") as caught:
            await store.answer(challenge, **case.wrong)
        assert caught.value.error_type
    tokens = await store.answer(challenge, **filled(emulator, challenge, case.right[-1]))
    assert tokens.username == "grace"


async def test_a_wrong_answer_to_a_custom_challenge_brings_the_next_and_then_the_end(
    emulator: Emulator,
) -> None:
    """Cognito's Lambda triggers decide that: there is no error for a wrong answer."""
    store = store_for(emulator, CASES["CUSTOM_CHALLENGE"])
    challenge = await raised_by(store.sign_in("grace", flow="CUSTOM_AUTH"))
    for _ in range(2):
        challenge = await raised_by(store.answer(challenge, answer="red"))
    with pytest.raises(SignInFailed):
        await store.answer(challenge, answer="red")


@every_challenge
async def test_an_expired_challenge_says_that_the_user_starts_again(
    emulator: Emulator, case: Case
) -> None:
    store = store_for(emulator, case)
    challenge = await at_the_last_challenge(store, case)
    answer = filled(emulator, challenge, case.right[-1])
    emulator.shift_clock(181)
    try:
        with pytest.raises(ChallengeExpired, match="start to sign in again"):
            await store.answer(challenge, **answer)
    finally:
        emulator.shift_clock(-181)


async def test_a_set_up_that_failed_after_the_code_was_verified_can_be_answered_again(
    emulator: Emulator,
) -> None:
    store = store_for(emulator, CASES["MFA_SETUP"])
    challenge = await at_the_last_challenge(store, CASES["MFA_SETUP"])
    code = totp_code(str(challenge.secret_code), emulator.now())
    emulator.faults.delay(1, 0.0, on="cognito")  # VerifySoftwareToken goes its normal way
    emulator.faults.cognito_error(3, "InternalErrorException", "later", status=500)
    with pytest.raises(RenewalFailed):
        await store.answer(challenge, code=code)
    emulator.faults.clear()
    assert (await store.answer(challenge, code=code)).username == "grace"


async def test_an_expired_code_says_that_the_user_starts_again(emulator: Emulator) -> None:
    store = store_for(emulator, CASES["EMAIL_OTP"])
    challenge = await raised_by(store.sign_in("grace", PASSWORD))
    emulator.faults.cognito_error(1, "ExpiredCodeException", "Your code has expired.")
    with pytest.raises(ChallengeExpired, match="code has expired"):
        await store.answer(challenge, **CODE)


@every_challenge
async def test_an_unpickled_challenge_goes_on_where_it_began_and_says_why_not_elsewhere(
    emulator: Emulator, case: Case
) -> None:
    store = store_for(emulator, case)
    challenge = await at_the_last_challenge(store, case)
    pickled = pickle.dumps(challenge)
    assert str(challenge.session).encode() not in pickled
    copy = pickle.loads(pickled)  # noqa: S301
    answer = filled(emulator, challenge, case.right[-1])
    elsewhere = TokenStore(provider_for(emulator))
    with pytest.raises(ChallengeExpired, match=r"pickled.*Sign in again"):
        await elsewhere.answer(copy, **answer)
    assert (await store.answer(copy, **answer)).username == "grace"


async def test_a_challenge_that_was_answered_can_not_be_answered_again(emulator: Emulator) -> None:
    store = store_for(emulator, CASES["SMS_MFA"])
    challenge = await raised_by(store.sign_in("grace", PASSWORD))
    await store.answer(challenge, **CODE)
    with pytest.raises(ChallengeExpired):
        await store.answer(challenge, **CODE)


@pytest.mark.parametrize("choice", ["PASSWORD", "PASSWORD_SRP"])
async def test_a_password_can_be_chosen(emulator: Emulator, choice: str) -> None:
    store = store_for(emulator, Case([], [], {}, {}))
    challenge = await raised_by(store.sign_in("grace", flow="USER_AUTH"))
    assert set(challenge.choices) == {"PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"}
    with pytest.raises(ConfigurationError, match="password="):
        await store.answer(challenge, choice=choice)
    with pytest.raises(SignInFailed, match="name or password"):
        await store.answer(challenge, choice=choice, password="wrong")
    challenge = await raised_by(store.sign_in("grace", flow="USER_AUTH"))
    tokens = await store.answer(challenge, choice=choice, password=PASSWORD)
    assert tokens.username == "grace"


async def test_a_secret_hash_goes_with_every_answer() -> None:
    secret = "5ecre7" * 8
    async with Emulator(client_secret=secret) as emulator:
        emulator.add_user("grace", PASSWORD, mfa_code="424242", mfa=["SMS_MFA", "EMAIL_OTP"])
        store = TokenStore(provider_for(emulator, client_secret=secret))
        answers = iter([{"mfa": "EMAIL_OTP"}, "424242"])
        tokens = await store.sign_in("grace", PASSWORD, on_challenge=lambda _: next(answers))
        assert tokens.username == "grace"


async def test_the_user_pool_may_want_a_factor_that_a_program_can_not_set_up(
    emulator: Emulator,
) -> None:
    body = (
        b'{"ChallengeName": "MFA_SETUP", "Session": "0123456789012345678901234567890",'
        b'"ChallengeParameters": {"MFAS_CAN_SETUP": "[\\"SMS_MFA\\"]"}}'
    )
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    emulator.faults.answer(1, 200, body, headers, on="cognito")
    with pytest.raises(SignInFailed, match="phone_number"):
        await TokenStore(provider_for(emulator)).sign_in("ada", PASSWORD, flow="USER_PASSWORD_AUTH")


@pytest.mark.parametrize("name", ["DEVICE_SRP_AUTH", "WEB_AUTHN"])
async def test_a_challenge_without_an_answer_here_names_the_way_on(
    emulator: Emulator, name: str
) -> None:
    challenge = ChallengeRequired("", challenge_name=name, session="s" * 30, username="ada")
    with pytest.raises(ConfigurationError, match=r"store\.use\(\)"):
        await TokenStore(provider_for(emulator)).answer(challenge, code="1")


async def test_no_answer_is_shown_by_a_traceback(emulator: Emulator) -> None:
    emulator.add_user("grace", PASSWORD, mfa_code="424242")
    store = TokenStore(provider_for(emulator))
    challenge = await raised_by(store.sign_in("grace", PASSWORD))
    with pytest.raises(WrongAnswer) as wrong:
        await store.answer(challenge, code="wr0ng-code")
    assert_hidden(wrong.value, "wr0ng-code", str(challenge.session))
    with pytest.raises(WrongAnswer) as by_function:
        await store.sign_in("grace", PASSWORD, on_challenge=lambda _: {"code": "wr0ng-code"})
    assert_hidden(by_function.value, "wr0ng-code", PASSWORD)
    with pytest.raises(ConfigurationError) as unknown:
        await store.sign_in("grace", PASSWORD, on_challenge=lambda _: {"pin": "wr0ng-code"})
    assert_hidden(unknown.value, "wr0ng-code", PASSWORD)


# -- remembered devices -------------------------------------------------------------------


def calls(emulator: Emulator) -> dict[str, int]:
    found = {
        k: v
        for k, v in emulator.counters.items()
        if k[:9] in {"cognito.C", "cognito.I", "cognito.R"}
    }
    emulator.counters.clear()
    return found


async def test_a_device_is_confirmed_and_then_replaces_the_second_factor() -> None:
    async with Emulator(device_remembering=True) as emulator:
        emulator.add_user("grace", PASSWORD, mfa_code="424242")
        store = TokenStore(provider_for(emulator))
        first = await store.sign_in("grace", PASSWORD, on_challenge=lambda _: "424242")
        assert calls(emulator)["cognito.ConfirmDevice"] == 1
        assert first.device_key
        assert first.device_group_key
        assert str(first.device_password) not in repr(vars(store))
        again = await store.sign_in("grace", PASSWORD)
        assert calls(emulator) == {
            "cognito.InitiateAuth": 1,
            "cognito.RespondToAuthChallenge": 3,
        }
        assert (again.device_key, again.device_password) == (
            first.device_key,
            first.device_password,
        )
        await store.renew()
        assert (await store.tokens()).device_password == first.device_password


async def test_a_device_is_remembered_by_another_process_that_shares_the_session() -> None:
    async with Emulator(device_remembering=True) as emulator:
        emulator.add_user("grace", PASSWORD, mfa_code="424242")
        persistence = MemoryPersistence()
        stores = [TokenStore(provider_for(emulator), persistence=persistence) for _ in range(2)]
        first = await stores[0].sign_in("grace", PASSWORD, on_challenge=lambda _: "424242")
        second = await stores[1].sign_in("grace", PASSWORD)
        assert (second.device_key, second.device_password) == (
            first.device_key,
            first.device_password,
        )


async def test_a_forgotten_device_is_replaced_by_a_new_one() -> None:
    async with Emulator(device_remembering=True) as emulator:
        store = TokenStore(provider_for(emulator))
        first = await store.sign_in("ada", PASSWORD)
        emulator.forget_devices("ada")
        second = await store.sign_in("ada", PASSWORD)
        assert second.device_key != first.device_key
        assert second.device_password != first.device_password


async def test_a_device_whose_proof_is_refused_is_replaced_by_a_new_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Emulator(device_remembering=True) as emulator:
        emulator.add_user("grace", PASSWORD, mfa_code="424242")
        first = await TokenStore(provider_for(emulator)).sign_in(
            "grace", PASSWORD, on_challenge=lambda _: "424242"
        )
        wrong = replace(first, device_password=Secret("another-device"))
        store = TokenStore(provider_for(emulator), tokens=wrong)
        second = await store.sign_in("grace", PASSWORD, on_challenge=lambda _: "424242")
        assert second.device_password not in {first.device_password, wrong.device_password}
        assert "without the remembered device" in caplog.text
        caplog.clear()
        await store.sign_in("grace", PASSWORD)
        assert not caplog.records


async def test_a_device_that_can_not_be_confirmed_leaves_the_user_signed_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Emulator(device_remembering=True) as emulator:
        emulator.faults.delay(2, 0.0, on="cognito")  # the first two calls go their normal way
        emulator.faults.cognito_error(1, "InvalidParameterException", "no")
        tokens = await TokenStore(provider_for(emulator)).sign_in("ada", PASSWORD)
        assert tokens.device_key
        assert tokens.device_password is None
        assert re.search("device is not remembered", caplog.text)


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "USER_AUTH", "USER_SRP_AUTH"])
async def test_a_device_proves_itself_in_every_flow_with_a_password(flow: str) -> None:
    async with Emulator(device_remembering=True) as emulator:
        store = TokenStore(provider_for(emulator))
        await store.sign_in("ada", PASSWORD, flow=flow)
        calls(emulator)
        await store.sign_in("ada", PASSWORD, flow=flow)
        assert "cognito.ConfirmDevice" not in calls(emulator)
