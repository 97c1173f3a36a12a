"""Which of the services at one address a request is for."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict

from appsync_gql.testing import Emulator
from appsync_gql.testing.emulator.authorization import AuthorizationRequest
from appsync_gql.testing.emulator.aws_services import AwsServices


@pytest.fixture(scope="module")
def services() -> AwsServices:
    return Emulator(iam_credentials={}, guests=True)._server._services


def request(target: str, body: bytes) -> AuthorizationRequest:
    return AuthorizationRequest(headers=CIMultiDict({"X-Amz-Target": target}), body=body)


@pytest.mark.parametrize(
    ("target", "body", "operation", "error"),
    [
        (
            "AWSCognitoIdentityProviderService.InitiateAuth",
            b"{}",
            "InitiateAuth",
            "InvalidParameterException",
        ),
        ("AWSCognitoIdentityService.GetId", b"{}", "GetId", "ResourceNotFoundException"),
        ("AWSCognitoIdentityService.GetId", b"no JSON", "GetId", "SerializationException"),
        ("", b"Action=AssumeRole", "AssumeRole", "IncompleteSignature"),
        ("", b"", "", "UnknownOperationException"),
    ],
)
def test_a_request_is_for_the_service_that_it_names(
    services: AwsServices, target: str, body: bytes, operation: str, error: str
) -> None:
    wanted = request(target, body)
    assert services.operation(wanted) == operation
    assert services.respond(wanted).error_type == error
