"""Calls to DynamoDB: a client with fresh credentials where that may help, and the errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ..boto3_client import (
    check_boto3_arguments,
    client_for,
    discard_client,
    without_debug_logs,
)
from ..endpoint import check_service_url
from ..exceptions import AppSyncError, ConfigurationError, StorageFailed
from .checks import check_region

if TYPE_CHECKING:
    from collections.abc import Callable

    from boto3.session import Session
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["DynamoDBCalls", "too_large"]

T = TypeVar("T")

_CREDENTIALS = {
    "ExpiredToken": "The AWS credentials have expired",
    "ExpiredTokenException": "The AWS credentials have expired",
    "IncompleteSignatureException": "The AWS credentials are incomplete",
    "InvalidClientTokenId": "The AWS credentials are wrong",
    "InvalidSignatureException": "The AWS secret key is wrong, or this machine's clock is",
    "MissingAuthenticationToken": "There are no AWS credentials",
    "MissingAuthenticationTokenException": "There are no AWS credentials",
    "RequestExpired": "The AWS credentials have expired, or this machine's clock is wrong",
    "UnrecognizedClientException": "The AWS credentials are wrong",
}
"""Errors after which a client with newer credentials may succeed."""

_CONFIGURATION = {
    "AccessDeniedException": (
        "The AWS credentials may not do this; the IAM policy is in docs/sharing-a-session.md"
    ),
    "ResourceNotFoundException": "There is no such table; create_table() creates it",
    "ValidationException": "The table has another key; create_table() creates the right one",
}

_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
}

_SETUP = {
    "NoCredentialsError": "boto3 finds no AWS credentials",
    "ParamValidationError": "table= or key= is not what DynamoDB accepts",
    "PartialCredentialsError": "The AWS credentials are incomplete",
    "SSOTokenLoadError": "The AWS login has ended: run `aws sso login`",
    "TokenRetrievalError": "The AWS login has ended: run `aws sso login`",
    "UnauthorizedSSOTokenError": "The AWS login has ended: run `aws sso login`",
}
"""Names of botocore's own errors that mean that the developer or operator must act."""


class DynamoDBCalls:
    """Runs calls with boto3's client. When the credentials are refused, they are loaded again.

    Args:
        where: what is stored there, as the beginning of an error message.
        region: ``None`` for the one that boto3 is configured with.
        endpoint_url: an emulator's address; ``None`` for AWS.
        session: the user's own; ``None`` for a new one.
        config: botocore settings that have priority over this package's.
        allow_insecure: whether plain ``http://`` to another machine is allowed.

    Raises:
        ConfigurationError: an argument can't be used.
    """

    def __init__(
        self,
        *,
        where: str,
        region: str | None,
        endpoint_url: str | None,
        session: Session | None,
        config: Config | None,
        allow_insecure: bool,
    ) -> None:
        if endpoint_url is None:
            check_region(region)
        else:
            check_service_url(endpoint_url, setting="endpoint_url", allow_insecure=allow_insecure)
        check_boto3_arguments(session, config)
        self._where = where
        self._settings = (region, endpoint_url, session, config)
        self._allow_insecure = allow_insecure
        # Referred to here so that it lives as long as this object; shared by equal settings.
        self._client: DynamoDBClient | None = None

    def run(self, call: Callable[[DynamoDBClient], T]) -> T:
        """Return what the call returns for the client. It may be called twice.

        Raises:
            ConfigurationError: the developer or operator must act.
            StorageFailed: DynamoDB can't be used at the moment.
        """
        outcome = self._attempt(call)
        if isinstance(outcome, _RefusedCredentials):
            discard_client(self._client)
            outcome = self._attempt(call)
        if isinstance(outcome, _RefusedCredentials):
            outcome = outcome.error
        if isinstance(outcome, AppSyncError):
            # Raised here and not where botocore failed: its frames show the request.
            raise outcome
        result: T = outcome.result
        return result

    def _attempt(self, call: Callable[[DynamoDBClient], T]) -> Any:
        """Run the call; return its result or an error."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            with without_debug_logs():
                return _Done(call(self._create()))
        except AppSyncError as error:
            return error
        except ClientError as error:
            return _service_error(error.response.get("Error", {}), self._where)
        except BotoCoreError as error:
            return _setup_error(error, self._where)

    def _create(self) -> DynamoDBClient:
        client: DynamoDBClient = client_for("dynamodb", *self._settings)
        # It may come from AWS_ENDPOINT_URL or boto3's configuration file.
        check_service_url(
            client.meta.endpoint_url, setting="endpoint_url", allow_insecure=self._allow_insecure
        )
        self._client = client
        return client


class _Done(NamedTuple):
    """A call succeeded."""

    result: Any


class _RefusedCredentials(NamedTuple):
    """A call failed in a way that newer credentials may prevent."""

    error: AppSyncError


def _service_error(answer: Any, where: str) -> AppSyncError | _RefusedCredentials:
    """Return this package's error for one that DynamoDB answered."""
    code, text = str(answer.get("Code", "Unknown")), str(answer.get("Message", ""))
    if code in _CREDENTIALS:
        return _RefusedCredentials(_configuration(where, _CREDENTIALS[code], code))
    if code == "ValidationException" and "size" in text:
        return too_large(where)
    if code in _CONFIGURATION:
        return _configuration(where, _CONFIGURATION[code], code)
    if code in _THROTTLED:
        return StorageFailed(
            f"{where} can't be used now: DynamoDB throttles this table ({code}).", error_type=code
        )
    return StorageFailed(f"{where} can't be used now ({code}).", error_type=code)


def _setup_error(error: Exception, where: str) -> AppSyncError | _RefusedCredentials:
    """Return this package's error for one of botocore's own."""
    name = type(error).__name__
    if name not in _SETUP:
        return StorageFailed(f"{where} can't be used now ({name}: {error}).")
    problem = _configuration(where, _SETUP[name], name)
    return _RefusedCredentials(problem) if "Credentials" in name or "Token" in name else problem


def _configuration(where: str, fix: str, code: str) -> ConfigurationError:
    return ConfigurationError(f"{where}: {fix} ({code}).", setting="persistence", error_type=code)


def too_large(where: str) -> ConfigurationError:
    """Return the error for more sessions than an item can have."""
    return ConfigurationError(
        f"{where} would be larger than the 400 kB that DynamoDB allows, because too many users "
        "share it: use a key for each user, DynamoDBPersistence(table, key=f'session-{user}').",
        setting="key",
    )
