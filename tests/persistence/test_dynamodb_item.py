"""One item of a real table (moto's): read, changed on a condition, copied."""

from __future__ import annotations

import pytest

from appsync_gql.persistence.dynamodb_client import DynamoDBCalls
from appsync_gql.persistence.dynamodb_item import DynamoDBItem
from support.backends import aws_session

pytestmark = pytest.mark.peer("moto")


@pytest.fixture(scope="module")
def calls(dynamodb_url: str) -> DynamoDBCalls:
    return DynamoDBCalls(
        where="The item",
        region=None,
        endpoint_url=dynamodb_url,
        session=aws_session(),
        config=None,
        allow_insecure=False,
    )


@pytest.fixture
def item(calls: DynamoDBCalls, name: str) -> DynamoDBItem:
    return DynamoDBItem(calls, table="sessions", key=name)


def test_an_attribute_that_is_not_there_is_none(item: DynamoDBItem) -> None:
    assert item.get("saved") is None


def test_a_change_is_made_only_if_its_condition_is_true(item: DynamoDBItem) -> None:
    missing = "attribute_not_exists(saved)"
    for number, refused in (("1", None), ("2", {"N": "1"})):
        found = item.update("SET saved = :n", missing, {":n": {"N": number}})
        assert (found and found["saved"]) == refused
    assert item.get("saved") == {"N": "1"}


def test_a_copy_has_one_attribute(calls: DynamoDBCalls, item: DynamoDBItem, name: str) -> None:
    values = {":n": {"N": "1"}, ":b": {"B": b"raw"}}
    item.update("SET saved = :n, sessions = :b", "attribute_not_exists(saved)", values)
    item.copy_to(f"{name}:copy", "sessions")
    copy = DynamoDBItem(calls, table="sessions", key=f"{name}:copy")
    assert copy.get("sessions") == {"B": b"raw"}
    assert copy.get("saved") is None
