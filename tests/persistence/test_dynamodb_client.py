"""Calls to DynamoDB: addresses, credentials that are loaded again, errors."""

from __future__ import annotations

import json
import os
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from botocore import exceptions
from botocore.config import Config

from appsync_gql import AppSyncError, ConfigurationError, InsecureEndpoint, StorageFailed
from appsync_gql.persistence.dynamodb_client import DynamoDBCalls
from support.backends import aws_session, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WHERE = "The item 'k'"
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1})


@contextmanager
def answering(error_for: Callable[[str], str | None]) -> Iterator[str]:
    """Run a DynamoDB that answers with the error for an access key id, or an empty list."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            access_key = self.headers["Authorization"].split("Credential=")[1].split("/")[0]
            error = error_for(access_key)
            answer = {"__type": f"com.amazonaws#{error}", "message": ""} if error else {}
            body = json.dumps(answer).encode()
            self.send_response(400 if error else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with in_thread(server) as url:
        yield url


def calls(endpoint_url: str | None = "http://127.0.0.1:1", **settings: Any) -> DynamoDBCalls:
    given = {"region": "eu-west-1", "session": None, "config": ONE_ATTEMPT, "allow_insecure": False}
    return DynamoDBCalls(where=WHERE, endpoint_url=endpoint_url, **{**given, **settings})


def list_tables(client: Any) -> Any:
    return client.list_tables()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any setting of AWS."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return monkeypatch


# -- addresses --------------------------------------------------------------------------------


def test_an_address_from_the_environment_is_checked_too(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://10.0.0.7:8000")
    with pytest.raises(InsecureEndpoint):
        calls(None).run(list_tables)


# -- credentials --------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_refused_credentials_are_loaded_again_within_the_call(
    environment: pytest.MonkeyPatch, code: str
) -> None:
    asked, refused = list[str](), list[str]()

    def error_for(access_key: str) -> str | None:
        asked.append(access_key)
        if access_key not in refused:
            return None
        environment.setenv("AWS_ACCESS_KEY_ID", "new")
        return code

    with answering(error_for) as url:
        dynamodb = calls(url)
        dynamodb.run(list_tables)
        refused.append("old")
        dynamodb.run(list_tables)
    assert asked == ["old", "old", "new"]


@pytest.mark.usefixtures("environment")
def test_without_newer_credentials_their_refusal_is_a_configuration_error() -> None:
    asked: list[str] = []

    def error_for(access_key: str) -> str:
        asked.append(access_key)
        return "ExpiredTokenException"

    with (
        answering(error_for) as url,
        pytest.raises(ConfigurationError, match="have expired") as caught,
    ):
        calls(url).run(list_tables)
    assert caught.value.error_type == "ExpiredTokenException"
    assert asked == ["old", "old"]


def test_credentials_that_appear_later_are_found(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_ACCESS_KEY_ID")
    with answering(lambda _: None) as url:
        dynamodb = calls(url)
        with pytest.raises(ConfigurationError, match="no AWS credentials"):
            dynamodb.run(list_tables)
        environment.setenv("AWS_ACCESS_KEY_ID", "new")
        dynamodb.run(list_tables)


def test_a_missing_region_is_a_configuration_error(environment: pytest.MonkeyPatch) -> None:
    del environment
    with pytest.raises(ConfigurationError, match="region is missing"):
        calls(None, region=None).run(list_tables)


def test_an_unknown_profile_is_a_configuration_error(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(ConfigurationError, match="AWS_PROFILE"):
        calls(None).run(list_tables)


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_has_a_client_of_its_own(any_calls: DynamoDBCalls) -> None:
    parents = any_calls.run(lambda client: client)
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            childs = any_calls.run(lambda client: client)
            os._exit(0 if childs is not parents else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert any_calls.run(lambda client: client) is parents


@pytest.fixture(scope="module")
def any_calls() -> DynamoDBCalls:
    """Calls whose client is created once."""
    return calls(session=aws_session())


def service_error(code: str, message: str = "") -> Exception:
    answer: Any = {"Error": {"Code": code, "Message": message}}
    return exceptions.ClientError(answer, "UpdateItem")


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (service_error("AccessDeniedException"), ConfigurationError, "IAM policy"),
        (service_error("ResourceNotFoundException"), ConfigurationError, r"create_table\(\)"),
        (service_error("ValidationException"), ConfigurationError, "another key"),
        (
            service_error("ValidationException", "Item size has exceeded the maximum allowed size"),
            ConfigurationError,
            "use a key for each user",
        ),
        (service_error("ThrottlingException"), StorageFailed, "throttles"),
        (service_error("ProvisionedThroughputExceededException"), StorageFailed, "throttles"),
        (service_error("InternalServerError"), StorageFailed, "InternalServerError"),
        (exceptions.NoCredentialsError(), ConfigurationError, "no AWS credentials"),
        (exceptions.UnauthorizedSSOTokenError(), ConfigurationError, "aws sso login"),
        (exceptions.ParamValidationError(report="?"), ConfigurationError, "table= or key="),
        (exceptions.EndpointConnectionError(endpoint_url="x"), StorageFailed, "can't be used now"),
        (exceptions.ReadTimeoutError(endpoint_url="x"), StorageFailed, "can't be used now"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value))[:60],
)
def test_errors_say_who_must_act(
    any_calls: DynamoDBCalls, error: Exception, kind: type[AppSyncError], text: str
) -> None:
    def call(_: Any) -> Any:
        raise error

    with pytest.raises(kind, match=text) as caught:
        any_calls.run(call)
    assert type(caught.value) is kind
    assert WHERE in str(caught.value)
    assert caught.value.__context__ is None
    found = traceback.TracebackException.from_exception(caught.value)
    assert not [frame for frame in found.stack if "botocore" in frame.filename]
