"""A real Redis: leases, fences, outages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from appsync_gql import (
    ConfigurationError,
    LockTimeout,
    RedisPersistence,
    SessionKey,
    StorageCorrupt,
    StorageFailed,
)
from appsync_gql.testing.contract import sample_tokens
from support.backends import redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.peer("redis")

CLIENT, TOKENS = SessionKey(client_id="client"), sample_tokens()
MONTH = 30 * 86_400
LEASE = 0.3


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def place(redis_url: str, name: str) -> RedisPersistence:
    return RedisPersistence(redis_url, key=name, lease=LEASE)


def save(place: RedisPersistence, renewals: int = 0) -> None:
    with place.lock(CLIENT):
        place.save(CLIENT, sample_tokens(renewals=renewals))


def test_the_key_expires_with_the_refresh_token_and_renewals_do_not_prolong_it(
    redis_url: str, name: str, client: Any
) -> None:
    place = RedisPersistence(redis_url, key=name, refresh_token_validity=MONTH)
    now = int(time.time())
    for renewals in (0, 3):
        with place.lock(CLIENT):
            place.save(CLIENT, sample_tokens(signed_in_at=now - 86_400, renewals=renewals))
        assert MONTH - 86_460 < client.ttl(name) <= MONTH - 86_400


def test_a_place_that_was_only_locked_expires_too(
    place: RedisPersistence, name: str, client: Any
) -> None:
    with place.lock(CLIENT):
        pass
    assert 0 < client.ttl(name) <= MONTH
    assert client.exists(f"{{{name}}}:lock") == 0


def test_a_lease_that_is_not_extended_comes_free(
    place: RedisPersistence, name: str, client: Any
) -> None:
    """Its holder is dead: as a lease taken by hand is that nobody extends."""
    client.set(f"{{{name}}}:lock", "somebody", px=int(LEASE * 1000))
    with pytest.raises(LockTimeout), place.lock(CLIENT):
        pass
    began = time.monotonic()
    while client.exists(f"{{{name}}}:lock"):
        assert time.monotonic() - began < 10
        time.sleep(0.01)
    save(place)
    assert place.load(CLIENT) == TOKENS


def test_a_lease_is_extended_while_its_holder_works(
    place: RedisPersistence, redis_url: str, name: str
) -> None:
    other = RedisPersistence(redis_url, key=name)
    with place.lock(CLIENT):
        until = time.monotonic() + 3 * LEASE
        while time.monotonic() < until:
            with pytest.raises(LockTimeout), other.lock(CLIENT):
                pass
            time.sleep(0.02)


def test_who_lost_the_lease_can_not_overwrite_what_the_next_holder_wrote(
    place: RedisPersistence, redis_url: str, name: str, client: Any
) -> None:
    other = RedisPersistence(redis_url, key=name)
    with place.lock(CLIENT):
        client.delete(f"{{{name}}}:lock")  # it stood still, and the lease lapsed
        save(other, renewals=2)
        with pytest.raises(StorageFailed, match="stood still"):
            place.save(CLIENT, sample_tokens(renewals=1))
    assert place.load(CLIENT) == sample_tokens(renewals=2)


def test_who_lost_the_lease_does_not_release_the_next_holders(
    place: RedisPersistence, redis_url: str, name: str, client: Any
) -> None:
    other = RedisPersistence(redis_url, key=name)
    with place.lock(CLIENT):
        client.delete(f"{{{name}}}:lock")
        lock = other.lock(CLIENT)
        lock.__enter__()
    try:
        with pytest.raises(LockTimeout), place.lock(CLIENT):
            pass
    finally:
        lock.__exit__(None, None, None)


def test_saving_needs_the_lock(place: RedisPersistence) -> None:
    with pytest.raises(StorageFailed, match="under the lock"):
        place.save(CLIENT, TOKENS)


def test_something_else_under_the_key_is_set_aside(
    place: RedisPersistence, name: str, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client.hset(name, "sessions", b"junk")
    with pytest.raises(StorageCorrupt, match=name):
        place.load(CLIENT)
    save(place)
    aside = caplog.text.split("moved to the Redis key '")[1].split("'")[0]
    assert client.get(aside) == b"junk"


def test_a_key_of_another_kind_is_told(place: RedisPersistence, name: str, client: Any) -> None:
    client.set(name, "a string")
    with pytest.raises(StorageFailed, match="WRONGTYPE"):
        place.load(CLIENT)


def test_a_redis_that_is_down_is_told_without_its_password_and_used_again_when_it_is_back() -> None:
    with redis_server() as url:
        place = RedisPersistence(url, key="k")
        save(place)
    with pytest.raises(StorageFailed, match="can't be used now"):
        place.load(CLIENT)
    with pytest.raises(StorageFailed, match="can't be used now"), place.lock(CLIENT):
        pass


def test_the_password_in_the_url_is_never_shown() -> None:
    place = RedisPersistence("redis://user:hunter2@127.0.0.1:1/0", key="k")
    with pytest.raises(StorageFailed) as caught:
        place.load(CLIENT)
    assert "hunter2" not in repr(place) + str(caught.value) + repr(caught.value.__cause__)


def test_a_wrong_password_is_the_developers_to_mend(redis_url: str) -> None:
    place = RedisPersistence(f"{redis_url}?username=eve&password=hunter2", key="k")
    with pytest.raises(ConfigurationError, match="user or password") as caught:
        place.load(CLIENT)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"url": "http://127.0.0.1"}, "url"),
        ({"key": ""}, "key"),
        ({"key": "a{b}"}, "key"),
        ({"lease": 0}, "lease"),
        ({"lease": float("nan")}, "lease"),
    ],
)
def test_bad_arguments_are_told_at_once(arguments: dict[str, Any], setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisPersistence(**{"url": "redis://127.0.0.1", "key": "k", **arguments})
    assert caught.value.setting == setting
