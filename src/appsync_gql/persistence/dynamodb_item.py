"""One item of a DynamoDB table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from .dynamodb_client import DynamoDBCalls

__all__ = ["PARTITION_KEY", "DynamoDBItem"]

PARTITION_KEY = "session_key"


class DynamoDBItem:
    """One item, read and changed by attributes.

    Args:
        calls: runs the calls.
        table: the table's name.
        key: the item's partition key.
    """

    def __init__(self, calls: DynamoDBCalls, *, table: str, key: str) -> None:
        self._calls, self._table, self._key = calls, table, key

    def get(self, attribute: str) -> Any:
        """Return the latest value of an attribute, such as ``{"S": "text"}``; or ``None``."""
        found = self._calls.run(
            lambda client: client.get_item(
                TableName=self._table,
                Key={PARTITION_KEY: {"S": self._key}},
                ConsistentRead=True,
                ProjectionExpression=attribute,
            )
        )
        return found.get("Item", {}).get(attribute)

    def update(self, change: str, condition: str, values: dict[str, Any]) -> dict[str, Any] | None:
        """Change the item if the condition is true; return the item if it is not.

        The change may be sent twice, so it must do no harm a second time.

        Args:
            change: an update expression.
            condition: a condition expression.
            values: the values of both.

        Returns:
            ``None`` if the item was changed.
        """

        def update(client: DynamoDBClient) -> Any:
            try:
                client.update_item(
                    TableName=self._table,
                    Key={PARTITION_KEY: {"S": self._key}},
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except client.exceptions.ConditionalCheckFailedException as error:
                return error.response.get("Item") or {}
            return None

        refused: dict[str, Any] | None = self._calls.run(update)
        return refused

    def copy_to(self, key: str, attribute: str) -> None:
        """Create or replace another item that has this attribute only."""
        value = self.get(attribute)
        self._calls.run(
            lambda client: client.put_item(
                TableName=self._table, Item={PARTITION_KEY: {"S": key}, attribute: value}
            )
        )
