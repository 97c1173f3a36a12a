"""AWS STS: boto3 assumes roles, and the API accepts the credentials until they expire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.sts import action_of

KEY, SECRET = "AKIAEXAMPLE", "the secret access key"
ROLE = "arn:aws:iam::123456789012:role/Reader"


@pytest.fixture
def api() -> Iterator[Emulator]:
    with Emulator.in_thread(iam_credentials={KEY: SECRET}) as emulator:
        yield emulator


def client_of(emulator: Emulator, key: str = KEY, secret: str = SECRET, token: Any = None) -> Any:
    return boto3.client(
        "sts",
        region_name="eu-west-1",
        endpoint_url=emulator.cognito_url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )


def assumed(emulator: Emulator, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = client_of(emulator).assume_role(
        RoleArn=ROLE, RoleSessionName="ada", **more
    )
    return found


def test_a_role_is_assumed_with_credentials_that_know_who_they_are(api: Emulator) -> None:
    found = assumed(api, DurationSeconds=900)
    keys = found["Credentials"]
    left = keys["Expiration"] - datetime.now(timezone.utc)
    assert timedelta(seconds=890) < left < timedelta(seconds=910)
    arn = "arn:aws:sts::123456789012:assumed-role/Reader/ada"
    assert found["AssumedRoleUser"]["Arn"] == arn
    session = client_of(api, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    assert session.get_caller_identity()["Arn"] == arn
    assert client_of(api).get_caller_identity()["Arn"].endswith(f":user/{KEY}")
    assert api.counters["cognito.AssumeRole"] == 1


def test_credentials_may_live_for_seconds() -> None:
    with Emulator.in_thread(iam_credentials={KEY: SECRET}, iam_lifetime=3) as emulator:
        left = assumed(emulator)["Credentials"]["Expiration"] - datetime.now(timezone.utc)
        assert left < timedelta(seconds=4)


def error_of(call: Callable[..., object], **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_wrong_credentials_are_refused_by_stss_names_of_errors(api: Emulator) -> None:
    arguments = {"RoleArn": ROLE, "RoleSessionName": "ada"}
    assert error_of(client_of(api, "AKIAOTHER").assume_role, **arguments) == "InvalidClientTokenId"
    assert error_of(client_of(api, secret="wrong").assume_role, **arguments) == (
        "SignatureDoesNotMatch"
    )
    old = api.issue_iam_credentials(lifetime=1, issued_ago=10)
    expired = client_of(api, old.access_key_id, old.secret_access_key, old.session_token)
    assert error_of(expired.assume_role, **arguments) == "ExpiredToken"
    assert error_of(client_of(api).get_session_token) == "InvalidAction"


def test_an_api_without_iam_has_no_sts_either(server: Emulator) -> None:
    call = client_of(server).get_caller_identity
    assert error_of(call) == "InvalidClientTokenId"


@pytest.mark.parametrize(
    ("body", "action"),
    [
        (b"Action=AssumeRole&Version=2011-06-15", "AssumeRole"),
        (b"Version=2011-06-15&Action=AssumeRole", "AssumeRole"),
        (b'{"Action": "AssumeRole"}', None),
        (b"", None),
    ],
)
def test_a_form_names_its_action(body: bytes, action: str | None) -> None:
    assert action_of(body) == action


def test_a_missing_parameter_is_an_error_and_no_failure_of_the_server(api: Emulator) -> None:
    client = client_of(api)
    client.meta.events.register(
        "before-sign.sts.AssumeRole", lambda request, **_: request.data.pop("RoleArn")
    )
    assert error_of(client.assume_role, RoleArn=ROLE, RoleSessionName="ada") == "ValidationError"
