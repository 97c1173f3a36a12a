from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from gql.transport.exceptions import TransportError

import appsync_gql
from appsync_gql import (
    AppSyncError,
    ChallengeRequired,
    ConfigurationError,
    Denied,
    OutcomeUnknown,
    RenewalFailed,
    ServerFailed,
    StorageFailed,
    Throttled,
    exceptions,
)

EVERY = [getattr(exceptions, name) for name in exceptions.__all__]


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_is_one_of_gqls_and_has_the_four_attributes(kind: type[AppSyncError]) -> None:
    error = kind("text", status=418, error_type="Teapot", request_id="id", may_have_executed=True)
    assert isinstance(error, TransportError)
    assert str(error) == "text"
    assert (error.status, error.error_type, error.request_id) == (418, "Teapot", "id")
    assert error.may_have_executed is True


QUERY_ERROR = {"errors": [{"message": "no"}], "data": {"a": None}, "extensions": {"trace": 1}}
CHALLENGE = {"challenge_name": "SMS_MFA", "parameters": {"to": "+49…"}, "username": "ada"}


@pytest.mark.parametrize(
    ("kind", "defaults", "given"),
    [
        (AppSyncError, {"may_have_executed": False}, {"may_have_executed": True}),
        (OutcomeUnknown, {"may_have_executed": True}, {"may_have_executed": False}),
        (Denied, {"errors": None, "data": None, "extensions": None}, QUERY_ERROR),
        (ConfigurationError, {"setting": None}, {"setting": "client_secret"}),
        (ChallengeRequired, {"challenge_name": "", "parameters": {}, "username": ""}, CHALLENGE),
        (
            RenewalFailed,
            {"kind": "provider", "retry_after": 0.0},
            {"kind": "network", "retry_after": 2.0},
        ),
        (StorageFailed, {"kind": "storage"}, {"kind": "lock"}),
        (Throttled, {"retry_after": None}, {"retry_after": 2.0}),
    ],
)
def test_the_attributes_of_an_error_are_its_arguments_or_their_defaults(
    kind: type[AppSyncError], defaults: dict[str, Any], given: dict[str, Any]
) -> None:
    for arguments, expected in (({}, defaults), (given, given)):
        error = kind("text", **arguments)
        assert {name: getattr(error, name) for name in expected} == expected


@pytest.mark.parametrize("kind", [Throttled, ServerFailed, OutcomeUnknown])
def test_errors_that_are_gqls_server_errors_have_the_status_as_its_code(
    kind: type[Throttled | ServerFailed | OutcomeUnknown],
) -> None:
    assert kind("text", status=503).code == 503


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_can_be_copied_for_another_waiter(kind: type[AppSyncError]) -> None:
    error = copy.copy(kind("text", status=418))
    assert (type(error), str(error), error.status) == (kind, "text", 418)


@pytest.mark.parametrize("kind", [k for k in EVERY if k is not ChallengeRequired])
def test_errors_travel_between_processes(kind: type[AppSyncError]) -> None:
    error = pickle.loads(pickle.dumps(kind("text", error_type="X")))  # noqa: S301
    assert (type(error), str(error), error.error_type) == (kind, "text", "X")


def test_a_challenge_does_not_show_its_session_string() -> None:
    error = ChallengeRequired("text", challenge_name="SMS_MFA", session="s3ssion")
    assert error.session == "s3ssion"
    assert "s3ssion" not in repr(vars(error))


def test_every_error_is_public() -> None:
    assert set(exceptions.__all__) <= set(appsync_gql.__all__)


def test_the_public_names_are_sorted_and_exist() -> None:
    assert appsync_gql.__all__ == sorted(appsync_gql.__all__)
    assert all(hasattr(appsync_gql, name) for name in appsync_gql.__all__)
