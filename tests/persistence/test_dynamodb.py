"""Sessions in DynamoDB, as moto has it: leases, conditions, lost items, the table."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import (
    ConfigurationError,
    DynamoDBPersistence,
    InsecureEndpoint,
    LockTimeout,
    SessionKey,
    StorageCorrupt,
    StorageFailed,
)
from appsync_gql.secret import SecretBytes
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
def item(name: str) -> dict[str, Any]:
    """The arguments that name the item."""
    return {"TableName": "sessions", "Key": {"session_key": {"S": name}}}


@pytest.fixture
def open_(dynamodb_url: str, name: str) -> Open:
    def open_(**arguments: Any) -> DynamoDBPersistence:
        given = {"endpoint_url": dynamodb_url, "boto3_session": aws_session(), **arguments}
        return DynamoDBPersistence("sessions", key=name, **given)

    return open_


def save(persistence: DynamoDBPersistence, renewals: int = 0) -> None:
    with persistence.lock(CLIENT):
        persistence.save(CLIENT, sample_tokens(renewals=renewals))


def test_the_item_expires_with_the_refresh_token(
    open_: Open, table: DynamoDBClient, item: dict[str, Any]
) -> None:
    save(open_(), renewals=5)
    found = table.get_item(**item)["Item"]
    assert abs(int(found["expires_at"]["N"]) - (1_800_000_000 + MONTH)) <= 1


def test_a_session_older_than_the_validity_is_kept_when_it_was_renewed(
    open_: Open, table: DynamoDBClient, item: dict[str, Any]
) -> None:
    persistence = open_()
    with persistence.lock(CLIENT):
        persistence.save(CLIENT, sample_tokens(signed_in_at=int(time.time()) - 31 * 86_400))
    assert int(table.get_item(**item)["Item"]["expires_at"]["N"]) > time.time() + MONTH / 2 - 60


def test_create_table_creates_what_is_needed_and_may_be_called_again(
    open_: Open, table: DynamoDBClient
) -> None:
    open_().create_table()
    found = table.describe_table(TableName="sessions")["Table"]
    assert found["KeySchema"] == [{"AttributeName": "session_key", "KeyType": "HASH"}]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    ttl = table.describe_time_to_live(TableName="sessions")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


# -- the lease ----------------------------------------------------------------------------------


def test_a_lease_seen_without_change_for_as_long_as_it_lasts_is_taken_over(
    open_: Open, table: DynamoDBClient, item: dict[str, Any]
) -> None:
    """By the waiter's own clock, so that clocks of machines need not agree."""
    clock = FakeClock()
    persistence = open_(lease=10, monotonic=clock.monotonic)
    table.put_item(TableName="sessions", Item={**item["Key"], "lease": {"S": "of a dead holder"}})
    for _ in range(2):
        with pytest.raises(LockTimeout), persistence.lock(CLIENT):
            pass
        clock.advance(5)
    save(persistence)
    assert persistence.load(CLIENT) == sample_tokens()


def test_a_lease_that_is_extended_is_not_taken_over(open_: Open) -> None:
    clock = FakeClock()
    holder, waiter = open_(lease=0.15), open_(lease=10, monotonic=clock.monotonic)
    with holder.lock(CLIENT):
        for _ in range(4):
            with pytest.raises(LockTimeout), waiter.lock(CLIENT):
                pass
            clock.advance(60)
            time.sleep(0.2)  # the holder extends it in real time


def test_a_process_that_lost_the_lease_can_not_overwrite_what_the_next_holder_saved(
    open_: Open, table: DynamoDBClient, item: dict[str, Any]
) -> None:
    persistence = open_()
    with persistence.lock(CLIENT):
        table.update_item(**item, UpdateExpression="REMOVE lease")
        save(open_(), renewals=2)
        with pytest.raises(StorageFailed, match="stopped for longer than the lease"):
            persistence.save(CLIENT, sample_tokens(renewals=1))
    assert persistence.load(CLIENT) == sample_tokens(renewals=2)


def test_saving_needs_the_lock(open_: Open) -> None:
    with pytest.raises(StorageFailed, match="need the lock"):
        open_().save(CLIENT, sample_tokens())


# -- lost items ---------------------------------------------------------------------------------


def test_after_a_loss_of_the_item_under_the_lock_every_later_save_is_accepted(
    open_: Open, table: DynamoDBClient, item: dict[str, Any]
) -> None:
    one, other = open_(), open_()
    for renewals in range(5):
        save(one, renewals)
    with one.lock(CLIENT):
        table.delete_item(**item)
        one.save(CLIENT, sample_tokens(renewals=5))
    for renewals in range(6, 9):
        save(other if renewals % 2 else one, renewals)
        assert one.load(CLIENT) == sample_tokens(renewals=renewals)


def test_after_a_loss_of_the_item_an_old_holder_still_can_not_overwrite_newer_sessions(
    open_: Open, table: DynamoDBClient, item: dict[str, Any]
) -> None:
    one, other = open_(), open_()
    for renewals in range(5):
        save(one, renewals)
    with one.lock(CLIENT):
        table.delete_item(**item)
        save(other, renewals=7)
        with pytest.raises(StorageFailed, match="next holder"):
            one.save(CLIENT, sample_tokens(renewals=6))
    assert one.load(CLIENT) == sample_tokens(renewals=7)


@pytest.mark.parametrize("name_", ["fence", "saved"])
@pytest.mark.parametrize("value", [{"N": str(10**17)}, {"S": "text"}], ids=str)
def test_an_impossible_fence_in_the_item_stops_nobody(
    open_: Open, table: DynamoDBClient, item: dict[str, Any], name_: str, value: Any
) -> None:
    persistence = open_()
    table.put_item(TableName="sessions", Item={**item["Key"], name_: value})
    for renewals in (1, 2):
        save(persistence, renewals)
        assert persistence.load(CLIENT) == sample_tokens(renewals=renewals)


# -- other values in the item ---------------------------------------------------------------------


@pytest.mark.parametrize("junk", [{"B": b"junk"}, {"S": "junk"}, {"L": []}], ids=str)
def test_something_else_in_the_item_is_moved(
    open_: Open,
    table: DynamoDBClient,
    item: dict[str, Any],
    junk: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    table.put_item(TableName="sessions", Item={**item["Key"], "sessions": junk})
    persistence = open_()
    with pytest.raises(StorageCorrupt, match=item["Key"]["session_key"]["S"]):
        persistence.load(CLIENT)
    save(persistence)
    assert persistence.load(CLIENT) == sample_tokens()
    aside = caplog.text.split("moved to the item '")[1].split("'")[0]
    found = table.get_item(TableName="sessions", Key={"session_key": {"S": aside}})["Item"]
    assert found["sessions"] == junk


def test_more_sessions_than_an_item_can_have_are_refused_before_sending(open_: Open) -> None:
    persistence = open_()
    save(persistence)
    with (
        persistence.lock(CLIENT),
        pytest.raises(ConfigurationError, match="use a key for each user") as caught,
    ):
        persistence.save(CLIENT, sample_tokens(user="grace", length=200_000))
    assert caught.value.setting == "key"
    assert persistence.load(CLIENT) == sample_tokens()


def test_the_size_of_an_item_is_checked_without_dynamodb(open_: Open) -> None:
    persistence = open_(endpoint_url="http://127.0.0.1:1")
    with persistence._fence.set(1), pytest.raises(ConfigurationError, match="400 kB"):
        persistence._write(SecretBytes(bytes(400_000 + 9_000)), 60.0)


# -- errors and arguments ---------------------------------------------------------------------


def test_a_missing_table_names_the_call_that_creates_it(dynamodb_url: str) -> None:
    persistence = DynamoDBPersistence(
        "no-such-table", key="k", endpoint_url=dynamodb_url, boto3_session=aws_session()
    )
    with pytest.raises(ConfigurationError, match="create_table"):
        persistence.load(CLIENT)


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"table": ""}, "table"),
        ({"table": b"sessions"}, "table"),
        ({"key": ""}, "key"),
        ({"key": 7}, "key"),
        ({"region": "Ireland"}, "region"),
        ({"lease": 0}, "lease"),
        ({"lease": float("inf")}, "lease"),
        ({"lease": "10"}, "lease"),
        ({"refresh_token_validity": float("nan")}, "refresh_token_validity"),
        ({"endpoint_url": "nonsense"}, "endpoint_url"),
        ({"encryption_key": "short"}, "encryption_key"),
    ],
)
def test_bad_arguments_are_refused_at_construction(arguments: dict[str, Any], setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DynamoDBPersistence(**{"table": "sessions", "key": "k", **arguments})
    assert caught.value.setting == setting


def test_plain_http_to_another_machine_needs_an_explicit_word() -> None:
    address = "http://10.0.0.7:8000"
    with pytest.raises(InsecureEndpoint):
        DynamoDBPersistence("sessions", key="k", endpoint_url=address)
    DynamoDBPersistence("sessions", key="k", endpoint_url=address, allow_insecure=True)
