"""One call of Cognito, with a stand-in for the boto3 client: attempts, results, errors."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
    SSLError,
)

from appsync_gql import (
    AppSyncError,
    ConfigurationError,
    RenewalFailed,
    SessionExpired,
    SignInFailed,
    Tokens,
)
from appsync_gql.providers.cognito_api import Attempts, NoSuchOperation, challenge_of, grant_of
from appsync_gql.providers.cognito_errors import (
    ErrorResponse,
    error_of_refresh,
    error_of_sign_in,
)
from appsync_gql.secret import Secret
from support.store import NOON, tokens_at
from support.tracebacks import assert_hidden

ADDRESS = "http://127.0.0.1:1"
OK = {"ResponseMetadata": {"HTTPStatusCode": 200}}
REFRESH_TOKEN = "refresh-token-of-ada"
PARAMETERS = {"ClientId": "client", "AuthParameters": {"REFRESH_TOKEN": Secret(REFRESH_TOKEN)}}


def refusal(name: str, message: str = "", status: int = 400, **headers: str) -> ClientError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    meta: Any = {"HTTPStatusCode": status, "RequestId": "id-1", "HTTPHeaders": named}
    error: Any = {"Error": {"Code": name, "Message": message}, "ResponseMetadata": meta}
    return ClientError(error, "InitiateAuth")


def lost() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url=ADDRESS)


@dataclass
class FakeCognito:
    """Plays one outcome at each call; a lost response takes all the time that is waited for it."""

    outcomes: deque[Any] = field(repr=False)
    now: float = 0.0
    read_seconds: list[float] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def attempts(self) -> Attempts:
        return Attempts(
            client=self.client,
            sleep=self.sleep,
            monotonic=lambda: self.now,
            pause=lambda: 0.25,
        )

    def client(self, read_seconds: float) -> FakeCognito:
        self.read_seconds.append(read_seconds)
        return self

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def initiate_auth(self, **parameters: Any) -> Any:
        body = str(parameters)  # as botocore's frames have it, in clear
        assert body
        outcome = self.outcomes.popleft()
        if isinstance(outcome, ReadTimeoutError):
            self.now += self.read_seconds[-1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def call(self, **more: Any) -> Any:
        return self.attempts().call("initiate_auth", PARAMETERS, error_of_refresh, **more)


def cognito(*outcomes: Any) -> FakeCognito:
    return FakeCognito(deque(outcomes))


# -- attempts -----------------------------------------------------------------------------


def test_a_call_that_succeeds_is_made_once() -> None:
    fake = cognito(OK)
    assert fake.call() == OK
    assert (fake.read_seconds, fake.slept) == ([4.0], [])


def test_after_a_lost_response_the_next_attempt_begins_within_five_seconds_and_waits_longer() -> (
    None
):
    """Then a refresh that Cognito carried out can be repeated in a grace period of 5 s."""
    fake = cognito(lost(), OK)
    assert fake.call() == OK
    assert fake.read_seconds == [4.0, 10.0]
    assert fake.now < 5.0


def test_attempts_begin_some_time_apart_so_that_after_a_long_one_there_is_no_pause() -> None:
    fake = cognito(lost(), OK)
    fake.call()
    assert fake.slept == [0.0]


def test_two_lost_responses_end_the_call_because_the_stores_back_off_goes_on() -> None:
    fake = cognito(lost(), lost(), OK)
    with pytest.raises(RenewalFailed) as caught:
        fake.call()
    assert caught.value.kind == "network"
    assert len(fake.outcomes) == 1
    assert fake.now < 15.0


@pytest.mark.parametrize(
    ("outcome", "kind", "status"),
    [
        (refusal("InternalErrorException", status=500), "server", 500),
        (refusal("503", status=503), "server", 503),
        (refusal("TooManyRequestsException"), "throttled", 400),
        (refusal("429", status=429), "throttled", 429),
        (EndpointConnectionError(endpoint_url=ADDRESS), "network", None),
        (ConnectionClosedError(endpoint_url=ADDRESS), "network", None),
    ],
)
def test_a_transient_failure_is_attempted_three_times(
    outcome: Exception, kind: str, status: int | None
) -> None:
    fake = cognito(outcome, outcome, OK)
    assert fake.call() == OK
    assert (fake.read_seconds, fake.slept) == ([4.0, 10.0, 10.0], [0.25, 0.25])
    fake = cognito(outcome, outcome, outcome, OK)
    with pytest.raises(RenewalFailed) as caught:
        fake.call()
    assert (caught.value.kind, caught.value.status) == (kind, status)


@pytest.mark.parametrize(
    "outcome",
    [
        refusal("NotAuthorizedException", "Invalid Refresh Token."),
        refusal("ResourceNotFoundException"),
        refusal("UserLambdaValidationException"),
        refusal("ForbiddenException", status=403),
        refusal("405", status=405, x_amzn_waf_action="captcha"),
        SSLError(endpoint_url=ADDRESS, error=OSError("CERTIFICATE_VERIFY_FAILED: self-signed")),
    ],
)
def test_what_another_attempt_can_not_change_is_attempted_once(outcome: Exception) -> None:
    fake = cognito(outcome, OK)
    with pytest.raises(AppSyncError):
        fake.call()
    assert len(fake.outcomes) == 1


def test_a_certificate_that_is_not_trusted_is_no_lost_connection() -> None:
    untrusted = SSLError(
        endpoint_url=ADDRESS, error=OSError("CERTIFICATE_VERIFY_FAILED: self-signed")
    )
    with pytest.raises(RenewalFailed, match="AWS_CA_BUNDLE") as caught:
        cognito(untrusted).call()
    assert caught.value.kind == "certificate"
    cut = SSLError(endpoint_url=ADDRESS, error=OSError("EOF occurred in violation of protocol"))
    assert cognito(cut, OK).call() == OK


def test_an_unknown_operation_is_attempted_once() -> None:
    fake = cognito(refusal("500", status=500), OK)
    with pytest.raises(NoSuchOperation):
        fake.attempts().call("initiate_auth", PARAMETERS, lambda _: NoSuchOperation("none"))
    assert len(fake.outcomes) == 1


@pytest.mark.parametrize(
    ("outcome", "attempts"),
    [
        (lost(), 1),
        (refusal("InternalErrorException", status=500), 1),
        (refusal("TooManyRequestsException"), 2),
    ],
)
def test_a_call_that_is_not_repeatable_is_repeated_only_after_throttling(
    outcome: Exception, attempts: int
) -> None:
    fake = cognito(outcome, OK)
    if attempts == 1:
        with pytest.raises(RenewalFailed):
            fake.call(repeatable=False)
    else:
        assert fake.call(repeatable=False) == OK
    assert len(fake.read_seconds) == attempts


# -- results and errors ---------------------------------------------------------------------


def test_all_texts_of_a_result_are_hidden() -> None:
    result = cognito({**OK, "Session": "s", "A": {"B": ["t", 1, None, {"C": "u"}]}}).call()
    assert (result["Session"], result["A"]["B"][3]["C"]) == ("s", "u")
    assert repr(result["A"]) == "{'B': [<redacted>, 1, None, {'C': <redacted>}]}"
    assert repr(result["Session"]) == "<redacted>"


def test_status_202_is_a_challenge_of_a_firewall() -> None:
    headers = {"x-amzn-waf-action": "challenge"}
    fake = cognito({"ResponseMetadata": {"HTTPStatusCode": 202, "HTTPHeaders": headers}})
    with pytest.raises(RenewalFailed, match="challenge") as caught:
        fake.call()
    assert (caught.value.kind, caught.value.status) == ("firewall", 202)


@pytest.mark.parametrize("outcome", [AttributeError("'list' has no 'get'"), None, [], "text", 1])
def test_a_response_of_a_wrong_form_is_a_failure_of_the_server(outcome: object) -> None:
    with pytest.raises(RenewalFailed, match="documented form") as caught:
        cognito(outcome, outcome, outcome).call()
    assert caught.value.kind == "server"


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("Invalid length for parameter ClientId, value: 0", "client_id"),
        (f"Invalid length for parameter RefreshToken, value: {REFRESH_TOKEN}", "refresh_token"),
        ("Invalid length for parameter Token, value: 0", "refresh_token"),
        ("Invalid length for parameter DeviceKey, value: 0", "device_key"),
        ("Invalid type for parameter Something, value: 0", None),
    ],
)
def test_a_parameter_that_boto3_does_not_accept_is_named(text: str, setting: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        cognito(ParamValidationError(report=text)).call()
    assert caught.value.setting == setting
    assert_hidden(caught.value, REFRESH_TOKEN)


def test_the_name_message_status_and_id_of_an_error_reach_the_error() -> None:
    seen: list[ErrorResponse] = []

    def error_of(response: ErrorResponse) -> AppSyncError:
        seen.append(response)
        return SessionExpired("over")

    fake = cognito(
        refusal("x#NotAuthorizedException", "Invalid", retry_after="7"),
        refusal("404", "<html>a page</html>", status=404),
    )
    for _ in range(2):
        with pytest.raises(SessionExpired):
            fake.attempts().call("initiate_auth", PARAMETERS, error_of)
    assert (seen[0].name, seen[0].message) == ("NotAuthorizedException", "Invalid")
    assert (seen[0].status, seen[0].request_id) == (400, "id-1")
    assert seen[0].headers == {"retry-after": "7"}
    assert (seen[1].name, seen[1].message, seen[1].status) == ("", "", 404)


@pytest.mark.parametrize(
    "outcome",
    [
        refusal("InvalidParameterException", f"Value '{REFRESH_TOKEN}' at 'refreshToken' failed"),
        refusal("NotAuthorizedException", f"{REFRESH_TOKEN} is revoked"),
        refusal("503", f"<html>{REFRESH_TOKEN}</html>", status=503),
        ReadTimeoutError(endpoint_url=ADDRESS),
        AttributeError(REFRESH_TOKEN),
        None,
    ],
)
def test_no_error_shows_a_secret_of_the_request(outcome: object) -> None:
    with pytest.raises(AppSyncError) as caught:
        cognito(outcome, outcome, outcome).call()
    assert caught.value.__context__ is None
    assert_hidden(caught.value, REFRESH_TOKEN)


def test_what_is_no_error_passes() -> None:
    with pytest.raises(KeyboardInterrupt):
        cognito_that_is_interrupted().call()


def cognito_that_is_interrupted() -> FakeCognito:
    class Interrupted(FakeCognito):
        def initiate_auth(self, **_: Any) -> Any:
            raise KeyboardInterrupt

    return Interrupted(deque())


# -- tokens and challenges --------------------------------------------------------------------

ADA = tokens_at(NOON, user="ada", refresh_token="refresh-1", device_key="device-1")


def result_with(**values: object) -> dict[str, Any]:
    return {"AuthenticationResult": values}


def test_a_result_replaces_the_tokens_and_keeps_what_it_lacks() -> None:
    newer = tokens_at(NOON + 9)
    grant = grant_of(result_with(AccessToken=newer.access_token), "Call", ADA)
    assert (grant.api, grant.just_issued) == ("Call", True)
    assert grant.tokens == Tokens(
        access_token=newer.access_token, refresh_token="refresh-1", device_key="device-1"
    )


def test_a_new_refresh_token_and_a_new_device_are_used() -> None:
    newer = tokens_at(NOON + 9)
    result = result_with(
        IdToken=newer.id_token,
        RefreshToken="refresh-2",
        NewDeviceMetadata={"DeviceKey": Secret("device-2")},
    )
    tokens = grant_of(result, "Call", ADA).tokens
    assert (tokens.refresh_token, tokens.device_key) == ("refresh-2", "device-2")
    assert repr(tokens.device_key) == "'device-2'"


@pytest.mark.parametrize(
    "jwts",
    [
        {"AccessToken": "opaque", "IdToken": "opaque"},
        {"AccessToken": 42},
        {"AccessToken": ""},
        {"AccessToken": ADA.access_token, "IdToken": "opaque"},
        {"AccessToken": ADA.access_token, "NewDeviceMetadata": {"DeviceKey": "bad key"}},
        {},
    ],
)
def test_a_new_refresh_token_survives_jwts_that_can_not_be_used(jwts: dict[str, Any]) -> None:
    """Rotation has made the old one invalid, so losing the new one would end the session."""
    grant = grant_of(result_with(**jwts, RefreshToken=Secret("refresh-2")), "Call", ADA)
    assert grant.tokens == Tokens(refresh_token="refresh-2", device_key="device-1")
    assert not grant.just_issued


@pytest.mark.parametrize("before", [ADA, None])
@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({}, "no tokens"),
        (result_with(), "no tokens"),
        ({"AuthenticationResult": None}, "no tokens"),
        (result_with(AccessToken=Secret("opaque-jwt")), "not a JWT"),
        (result_with(AccessToken=Secret("opaque-jwt"), RefreshToken="refresh-1"), "not a JWT"),
        (result_with(AccessToken=Secret("opaque-jwt"), RefreshToken=42), "must be a str"),
    ],
)
def test_a_result_without_usable_tokens_is_a_failure(
    result: dict[str, Any], text: str, before: Tokens | None
) -> None:
    with pytest.raises(RenewalFailed, match=text) as caught:
        grant_of(result, "Call", before)
    assert caught.value.kind == "server"
    assert_hidden(caught.value, "opaque-jwt", str(ADA.access_token))


def test_at_a_sign_in_a_refresh_token_alone_is_a_failure() -> None:
    with pytest.raises(RenewalFailed):
        grant_of(result_with(AccessToken="opaque", RefreshToken="refresh-2"), "Call")


def test_a_challenge_has_what_the_next_step_needs_and_no_values_of_srp() -> None:
    error = challenge_of(
        {
            "ChallengeName": Secret("SMS_MFA"),
            "Session": Secret("s3ssion"),
            "ChallengeParameters": {
                "CODE_DELIVERY_DESTINATION": Secret("+*******99"),
                "USER_ID_FOR_SRP": Secret("ada-1"),
                "SALT": Secret("5a17"),
            },
        },
        "ada",
    )
    assert (error.challenge_name, error.session, error.username) == ("SMS_MFA", "s3ssion", "ada-1")
    assert repr(error.parameters) == repr(
        {"CODE_DELIVERY_DESTINATION": "+*******99", "USER_ID_FOR_SRP": "ada-1"}
    )
    assert challenge_of({"ChallengeName": "X"}, "ada").username == "ada"


def test_a_password_that_is_a_common_word_does_not_change_what_an_error_means() -> None:
    parameters = {"AuthParameters": {"PASSWORD": Secret("attempts")}}
    fake = cognito(refusal("NotAuthorizedException", "Password attempts exceeded"))
    with pytest.raises(SignInFailed, match="locked") as caught:
        fake.attempts().call("initiate_auth", parameters, error_of_sign_in)
    assert "attempts" not in str(caught.value)
