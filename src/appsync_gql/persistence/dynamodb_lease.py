"""The lease in a DynamoDB item: taken, extended and released."""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING, Any

from ..exceptions import LockTimeout

if TYPE_CHECKING:
    from collections.abc import Callable

    from .dynamodb_item import DynamoDBItem

__all__ = ["DynamoDBLeases", "Lease"]


class Lease:
    """A lease of this process: its id changes each time it is extended."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(8)


class DynamoDBLeases:
    """Takes, extends and releases leases of one item.

    DynamoDB has no clock to end a lease. A process that finds the same lease for as long as it
    lasts, by its own clock, takes it over.

    Args:
        item: the item.
        where: the item, as the beginning of an error message.
        seconds: how long a lease lasts.
        keep_seconds: seconds after which DynamoDB may delete an item that was only locked.
        now: this machine's wall clock, in seconds since the epoch.
        monotonic: a clock in seconds, by which others' leases end.
    """

    def __init__(
        self,
        item: DynamoDBItem,
        *,
        where: str,
        seconds: float,
        keep_seconds: float,
        now: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._item, self._where = item, where
        self._seconds, self._keep_seconds = seconds, keep_seconds
        self._now, self._monotonic = now, monotonic
        # The lease that others have, as DynamoDB shows it, and since when it is unchanged.
        self._seen: tuple[Any, float] | None = None

    def take(self) -> tuple[Lease, int]:
        """Take the lease if it is free, or was seen unchanged for as long as it lasts.

        Returns:
            The lease and its fence, which is higher than every fence in the item, and at
            least the present time in microseconds. So it is also higher than the fences
            of an item that was lost.

        Raises:
            LockTimeout: another process has the lease.
        """
        lease, seen, now = Lease(), self._seen, self._monotonic()
        ended: Any = None if seen is None or now - seen[1] < self._seconds else seen[0]
        fence = math.floor(self._now() * 1_000_000)
        refused = self._try(lease, fence, ended, *_below("fence", "saved"))
        if refused is not None and refused.get("lease") in (None, ended):
            # A fence in the item is higher: another machine's clock is ahead.
            fence = max(fence, _number(refused, "fence"), _number(refused, "saved")) + 1
            refused = self._try(lease, fence, ended, *_unchanged(refused, "fence", "saved"))
        if refused is not None and refused.get("lease") != {"S": lease.id}:
            # With this lease's id, boto3 has sent the request again: the response was lost.
            other = refused.get("lease")
            if other is not None and (seen is None or seen[0] != other):
                self._seen = (other, now)
            raise LockTimeout(f"{self._where} is locked by another process.")
        self._seen = None
        return lease, fence

    def extend(self, lease: Lease) -> bool:
        """Change the lease, so that others do not take it; return whether it was still held."""
        new = secrets.token_hex(8)
        values = {":mine": {"S": lease.id}, ":new": {"S": new}}
        refused = self._item.update("SET lease = :new", "lease = :mine", values)
        if refused is not None and refused.get("lease") != {"S": new}:
            return False
        lease.id = new
        return True

    def release(self, lease: Lease) -> None:
        """Remove the lease, if the item still has it."""
        self._item.update("REMOVE lease", "lease = :mine", {":mine": {"S": lease.id}})

    def _try(
        self, lease: Lease, fence: int, ended: Any, condition: str, values: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Take the lease if it is free or ended, and a condition is true; or return the item."""
        expires_at = math.floor(self._now() + self._keep_seconds)
        values = {
            **values,
            ":mine": {"S": lease.id},
            ":fence": {"N": str(fence)},
            ":expires_at": {"N": str(expires_at)},
        }
        free = "attribute_not_exists(lease)"
        if ended is not None:
            free, values = f"({free} OR lease = :ended)", values | {":ended": ended}
        change = (
            "SET lease = :mine, fence = :fence, expires_at = if_not_exists(expires_at, :expires_at)"
        )
        return self._item.update(change, f"{free} AND {condition}", values)


def _number(item: dict[str, Any], name: str) -> int:
    try:
        return int(item[name]["N"])
    except (KeyError, TypeError, ValueError):
        return 0


def _below(*names: str) -> tuple[str, dict[str, Any]]:
    """Return the condition that no fence in the item reaches the new one, with its values."""
    parts = [
        f"(attribute_not_exists({n}) OR NOT attribute_type({n}, :number) OR {n} < :fence)"
        for n in names
    ]
    return " AND ".join(parts), {":number": {"S": "N"}}


def _unchanged(item: dict[str, Any], *names: str) -> tuple[str, dict[str, Any]]:
    """Return the condition that attributes are as they are in an item, with its values."""
    parts = [f"{n} = :old_{n}" if n in item else f"attribute_not_exists({n})" for n in names]
    return " AND ".join(parts), {f":old_{n}": item[n] for n in names if n in item}
