from __future__ import annotations

from typing import Any

import pytest

from appsync_gql import (
    AppSyncError,
    ConfigurationError,
    RenewalFailed,
    SessionExpired,
    SignInFailed,
)
from appsync_gql.providers.cognito_errors import (
    ErrorResponse,
    error_of_refresh,
    error_of_revocation,
    error_of_sign_in,
    firewall_error,
    lacks_operation,
    was_refused,
)

OVER, CONFIG, TRANSIENT = SessionExpired, ConfigurationError, RenewalFailed


def response(name: str = "", message: str = "", status: int = 400, **more: Any) -> ErrorResponse:
    return ErrorResponse(name=name, message=message, status=status, request_id="id-1", **more)


@pytest.mark.parametrize(
    ("name", "message", "kind", "detail"),
    [
        ("NotAuthorizedException", "Invalid Refresh Token.", OVER, None),
        ("NotAuthorizedException", "Refresh Token has expired", OVER, None),
        ("NotAuthorizedException", "Refresh Token has been revoked", OVER, None),
        ("NotAuthorizedException", "User is disabled.", OVER, None),
        ("NotAuthorizedException", "", OVER, None),
        ("RefreshTokenReuseException", "", OVER, None),
        ("TokenRevokedException", "", OVER, None),
        ("UserNotFoundException", "User does not exist.", OVER, None),
        ("PasswordResetRequiredException", "", OVER, None),
        ("UserNotConfirmedException", "", OVER, None),
        (
            "NotAuthorizedException",
            "SecretHash does not match for the client: abc",
            CONFIG,
            "client_secret",
        ),
        (
            "NotAuthorizedException",
            "Unable to verify secret hash for client abc",
            CONFIG,
            "client_secret",
        ),
        (
            "NotAuthorizedException",
            "Client abc is configured with secret but SECRET_HASH was not received",
            CONFIG,
            "client_secret",
        ),
        (
            "InvalidParameterException",
            "Missing required parameter DEVICE_KEY",
            CONFIG,
            "device_key",
        ),
        ("InvalidParameterException", "something else", CONFIG, None),
        ("ResourceNotFoundException", "Device does not exist.", CONFIG, "device_key"),
        ("ResourceNotFoundException", "User pool client abc does not exist.", CONFIG, "client_id"),
        (
            "ResourceNotFoundException",
            "User pool eu-west-1_x does not exist.",
            CONFIG,
            "user_pool_id",
        ),
        ("OperationNotEnabledException", "", CONFIG, "region"),
        ("InvalidUserPoolConfigurationException", "", CONFIG, None),
        ("UnsupportedOperationException", "", CONFIG, None),
        ("TooManyRequestsException", "Rate exceeded", TRANSIENT, "throttled"),
        ("InternalErrorException", "", TRANSIENT, "server"),
        ("UserLambdaValidationException", "PreTokenGeneration failed", TRANSIENT, "trigger"),
        ("UnexpectedLambdaException", "", TRANSIENT, "trigger"),
        ("InvalidLambdaResponseException", "", TRANSIENT, "trigger"),
        ("ForbiddenException", "Request not allowed due to WAF block.", TRANSIENT, "firewall"),
        ("SomethingNewException", "from next year", TRANSIENT, "server"),
    ],
)
def test_an_error_of_a_refresh_means(
    name: str, message: str, kind: type[AppSyncError], detail: str | None
) -> None:
    error = error_of_refresh(response(name, message))
    assert type(error) is kind
    assert (error.status, error.error_type, error.request_id) == (400, name, "id-1")
    assert name in str(error)
    if isinstance(error, ConfigurationError):
        assert error.setting == detail
    if isinstance(error, RenewalFailed):
        assert error.kind == detail


def test_the_error_for_a_disabled_user_names_the_administrator() -> None:
    error = error_of_refresh(response("NotAuthorizedException", "User is disabled."))
    assert "administrator" in str(error)


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (500, {}, "server"),
        (502, {}, "server"),
        (404, {}, "server"),
        (405, {}, "server"),
        (429, {}, "throttled"),
        (403, {}, "firewall"),
        (405, {"x-amzn-waf-action": "captcha"}, "firewall"),
        (202, {"x-amzn-waf-action": "challenge"}, "firewall"),
    ],
)
def test_a_page_without_an_errors_name_is_transient_for_all_calls(
    status: int, headers: dict[str, str], kind: str
) -> None:
    page = response(status=status, headers=headers)
    for error_of in (error_of_refresh, error_of_sign_in, error_of_revocation):
        error = error_of(page)
        assert isinstance(error, RenewalFailed)
        assert (error.kind, error.status, error.error_type) == (kind, status, None)
        assert f"HTTP {status}" in str(error)


def test_a_firewalls_error_says_who_can_change_it_and_what_it_asked_for() -> None:
    page = response(status=405, headers={"x-amzn-waf-action": "captcha"})
    text = str(firewall_error(page))
    assert "captcha" in text
    assert "owner of the user pool" in text
    assert "web ACL" in text


@pytest.mark.parametrize(
    ("name", "message", "kind", "text"),
    [
        ("NotAuthorizedException", "Incorrect username or password.", SignInFailed, "wrong"),
        ("NotAuthorizedException", "User is disabled.", SignInFailed, "disabled"),
        ("NotAuthorizedException", "Password attempts exceeded", SignInFailed, "locked"),
        (
            "NotAuthorizedException",
            "Temporary password has expired and must be reset by an administrator.",
            SignInFailed,
            "expired",
        ),
        (
            "NotAuthorizedException",
            "Invalid session for the user, session is expired.",
            SignInFailed,
            "start it again",
        ),
        ("UserNotFoundException", "User does not exist.", SignInFailed, "wrong"),
        ("InvalidPasswordException", "Invalid password", SignInFailed, "wrong"),
        ("PasswordResetRequiredException", "Password reset required", SignInFailed, "can't"),
        (
            "UserLambdaValidationException",
            "PreAuthentication failed with error Not on Sundays.",
            SignInFailed,
            "trigger",
        ),
        (
            "NotAuthorizedException",
            "Unable to verify secret hash for client x",
            ConfigurationError,
            "client_secret",
        ),
        (
            "InvalidParameterException",
            "USER_SRP_AUTH is not enabled",
            ConfigurationError,
            "may not allow this flow",
        ),
        ("ResourceNotFoundException", "Device does not exist.", ConfigurationError, "device"),
        ("TooManyRequestsException", "", RenewalFailed, "Sign in again later"),
        ("UnexpectedLambdaException", "", RenewalFailed, "trigger"),
    ],
)
def test_an_error_of_a_sign_in_means(
    name: str, message: str, kind: type[AppSyncError], text: str
) -> None:
    error = error_of_sign_in(response(name, message))
    assert type(error) is kind
    assert text in str(error)
    assert error.error_type == name
    assert ("wrong" in str(error)) is (text == "wrong" or "wrong passwords" in str(error))


AWS_NAMES = ["UnknownOperationException", "UnknownOperation", "InvalidAction", "x#InvalidAction"]


@pytest.mark.parametrize(
    ("name", "status", "of_aws", "of_an_emulator"),
    [
        *((name, 400, True, True) for name in AWS_NAMES),
        ("CognitoLocal#Unsupported", 500, False, True),
        ("Unsupported", 500, False, True),
        ("NotImplementedError", 500, False, True),
        ("InternalFailure", 501, False, True),
        ("", 404, False, True),
        ("", 500, False, True),
        ("", 501, False, True),
        ("", 405, False, False),
        ("", 502, False, False),
        ("", 503, False, False),
        ("", 202, False, False),
        ("", 403, False, False),
        ("InternalErrorException", 500, False, False),
        ("ServiceUnavailable", 503, False, False),
        ("ResourceNotFoundException", 404, False, False),
        ("NotAuthorizedException", 400, False, False),
        ("UnsupportedOperationException", 400, False, False),
        ("TooManyRequestsException", 400, False, False),
    ],
)
def test_only_a_server_that_does_not_know_the_operation_lacks_it(
    name: str, status: int, *, of_aws: bool, of_an_emulator: bool
) -> None:
    found = response(name, status=status)
    assert lacks_operation(found, at_aws=True) is of_aws
    assert lacks_operation(found, at_aws=False) is of_an_emulator


def test_a_firewalls_page_says_nothing_about_the_operation() -> None:
    page = response(status=404, headers={"x-amzn-waf-action": "block"})
    assert not lacks_operation(page, at_aws=False)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("UnsupportedOperationException", True),
        ("InvalidParameterException", True),
        ("NotAuthorizedException", True),
        ("TooManyRequestsException", False),
        ("UserNotFoundException", False),
    ],
)
def test_an_error_that_may_mean_that_the_older_flow_is_not_allowed(
    name: str, *, refused: bool
) -> None:
    assert was_refused(error_of_refresh(response(name))) is refused


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("UnsupportedOperationException", None),
        ("UnsupportedTokenTypeException", None),
        ("UnauthorizedException", CONFIG),
        ("InvalidParameterException", CONFIG),
        ("NotAuthorizedException", OVER),
        ("TooManyRequestsException", TRANSIENT),
        ("InternalErrorException", TRANSIENT),
    ],
)
def test_what_an_error_of_revoke_token_means(name: str, kind: type[AppSyncError] | None) -> None:
    error = error_of_revocation(response(name, "text"))
    assert (None if error is None else type(error)) is kind


NOON, LATER = "Thu, 26 Nov 2026 12:00:00 GMT", "Thu, 26 Nov 2026 12:00:30 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "86400"}, 300.0),
        ({"retry-after": "²"}, 0.0),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({"retry-after": ""}, 0.0),
        ({"retry-after": LATER, "date": NOON}, 30.0),
        ({"retry-after": NOON, "date": LATER}, 0.0),
        ({"retry-after": LATER}, 0.0),
    ],
)
def test_the_wait_that_a_server_asked_for_in_seconds_or_as_a_date(
    headers: dict[str, str], seconds: float
) -> None:
    error = error_of_refresh(response("TooManyRequestsException", headers=headers))
    assert isinstance(error, RenewalFailed)
    assert error.retry_after == seconds


def test_a_response_does_not_show_the_text_that_may_quote_a_secret() -> None:
    assert "abc" not in repr(response("NotAuthorizedException", "Hash does not match for abc"))
