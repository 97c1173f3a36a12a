"""Sessions in a DynamoDB table, for any number of machines."""

from __future__ import annotations

import math
import secrets
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..boto3_client import client_for, without_debug_logs
from ..exceptions import ConfigurationError, LockTimeout, StorageFailed
from .blob import DocumentPersistence
from .lease import Fence, extended

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boto3.session import Session
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient

    from ..session_key import SessionKey

__all__ = ["DynamoDBPersistence"]

_PARTITION_KEY = "session_key"
_CONFIGURATION = {
    "AccessDeniedException": "The AWS credentials may not do this; the README has the IAM policy",
    "ExpiredTokenException": "The AWS credentials have expired",
    "ResourceNotFoundException": "There is no such table; create_table() makes it",
    "UnrecognizedClientException": "The AWS credentials are wrong",
    "ValidationException": "The table is of another shape; create_table() makes the right one",
}


class DynamoDBPersistence(DocumentPersistence):
    """Keeps sessions in one item of a DynamoDB table, through boto3.

    The lock is a lease: whoever finds it unchanged for ``lease`` seconds, by
    their own clock, takes it over, so clocks of machines need not agree. Every
    write is conditional: one whose holder has lost the lease to somebody who
    wrote since is refused.

    The item's partition key is the attribute ``session_key``; ``expires_at`` is
    for the table's TTL (seconds since the epoch).

    Args:
        table: the table's name; :meth:`create_table` makes it.
        key: the item's key. Give each user one, or all users of a server:
            sessions that share one are kept apart, but renewed one after the other.
        endpoint_url: an emulator's address; ``None`` for AWS.
        region: ``None`` for the one that boto3 is configured with.
        boto3_session: used to make the client; ``None`` for a plain one.
        config: botocore settings laid over this package's.
        encryption_key: a key of ``cryptography.fernet.Fernet.generate_key()``, or
            several: the first encrypts, all decrypt. ``None`` for none.
        refresh_token_validity: seconds that the app client's refresh tokens
            live, from sign-in. Cognito's default is 30 days.
        lease: seconds after which the lock of a dead holder is taken over.

    Raises:
        ConfigurationError: an argument can't be used.
        MissingExtra: ``pip install "appsync-gql[encryption]"`` is needed.
    """

    def __init__(
        self,
        table: str,
        *,
        key: str,
        endpoint_url: str | None = None,
        region: str | None = None,
        boto3_session: Session | None = None,
        config: Config | None = None,
        encryption_key: str | bytes | Sequence[str | bytes] | None = None,
        refresh_token_validity: float = 30 * 86_400.0,
        lease: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            encryption_key=encryption_key, refresh_token_validity=refresh_token_validity
        )
        if not table or not key:
            raise ConfigurationError("table and key must not be empty.", setting="table")
        if not (math.isfinite(lease) and lease > 0):
            raise ConfigurationError("lease is a number of seconds above 0.", setting="lease")
        self._table, self._key = table, key
        self._settings = (region, endpoint_url, boto3_session, config)
        self._lease = lease
        self._monotonic = monotonic
        self._fence = Fence()
        self._kept: DynamoDBClient | None = None
        # The lease that others have, and since when it is seen.
        self._seen: tuple[str, float] | None = None

    def create_table(self) -> None:
        """Make the table, billed by request and with its TTL on; nothing happens if it is there.

        Blocks until it can be used.

        Raises:
            ConfigurationError: the AWS credentials may not do this.
            StorageFailed: DynamoDB can't be reached.
        """
        with self._told():
            client = self._client()
            try:
                client.create_table(
                    TableName=self._table,
                    KeySchema=[{"AttributeName": _PARTITION_KEY, "KeyType": "HASH"}],
                    AttributeDefinitions=[
                        {"AttributeName": _PARTITION_KEY, "AttributeType": "S"},
                    ],
                    BillingMode="PAY_PER_REQUEST",
                )
            except client.exceptions.ResourceInUseException:
                return
            client.get_waiter("table_exists").wait(TableName=self._table)
            client.update_time_to_live(
                TableName=self._table,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
            )

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Take the lease; see :class:`TokenPersistence`."""
        del key
        mine = _Lease()
        fence = self._take(mine.id)
        try:
            with extended(lambda: self._extend(mine), self._lease), self._fence.of(fence):
                yield
        finally:
            self._release(mine)

    def __repr__(self) -> str:
        return f"DynamoDBPersistence({self._table!r}, key={self._key!r})"

    # -- the lease --------------------------------------------------------------

    def _take(self, mine: str) -> int:
        """Take the lease if it is free, or seen without change for as long as it lasts."""
        seen, now = self._seen, self._monotonic()
        lapsed = seen is not None and now - seen[1] >= self._lease
        condition, values = "attribute_not_exists(lease)", {":mine": {"S": mine}, ":1": {"N": "1"}}
        if seen is not None and lapsed:
            condition, values = f"{condition} OR lease = :seen", values | {":seen": {"S": seen[0]}}
        found = self._update("SET lease = :mine ADD fence :1", condition, values, "UPDATED_NEW")
        if isinstance(found, _Refused):
            other = found.lease
            if other != mine:  # else boto3 asked again, having lost the first answer
                if seen is None or seen[0] != other:
                    self._seen = (other, now)
                raise LockTimeout(f"{self._where} is locked by another process.")
        self._seen = None
        return int(found["Attributes"]["fence"]["N"])

    def _extend(self, mine: _Lease) -> bool:
        """Change the lease, so that others see that its holder lives."""
        with mine.changing:
            new = secrets.token_hex(8)
            values = {":mine": {"S": mine.id}, ":new": {"S": new}}
            found = self._update("SET lease = :new", "lease = :mine", values)
            if isinstance(found, _Refused) and found.lease != new:
                return False
            mine.id = new
            return True

    def _release(self, mine: _Lease) -> None:
        self._update("REMOVE lease", "lease = :mine", {":mine": {"S": mine.id}})

    # -- bytes ------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"The item {self._key!r} of the table {self._table!r}"

    def _read(self) -> bytes | None:
        with self._told():
            found = self._client().get_item(
                TableName=self._table,
                Key=self._item,
                ConsistentRead=True,
                ProjectionExpression="sessions",
            )
        item = found.get("Item", {})
        return bytes(item["sessions"]["B"]) if "sessions" in item else None

    def _write(self, raw: bytes, expires_at: float) -> None:
        found = self._update(
            "SET sessions = :sessions, saved = :fence, expires_at = :expires_at",
            "attribute_not_exists(saved) OR saved <= :fence",
            {
                ":sessions": {"B": raw},
                ":fence": {"N": str(self._fence.number)},
                ":expires_at": {"N": str(math.floor(expires_at))},
            },
        )
        if isinstance(found, _Refused):
            raise StorageFailed(
                f"{self._where} was written by the next holder of its lock: this process had stood "
                "still for longer than the lease."
            )

    def _set_aside(self, raw: bytes) -> str:
        aside = f"{self._key}:aside-{secrets.token_hex(4)}"
        with self._told():
            self._client().put_item(
                TableName=self._table,
                Item={_PARTITION_KEY: {"S": aside}, "sessions": {"B": raw}},
            )
        return f"the item {aside!r} of the table {self._table!r}"

    # -- boto3's calls ------------------------------------------------------------

    @property
    def _item(self) -> dict[str, Any]:
        return {_PARTITION_KEY: {"S": self._key}}

    def _client(self) -> DynamoDBClient:
        client: DynamoDBClient = client_for("dynamodb", *self._settings)
        self._kept = client
        return client

    def _update(
        self, change: str, condition: str, values: dict[str, Any], give: Any = "NONE"
    ) -> Any:
        """Change the item if the condition holds; give :class:`_Refused` if it does not."""
        with self._told():
            client = self._client()
            try:
                return client.update_item(
                    TableName=self._table,
                    Key=self._item,
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValues=give,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except client.exceptions.ConditionalCheckFailedException as error:
                return _Refused(Attributes=error.response.get("Item") or {})

    @contextmanager
    def _told(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            with without_debug_logs():
                yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "Unknown")
            if code in _CONFIGURATION:
                raise ConfigurationError(
                    f"{self._where}: {_CONFIGURATION[code]} ({code}).", setting="persistence"
                ) from None
            raise StorageFailed(f"{self._where} can't be used now ({code}).") from None
        except BotoCoreError as error:
            raise StorageFailed(
                f"{self._where} can't be used now ({type(error).__name__}: {error})."
            ) from None


class _Lease:
    """A lease that is held: its id changes each time it is extended."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(8)
        self.changing = threading.Lock()


class _Refused(dict[str, Any]):
    """A condition did not hold: what there was instead, in the shape of an answer."""

    @property
    def lease(self) -> str:
        """Whose the lease was; empty for nobody's."""
        return str(self["Attributes"].get("lease", {}).get("S", ""))
