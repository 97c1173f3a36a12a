"""Leases of an item: when they are free, and which fence they get. On an item in memory."""

from __future__ import annotations

from typing import Any

import pytest

from appsync_gql import LockTimeout
from appsync_gql.persistence.dynamodb_lease import DynamoDBLeases
from appsync_gql.testing import FakeClock


class Item:
    """Evaluates the few expressions that leases use. :mod:`test_dynamodb` uses a real parser."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}

    def get(self, attribute: str) -> Any:
        return self.attributes.get(attribute)

    def update(self, change: str, condition: str, values: dict[str, Any]) -> dict[str, Any] | None:
        if not self._is_true(condition, values):
            return dict(self.attributes)
        if change.startswith("REMOVE "):
            self.attributes.pop(change.removeprefix("REMOVE "))
            return None
        for part in change.removeprefix("SET ").split(", ", 2):
            name, _, value = part.partition(" = ")
            if value.startswith("if_not_exists("):
                self.attributes.setdefault(name, values[value.split(", ")[1].rstrip(")")])
            else:
                self.attributes[name] = values[value]
        return None

    def _is_true(self, condition: str, values: dict[str, Any]) -> bool:
        return all(
            any(self._holds(one.strip("() "), values) for one in part.split(" OR "))
            for part in condition.split(" AND ")
        )

    def _holds(self, comparison: str, values: dict[str, Any]) -> bool:
        if comparison.startswith("attribute_not_exists("):
            return comparison.partition("(")[2] not in self.attributes
        if comparison.startswith("NOT attribute_type("):
            return "N" not in self.attributes[comparison.partition("(")[2].split(",")[0]]
        name, operator, value = comparison.split()
        found, wanted = self.attributes.get(name, {}), values[value]
        if operator == "=":
            return bool(found == wanted)
        return "N" in found and "N" in wanted and float(found["N"]) < float(wanted["N"])


class Machine:
    """A process with a wall clock of its own."""

    def __init__(self, item: Item, clock: FakeClock, *, ahead: float = 0.0) -> None:
        self.leases = DynamoDBLeases(
            item,  # type: ignore[arg-type]
            where="The item",
            seconds=10.0,
            keep_seconds=1_000.0,
            now=lambda: clock.wall() + ahead,
            monotonic=clock.monotonic,
        )

    def fence(self) -> int:
        """Take the lease, release it, and return its fence."""
        lease, fence = self.leases.take()
        self.leases.release(lease)
        return fence


@pytest.fixture
def item() -> Item:
    return Item()


def test_a_fence_is_the_time_in_microseconds(item: Item, clock: FakeClock) -> None:
    assert Machine(item, clock).fence() == int(clock.wall() * 1_000_000)


def test_fences_grow_while_the_clock_stands_still(item: Item, clock: FakeClock) -> None:
    machine = Machine(item, clock)
    fences = [machine.fence() for _ in range(4)]
    assert fences == sorted(set(fences))


def test_fences_grow_from_a_machine_to_one_whose_clock_is_behind(
    item: Item, clock: FakeClock
) -> None:
    ahead, behind = Machine(item, clock, ahead=3600.0), Machine(item, clock)
    fences = [ahead.fence(), behind.fence(), ahead.fence(), behind.fence()]
    assert fences == sorted(set(fences))


def test_fences_grow_after_the_item_was_lost(item: Item, clock: FakeClock) -> None:
    machine = Machine(item, clock)
    before = [machine.fence() for _ in range(50)]
    item.attributes.clear()
    clock.advance(0.001)
    assert machine.fence() > max(before)


@pytest.mark.parametrize("value", [{"S": "text"}, {"N": "1e3"}, {"NULL": True}])
@pytest.mark.parametrize("name", ["fence", "saved"])
def test_an_attribute_of_another_type_stops_nobody(
    item: Item, clock: FakeClock, name: str, value: Any
) -> None:
    item.attributes[name] = value
    assert Machine(item, clock).fence()


def test_a_fence_is_higher_than_that_of_the_last_save(item: Item, clock: FakeClock) -> None:
    item.attributes["saved"] = {"N": str(10**17)}
    assert Machine(item, clock).fence() == 10**17 + 1


def test_a_lease_is_taken_over_when_it_was_unchanged_for_as_long_as_it_lasts(
    item: Item, clock: FakeClock
) -> None:
    one, other = Machine(item, clock), Machine(item, clock)
    lost, fence = one.leases.take()
    for _ in range(2):
        with pytest.raises(LockTimeout):
            other.leases.take()
        clock.advance(5.0)
    _, higher = other.leases.take()
    assert higher > fence
    assert not one.leases.extend(lost)
    one.leases.release(lost)
    with pytest.raises(LockTimeout):
        one.leases.take()


def test_a_lease_that_is_extended_is_not_taken_over(item: Item, clock: FakeClock) -> None:
    one, other = Machine(item, clock), Machine(item, clock)
    lease, _ = one.leases.take()
    for _ in range(4):
        with pytest.raises(LockTimeout):
            other.leases.take()
        assert one.leases.extend(lease)
        clock.advance(60.0)


def test_a_lease_of_another_type_is_taken_over_too(item: Item, clock: FakeClock) -> None:
    item.attributes["lease"] = {"N": "7"}
    machine = Machine(item, clock)
    with pytest.raises(LockTimeout):
        machine.leases.take()
    clock.advance(10.0)
    assert machine.fence()


def test_an_item_that_was_only_locked_expires(item: Item, clock: FakeClock) -> None:
    Machine(item, clock).fence()
    assert item.attributes["expires_at"] == {"N": str(int(clock.wall() + 1_000))}


class Repeating(Item):
    """Runs each change twice and returns the second result, as boto3 does after a lost response."""

    def update(self, change: str, condition: str, values: dict[str, Any]) -> dict[str, Any] | None:
        super().update(change, condition, values)
        return super().update(change, condition, values)


def test_a_lost_response_is_no_lost_lease(clock: FakeClock) -> None:
    machine = Machine(Repeating(), clock)
    lease, _ = machine.leases.take()
    assert machine.leases.extend(lease)
    machine.leases.release(lease)
    assert machine.fence()
