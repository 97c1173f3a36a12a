"""Sessions in a real Redis: leases, fences, lost data, other values under the key."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import redis

from appsync_gql import (
    ConfigurationError,
    InsecureEndpoint,
    LockTimeout,
    RedisPersistence,
    SessionKey,
    StorageCorrupt,
    StorageFailed,
)
from appsync_gql.testing.contract import sample_tokens
from support.backends import redis_cluster, redis_server

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
def persistence(redis_url: str, name: str) -> RedisPersistence:
    return RedisPersistence(redis_url, key=name, lease=LEASE)


def save(persistence: RedisPersistence, renewals: int = 0) -> None:
    with persistence.lock(CLIENT):
        persistence.save(CLIENT, sample_tokens(renewals=renewals))


# -- how long it is kept --------------------------------------------------------------------


def test_the_key_expires_with_the_refresh_token_and_renewals_do_not_prolong_it(
    redis_url: str, name: str, client: Any
) -> None:
    persistence = RedisPersistence(redis_url, key=name, refresh_token_validity=MONTH)
    now = int(time.time())
    for renewals in (0, 3):
        with persistence.lock(CLIENT):
            persistence.save(CLIENT, sample_tokens(signed_in_at=now - 86_400, renewals=renewals))
        assert MONTH - 86_460 < client.ttl(name) <= MONTH - 86_400


def test_a_session_older_than_the_validity_is_kept_when_it_was_renewed(
    persistence: RedisPersistence, name: str, client: Any
) -> None:
    """The app client's validity may be longer than the setting."""
    tokens = sample_tokens(signed_in_at=int(time.time()) - 31 * 86_400, renewals=31 * 24 * 60)
    with persistence.lock(CLIENT):
        persistence.save(CLIENT, tokens)
    assert persistence.load(CLIENT) == tokens
    assert client.ttl(name) > MONTH / 2 - 60


def test_a_key_that_was_only_locked_expires_too(
    persistence: RedisPersistence, name: str, client: Any
) -> None:
    with persistence.lock(CLIENT):
        pass
    assert 0 < client.ttl(name) <= MONTH
    assert client.exists(f"{{{name}}}:lock") == 0


# -- the lease ------------------------------------------------------------------------------


def test_a_lease_that_is_not_extended_ends(
    persistence: RedisPersistence, name: str, client: Any
) -> None:
    """Its holder is dead, like that of a lease which nobody extends."""
    client.set(f"{{{name}}}:lock", "somebody", px=int(LEASE * 1000))
    with pytest.raises(LockTimeout), persistence.lock(CLIENT):
        pass
    deadline = time.monotonic() + 10
    while client.exists(f"{{{name}}}:lock"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    save(persistence)
    assert persistence.load(CLIENT) == TOKENS


def test_a_lease_is_extended_while_its_holder_works(
    persistence: RedisPersistence, redis_url: str, name: str
) -> None:
    other = RedisPersistence(redis_url, key=name)
    with persistence.lock(CLIENT):
        until = time.monotonic() + 3 * LEASE
        while time.monotonic() < until:
            with pytest.raises(LockTimeout), other.lock(CLIENT):
                pass
            time.sleep(0.02)


def test_a_redis_that_hangs_at_the_release_holds_up_nobody_for_long(own_redis_url: str) -> None:
    """The tokens are there already, and the lease ends by itself."""
    persistence = RedisPersistence(own_redis_url, key="k")
    with redis.Redis.from_url(own_redis_url) as admin:
        with persistence.lock(CLIENT):
            admin.client_pause(1_500)
            began = time.monotonic()
        assert time.monotonic() - began < 1.4
        save_at_last(persistence)


def save_at_last(persistence: RedisPersistence) -> None:
    """Save as soon as the lock is free."""
    deadline = time.monotonic() + 10
    saved = False
    while not saved:
        assert time.monotonic() < deadline
        with suppress(LockTimeout):
            save(persistence)
            saved = True
        time.sleep(0.02)


def test_a_process_that_lost_the_lease_can_not_overwrite_what_the_next_holder_saved(
    persistence: RedisPersistence, redis_url: str, name: str, client: Any
) -> None:
    other = RedisPersistence(redis_url, key=name)
    with persistence.lock(CLIENT):
        client.delete(f"{{{name}}}:lock")  # it was stopped, and the lease ended
        save(other, renewals=2)
        with pytest.raises(StorageFailed, match="stopped for longer than the lease"):
            persistence.save(CLIENT, sample_tokens(renewals=1))
    assert persistence.load(CLIENT) == sample_tokens(renewals=2)


def test_a_process_that_lost_the_lease_does_not_release_the_next_holders(
    persistence: RedisPersistence, redis_url: str, name: str, client: Any
) -> None:
    other = RedisPersistence(redis_url, key=name)
    with persistence.lock(CLIENT):
        client.delete(f"{{{name}}}:lock")
        lock = other.lock(CLIENT)
        lock.__enter__()
    try:
        with pytest.raises(LockTimeout), persistence.lock(CLIENT):
            pass
    finally:
        lock.__exit__(None, None, None)


def test_saving_needs_the_lock(persistence: RedisPersistence) -> None:
    with pytest.raises(StorageFailed, match="need the lock"):
        persistence.save(CLIENT, TOKENS)


# -- lost data --------------------------------------------------------------------------------


def test_after_a_loss_of_data_under_the_lock_every_later_save_is_accepted(
    own_redis_url: str,
) -> None:
    """Fences went on from 1 after a loss, and were refused until they had caught up."""
    one, other = (RedisPersistence(own_redis_url, key="k") for _ in range(2))
    for renewals in range(10):
        save(one, renewals)
    with redis.Redis.from_url(own_redis_url) as admin, one.lock(CLIENT):
        admin.flushall()
        one.save(CLIENT, sample_tokens(renewals=10))
    for renewals in range(11, 15):
        save(other if renewals % 2 else one, renewals)
        assert one.load(CLIENT) == sample_tokens(renewals=renewals)


def test_after_a_loss_of_data_an_old_holder_still_can_not_overwrite_newer_sessions(
    own_redis_url: str,
) -> None:
    one, other = (RedisPersistence(own_redis_url, key="k") for _ in range(2))
    for renewals in range(10):
        save(one, renewals)
    with redis.Redis.from_url(own_redis_url) as admin, one.lock(CLIENT):
        admin.flushall()
        save(other, renewals=12)
        with pytest.raises(StorageFailed, match="next holder"):
            one.save(CLIENT, sample_tokens(renewals=11))
    assert one.load(CLIENT) == sample_tokens(renewals=12)


@pytest.mark.parametrize("number", ["9000000000000000", "8999999999999000", "inf", "nan", "abc"])
@pytest.mark.parametrize("field", ["fence", "saved"])
def test_an_impossible_fence_in_redis_stops_nobody(
    persistence: RedisPersistence, name: str, client: Any, field: str, number: str
) -> None:
    save(persistence)
    client.hset(name, field, number)
    for renewals in (1, 2):
        save(persistence, renewals)
        assert persistence.load(CLIENT) == sample_tokens(renewals=renewals)


@pytest.mark.usefixtures("redis_installed")
def test_a_redis_that_is_restarted_without_its_data_is_used_again() -> None:
    urls: list[str] = []
    persistence = RedisPersistence(lambda: urls[-1], key="k")
    with redis_server() as url:
        urls.append(url)
        save(persistence)
    for use in (persistence.load, lambda _: save(persistence)):
        with pytest.raises(StorageFailed, match="can't be used now"):
            use(CLIENT)
    with redis_server() as url:
        urls.append(url)
        assert persistence.load(CLIENT) is None
        save(persistence)
        assert persistence.load(CLIENT) == TOKENS


# -- other values under the key -----------------------------------------------------------------


def test_something_else_in_the_hash_is_moved(
    persistence: RedisPersistence, name: str, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client.hset(name, "sessions", b"junk")
    with pytest.raises(StorageCorrupt, match=name):
        persistence.load(CLIENT)
    save(persistence)
    aside = caplog.text.split("moved to the Redis key '")[1].split("'")[0]
    assert client.get(aside) == b"junk"


def test_a_value_of_another_type_is_moved(
    persistence: RedisPersistence, name: str, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client.rpush(name, "an", "item")
    client.expire(name, 100)
    with pytest.raises(StorageCorrupt, match="WRONGTYPE"):
        persistence.load(CLIENT)
    save(persistence)
    assert persistence.load(CLIENT) == TOKENS
    aside = caplog.text.split("moved to the Redis key '")[1].split("'")[0]
    assert client.lrange(aside, 0, -1) == [b"an", b"item"]
    assert client.ttl(aside) == -1


# -- clusters and arguments ---------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("redis_installed")
def test_a_cluster_is_used_through_any_of_its_nodes() -> None:
    with redis_cluster() as urls:
        for number in range(6):
            for renewals, url in enumerate(urls):
                save(RedisPersistence(url, key=f"user-{number}"), renewals)
            found = RedisPersistence(urls[0], key=f"user-{number}").load(CLIENT)
            assert found == sample_tokens(renewals=len(urls) - 1)


def test_the_password_is_in_no_repr() -> None:
    persistence = RedisPersistence("redis://user:hunter2@127.0.0.1:1/0", key="k")
    assert repr(persistence) == "<RedisPersistence 'k' at 127.0.0.1>"
    assert "hunter2" not in repr(vars(persistence))


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"url": "http://127.0.0.1"}, "url"),
        ({"url": "redis://127.0.0.1:notaport"}, "url"),
        ({"url": 6379}, "url"),
        ({"key": ""}, "key"),
        ({"key": "a{b}"}, "key"),
        ({"key": b"k"}, "key"),
        ({"lease": 0}, "lease"),
        ({"lease": float("nan")}, "lease"),
        ({"lease": "10"}, "lease"),
        ({"refresh_token_validity": -1}, "refresh_token_validity"),
        ({"refresh_token_validity": float("inf")}, "refresh_token_validity"),
        ({"encryption_key": "short"}, "encryption_key"),
    ],
)
def test_bad_arguments_are_refused_at_construction(arguments: dict[str, Any], setting: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisPersistence(**{"url": "redis://127.0.0.1", "key": "k", **arguments})
    assert caught.value.setting == setting


def test_another_machine_needs_tls_or_an_explicit_word() -> None:
    with pytest.raises(InsecureEndpoint):
        RedisPersistence("redis://10.0.0.7", key="k")
    RedisPersistence("redis://10.0.0.7", key="k", allow_insecure=True)
    RedisPersistence("rediss://10.0.0.7", key="k")
