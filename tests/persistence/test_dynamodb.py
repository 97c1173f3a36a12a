"""DynamoDB, as moto has it: leases, conditions, the table."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from appsync_gql import (
    ConfigurationError,
    DynamoDBPersistence,
    LockTimeout,
    SessionKey,
    StorageCorrupt,
    StorageFailed,
)
from appsync_gql.testing import FakeClock
from appsync_gql.testing.contract import sample_tokens
from support.backends import aws_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    Open = Callable[..., DynamoDBPersistence]

pytestmark = pytest.mark.peer("moto")

CLIENT = SessionKey(client_id="client")
MONTH = 30 * 86_400


@pytest.fixture
def table(dynamodb_url: str) -> Iterator[DynamoDBClient]:
    with closing(aws_session().client("dynamodb", endpoint_url=dynamodb_url)) as client:
        yield client


@pytest.fixture
def open_(dynamodb_url: str, name: str) -> Open:
    def open_(**arguments: Any) -> DynamoDBPersistence:
        given = {"endpoint_url": dynamodb_url, "boto3_session": aws_session(), **arguments}
        return DynamoDBPersistence("sessions", key=name, **given)

    return open_


def save(place: DynamoDBPersistence, renewals: int = 0) -> None:
    with place.lock(CLIENT):
        place.save(CLIENT, sample_tokens(renewals=renewals))


def test_the_item_expires_with_the_refresh_token(
    open_: Open, table: DynamoDBClient, name: str
) -> None:
    save(open_(), renewals=5)
    item = table.get_item(TableName="sessions", Key={"session_key": {"S": name}})["Item"]
    assert item["expires_at"] == {"N": str(1_800_000_000 + MONTH)}


def test_create_table_makes_what_is_needed_and_may_be_called_again(
    open_: Open, table: DynamoDBClient
) -> None:
    open_().create_table()
    found = table.describe_table(TableName="sessions")["Table"]
    assert found["KeySchema"] == [{"AttributeName": "session_key", "KeyType": "HASH"}]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    ttl = table.describe_time_to_live(TableName="sessions")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_a_lease_seen_without_change_for_as_long_as_it_lasts_is_taken_over(
    open_: Open, table: DynamoDBClient, name: str
) -> None:
    """By the waiter's own clock, so that clocks of machines need not agree."""
    clock = FakeClock()
    place = open_(lease=10, monotonic=clock.monotonic)
    table.put_item(
        TableName="sessions", Item={"session_key": {"S": name}, "lease": {"S": "of a dead one"}}
    )
    for _ in range(2):
        with pytest.raises(LockTimeout), place.lock(CLIENT):
            pass
        clock.advance(5)
    save(place)
    assert place.load(CLIENT) == sample_tokens()


def test_a_lease_that_is_extended_is_not_taken_over(open_: Open) -> None:
    clock = FakeClock()
    holder, waiter = open_(lease=0.15), open_(lease=10, monotonic=clock.monotonic)
    with holder.lock(CLIENT):
        for _ in range(4):
            with pytest.raises(LockTimeout), waiter.lock(CLIENT):
                pass
            clock.advance(60)
            time.sleep(0.2)  # the holder extends it in real time


def test_who_lost_the_lease_can_not_overwrite_what_the_next_holder_wrote(
    open_: Open, table: DynamoDBClient, name: str
) -> None:
    place = open_()
    with place.lock(CLIENT):
        table.update_item(
            TableName="sessions",
            Key={"session_key": {"S": name}},
            UpdateExpression="REMOVE lease",
        )
        save(open_(), renewals=2)
        with pytest.raises(StorageFailed, match="stood still"):
            place.save(CLIENT, sample_tokens(renewals=1))
    assert place.load(CLIENT) == sample_tokens(renewals=2)


def test_saving_needs_the_lock(open_: Open) -> None:
    with pytest.raises(StorageFailed, match="under the lock"):
        open_().save(CLIENT, sample_tokens())


def test_something_else_in_the_item_is_set_aside(
    open_: Open, table: DynamoDBClient, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    table.put_item(
        TableName="sessions", Item={"session_key": {"S": name}, "sessions": {"B": b"junk"}}
    )
    place = open_()
    with pytest.raises(StorageCorrupt, match=name):
        place.load(CLIENT)
    save(place)
    aside = caplog.text.split("moved to the item '")[1].split("'")[0]
    item = table.get_item(TableName="sessions", Key={"session_key": {"S": aside}})["Item"]
    assert item["sessions"] == {"B": b"junk"}


def test_a_missing_table_names_the_call_that_makes_it(dynamodb_url: str) -> None:
    place = DynamoDBPersistence(
        "no-such-table", key="k", endpoint_url=dynamodb_url, boto3_session=aws_session()
    )
    with pytest.raises(ConfigurationError, match="create_table"):
        place.load(CLIENT)


def test_a_dynamodb_that_is_down_is_a_transient_failure() -> None:
    place = DynamoDBPersistence(
        "sessions",
        key="k",
        endpoint_url="http://127.0.0.1:1",
        boto3_session=aws_session(),
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(StorageFailed, match="can't be used now"):
        place.load(CLIENT)
    with pytest.raises(StorageFailed, match="can't be used now"), place.lock(CLIENT):
        pass


@pytest.mark.parametrize(
    "arguments", [{"table": ""}, {"key": ""}, {"lease": 0}, {"lease": float("inf")}]
)
def test_bad_arguments_are_told_at_once(arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        DynamoDBPersistence(**{"table": "sessions", "key": "k", **arguments})
