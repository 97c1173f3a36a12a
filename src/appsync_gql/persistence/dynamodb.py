"""Sessions in a DynamoDB table, for any number of machines."""

from __future__ import annotations

import math
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..exceptions import StorageFailed
from ..secret import SecretBytes
from .blob import BlobPersistence
from .checks import check_seconds, check_text
from .dynamodb_client import DynamoDBCalls, too_large
from .dynamodb_item import PARTITION_KEY, DynamoDBItem
from .dynamodb_lease import DynamoDBLeases
from .encryption import EncryptionKey, secret_keys
from .lease import CurrentFence, hold_lease
from .session_json import NotSessions
from .sessions import DEFAULT_VALIDITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boto3.session import Session
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient

    from ..session_key import SessionKey

__all__ = ["DynamoDBPersistence"]

_LONGEST_LEASE = 3_600.0

_LARGEST_VALUE = 400 * 1024 - 3 * 1024
"""Bytes of sessions in an item of 400 KiB; the rest is for its key and other attributes
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html)."""


class DynamoDBPersistence(BlobPersistence):
    """Keeps sessions in one item of a DynamoDB table, through boto3.

    The lock is a lease: a process that finds it unchanged for ``lease`` seconds, by its own
    clock, takes it over, so that the clocks of machines need not agree. Every save is
    conditional: a save is refused if another process has taken the lease and saved since.

    The item's partition key is the attribute ``session_key``; ``expires_at`` (seconds since
    the epoch) is for the table's TTL.

    Args:
        table: the table's name; :meth:`create_table` creates it.
        key: the item's key. Use one for each user: sessions that share an item are renewed
            one after the other, and an item is large enough for some 40 users.
        endpoint_url: an emulator's address; ``None`` for AWS.
        allow_insecure: whether plain ``http://`` to another machine is allowed, because
            the network itself is secured.
        region: ``None`` for the one that boto3 is configured with.
        boto3_session: used to create the client. Its credentials must renew themselves.
            ``None`` for a new session, which loads the credentials again when they are refused.
        config: botocore settings that have priority over this package's.
        encryption_key: a key of ``cryptography.fernet.Fernet.generate_key()``, or
            several: the first encrypts, all decrypt. ``None`` for no encryption.
        accept_unencrypted: whether sessions that were saved before there was an
            ``encryption_key`` are used. Their next save encrypts them: remove it then.
        refresh_token_validity: seconds for which the app client's refresh tokens are valid
            from the sign-in; Cognito's default is 30 days. The item expires then, but not
            before half of these seconds have passed since the last save.
        lease: seconds after which the lock of a killed holder is taken over.
        monotonic: a clock in seconds, by which others' leases end.

    Raises:
        ConfigurationError: an argument can't be used.
        MissingExtra: ``pip install "appsync-gql[encryption]"`` is needed.
    """

    # For a repr in the traceback of a construction that failed.
    _table = _key = ""

    def __init__(
        self,
        table: str,
        *,
        key: str,
        endpoint_url: str | None = None,
        allow_insecure: bool = False,
        region: str | None = None,
        boto3_session: Session | None = None,
        config: Config | None = None,
        encryption_key: EncryptionKey = None,
        accept_unencrypted: bool = False,
        refresh_token_validity: float = DEFAULT_VALIDITY,
        lease: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        encryption_key = keys = secret_keys(encryption_key)
        super().__init__(
            encryption_key=keys,
            accept_unencrypted=accept_unencrypted,
            refresh_token_validity=refresh_token_validity,
        )
        self._table, self._key = check_text("table", table), check_text("key", key)
        self._lease = check_seconds("lease", lease, longest=_LONGEST_LEASE)
        self._fence = CurrentFence()
        self._dynamodb = DynamoDBCalls(
            where=self._where,
            region=region,
            endpoint_url=endpoint_url,
            session=boto3_session,
            config=config,
            allow_insecure=allow_insecure,
        )
        self._item = DynamoDBItem(self._dynamodb, table=table, key=key)
        self._leases = self._create_leases(monotonic)

    def _create_leases(self, monotonic: Callable[[], float]) -> DynamoDBLeases:
        return DynamoDBLeases(
            self._item,
            where=self._where,
            seconds=self._lease,
            keep_seconds=self._validity,
            now=self._now,
            monotonic=monotonic,
        )

    def create_table(self) -> None:
        """Create the table, billed by request and with its TTL on, unless it exists.

        Blocks until it can be used.

        Raises:
            ConfigurationError: the AWS credentials may not do this.
            StorageFailed: DynamoDB can't be reached.
        """
        self._dynamodb.run(self._create_table)

    def _create_table(self, client: DynamoDBClient) -> None:
        try:
            client.create_table(
                TableName=self._table,
                KeySchema=[{"AttributeName": PARTITION_KEY, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": PARTITION_KEY, "AttributeType": "S"}],
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
        lease, fence = self._leases.take()
        with (
            hold_lease(
                extend=lambda: self._leases.extend(lease),
                release=lambda: self._leases.release(lease),
                seconds=self._lease,
            ),
            self._fence.set(fence),
        ):
            yield

    def __repr__(self) -> str:
        return f"DynamoDBPersistence({self._table!r}, key={self._key!r})"

    # -- the stored value ---------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"The item {self._key!r} of the table {self._table!r}"

    def _read(self) -> SecretBytes | None:
        value = self._item.get("sessions")
        if value is None:
            return None
        if "B" not in value:
            raise NotSessions("the attribute sessions is not binary")
        return SecretBytes(value["B"])

    def _write(self, raw: SecretBytes, keep_seconds: float) -> None:
        if len(raw) > _LARGEST_VALUE:
            raise too_large(self._where)
        refused = self._item.update(
            "SET sessions = :sessions, saved = :fence, expires_at = :expires_at",
            "attribute_not_exists(saved) OR NOT attribute_type(saved, :number) OR saved <= :fence",
            {
                ":number": {"S": "N"},
                ":sessions": {"B": raw},
                ":fence": {"N": str(self._fence.number)},
                ":expires_at": {"N": str(math.floor(self._now() + keep_seconds))},
            },
        )
        if refused is not None:
            raise StorageFailed(
                f"{self._where} was saved by the next holder of its lock: this process was stopped "
                "for longer than the lease."
            )

    def _set_aside(self) -> str:
        aside = f"{self._key}:aside-{secrets.token_hex(4)}"
        self._item.copy_to(aside, "sessions")
        return f"the item {aside!r} of the table {self._table!r}"
