"""A subscription that is followed by a cell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql import ApiKeyAuth, Denied, Gap, Refused, connect, gql
from appsync_gql.notebook.live import EventLog, SubscriptionReader, follow
from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CREATED = gql("subscription { onCreateItem { id } }")
CREATE = gql('mutation Create($key: ID!) { createItem(key: $key, name: "tea") { id } }')


class Script:
    """A reader that plays what is taken: lists of events, an error, or an interrupt."""

    def __init__(self, *steps: Any) -> None:
        self.steps, self.stopped = list(steps), False

    def start(self) -> None:
        if self.steps[0] == "at the start":
            raise KeyboardInterrupt

    def take(self, add: Callable[[Any], None], _: float) -> bool:
        step = self.steps.pop(0)
        if step is None:
            return False
        for event in step if isinstance(step, list) else [step]:
            if isinstance(event, type | Exception):
                raise event
            add(event)
        return True

    def stop(self) -> None:
        self.stopped = True


@pytest.mark.parametrize(
    ("steps", "until", "events", "title"),
    [
        ([[], ["a"], None], None, ["a"], "1 event: AppSync ended the subscription"),
        ([["a", "b", "c"]], 2, ["a", "b"], "2 events: complete"),
        ([["a"], ["b", KeyboardInterrupt, "c"]], None, ["a", "b"], "2 events: stopped"),
        ([["a"], KeyboardInterrupt], None, ["a"], "1 event: stopped"),
        (["at the start"], None, [], "0 events: stopped"),
        (
            [["a", Gap("reset")], None],
            None,
            ["a"],
            "1 event, 1 gap: AppSync ended the subscription",
        ),
    ],
)
def test_it_ends_with_a_record(
    steps: list[Any], until: int | None, events: list[str], title: str
) -> None:
    log, titles, reader = EventLog(), [], Script(*steps)
    follow(reader, log, until=until, update=lambda: titles.append(log.title))  # type: ignore[arg-type]
    assert log.events == events
    assert titles[-1] == title
    assert reader.stopped


def test_an_error_is_raised_and_the_record_stays() -> None:
    log, reader = EventLog(), Script(["a"], Denied("no"))
    with pytest.raises(Denied):
        follow(reader, log, until=None, update=lambda: None)  # type: ignore[arg-type]
    assert log.title == "1 event: failed"
    assert reader.stopped


@pytest.fixture(scope="module")
def local() -> Iterator[Emulator]:
    with Emulator.in_thread(api_keys=["da2-key"]) as local:
        yield local


def test_events_of_a_real_subscription_arrive_and_it_can_be_stopped(local: Emulator) -> None:
    client = connect(url=local.graphql_url, auth=ApiKeyAuth("da2-key"))
    reader = SubscriptionReader(client, CREATED)
    reader.start()
    found: list[Any] = []
    for number in range(100):
        client.execute(gql(f'mutation {{ createItem(key: "k{number}", name: "tea") {{ id }} }}'))
        assert reader.take(found.append, 0.1)
        if found:
            break
    assert found[0]["onCreateItem"]["id"].startswith("k")
    reader.stop()
    assert not reader.take(found.append, 1)
    assert not reader.is_running


def test_a_subscription_can_be_stopped_at_once_and_before_it_has_begun(local: Emulator) -> None:
    client = connect(url=local.graphql_url, auth=ApiKeyAuth("da2-key"))
    for began in (False, True):
        reader = SubscriptionReader(client, CREATED)
        if began:
            reader.start()
        begin = time.monotonic()
        reader.stop()
        assert time.monotonic() - begin < 4
        assert not reader.is_running


def test_a_subscription_that_is_refused_is_an_error(local: Emulator) -> None:
    reader = SubscriptionReader(connect(url=local.graphql_url, auth=ApiKeyAuth("da2-no")), CREATED)
    reader.start()

    def take_all() -> None:
        for _ in range(100):
            assert reader.take(lambda _: None, 0.1)

    with pytest.raises(Refused):
        take_all()
    reader.stop()
