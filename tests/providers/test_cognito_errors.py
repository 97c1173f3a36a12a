from __future__ import annotations

import pytest

from appsync_gql import (
    AppSyncError,
    ConfigurationError,
    RenewalFailed,
    SessionExpired,
    SignInFailed,
)
from appsync_gql.providers.cognito_errors import (
    lacks_call,
    revoke_error,
    sign_in_error,
    sort_error,
)

OVER, CONFIG, TRANSIENT = SessionExpired, ConfigurationError, RenewalFailed


@pytest.mark.parametrize(
    ("code", "message", "kind", "detail"),
    [
        ("NotAuthorizedException", "Invalid Refresh Token.", OVER, None),
        ("NotAuthorizedException", "Refresh Token has expired", OVER, None),
        ("NotAuthorizedException", "Refresh Token has been revoked", OVER, None),
        ("NotAuthorizedException", "User is disabled.", OVER, None),
        ("NotAuthorizedException", "", OVER, None),
        ("RefreshTokenReuseException", "", OVER, None),
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
        ("ResourceNotFoundException", "User pool client abc does not exist.", CONFIG, "client_id"),
        ("OperationNotEnabledException", "", CONFIG, "region"),
        ("UnsupportedOperationException", "", CONFIG, None),
        ("TooManyRequestsException", "Rate exceeded", TRANSIENT, "throttled"),
        ("InternalErrorException", "", TRANSIENT, "server"),
        ("UserLambdaValidationException", "PreTokenGeneration failed", TRANSIENT, "trigger"),
        ("UnexpectedLambdaException", "", TRANSIENT, "trigger"),
        ("InvalidLambdaResponseException", "", TRANSIENT, "trigger"),
        ("ForbiddenException", "Request blocked", TRANSIENT, "firewall"),
        ("SomethingNewException", "from next year", TRANSIENT, "server"),
        ("500", "Internal Server Error", TRANSIENT, "server"),
    ],
)
def test_an_error_of_a_refresh_means(
    code: str, message: str, kind: type[AppSyncError], detail: str | None
) -> None:
    error = sort_error(code, message, 400, "id-1")
    assert type(error) is kind
    assert (error.status, error.error_type, error.request_id) == (400, code, "id-1")
    assert code in str(error)
    if isinstance(error, ConfigurationError):
        assert error.setting == detail
    if isinstance(error, RenewalFailed):
        assert error.kind == detail


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("NotAuthorizedException", "Incorrect username or password.", SignInFailed),
        ("NotAuthorizedException", "User is disabled.", SignInFailed),
        ("UserNotFoundException", "User does not exist.", SignInFailed),
        ("InvalidPasswordException", "Invalid password", SignInFailed),
        ("PasswordResetRequiredException", "Password reset required", SignInFailed),
        ("NotAuthorizedException", "Unable to verify secret hash for client x", ConfigurationError),
        ("InvalidParameterException", "USER_SRP_AUTH is not enabled", ConfigurationError),
        ("TooManyRequestsException", "", RenewalFailed),
    ],
)
def test_an_error_of_a_sign_in_means(code: str, message: str, kind: type[AppSyncError]) -> None:
    assert type(sign_in_error(code, message, 400, None)) is kind


@pytest.mark.parametrize(
    ("code", "status", "at_aws", "emulated"),
    [
        ("CognitoLocal#Unsupported", 500, True, True),
        ("Unsupported", 500, True, True),
        ("UnknownOperationException", 400, True, True),
        ("NotImplemented", 501, True, True),
        ("404", 404, True, True),
        ("500", 500, False, True),
        ("503", 503, False, False),
        ("InternalErrorException", 500, False, False),
        ("ServiceUnavailable", 503, False, False),
        ("NotAuthorizedException", 400, False, False),
        ("UnsupportedOperationException", 400, False, False),
        ("TooManyRequestsException", 400, False, False),
    ],
)
def test_only_an_endpoint_that_does_not_know_the_call_lacks_it(
    code: str, status: int, *, at_aws: bool, emulated: bool
) -> None:
    assert lacks_call(code, status, emulated=False) is at_aws
    assert lacks_call(code, status, emulated=True) is emulated


@pytest.mark.parametrize(
    ("code", "kind"),
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
def test_what_an_error_of_revoke_token_means(code: str, kind: type[AppSyncError] | None) -> None:
    error = revoke_error(code, "text", 400, "id")
    assert (None if error is None else type(error)) is kind
