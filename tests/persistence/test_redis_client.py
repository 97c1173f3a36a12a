"""Calls to Redis: URLs, clients that are replaced, errors without secrets."""

from __future__ import annotations

import os
import socket
import time
import traceback
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import redis
from redis import exceptions

from appsync_gql import ConfigurationError, InsecureEndpoint, StorageFailed
from appsync_gql.persistence.redis_client import RedisClient, WrongType, check_url
from appsync_gql.secret import Secret
from support.backends import redis_cluster, redis_server

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "hunter2"
WHERE = "The Redis key 'k'"


def client_for(url: str | Callable[[], str], **settings: Any) -> RedisClient:
    source = Secret(url) if isinstance(url, str) else url
    return RedisClient(source, where=WHERE, **{"allow_insecure": False, **settings})


def set_x(client: Any) -> Any:
    return client.set("x", "1")


def connection_id(client: Any) -> int:
    number: int = client.client_id()
    return number


def raise_error(error: Exception) -> Callable[[Any], Any]:
    def command(_: Any) -> Any:
        raise error

    return command


def shown(error: BaseException) -> str:
    """Return what tools print that show local variables, for all frames but this module's."""
    texts = [str(error)]
    waiting = [traceback.TracebackException.from_exception(error, capture_locals=True)]
    while waiting:
        one = waiting.pop()
        waiting += [other for other in (one.__cause__, one.__context__) if other]
        texts += [str(f.locals) for f in one.stack if f.filename != __file__]
    return "\n".join(texts)


# -- URLs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://127.0.0.1", "127.0.0.1"),
        ("redis://localhost:6380/1", "localhost"),
        ("redis://[::1]:6380", "::1"),
        ("redis:///0", "localhost"),
        ("redis://127%2e0.0.1", "127.0.0.1"),
        ("redis://user:hunter2@127.0.0.1/0", "127.0.0.1"),
        ("redis://:p%40ss%2Fword@127.0.0.1/0", "127.0.0.1"),
        ("rediss://cache.example.com:6380/0", "cache.example.com"),
        ("rediss://cache.example.com?password=a@b", "cache.example.com"),
        ("unix:///tmp/redis.sock?db=1", "a socket"),
        ("unix://user:hunter2@/tmp/a@b.sock", "a socket"),
    ],
)
def test_the_address_of_a_url_is_shown_without_user_and_password(url: str, address: str) -> None:
    assert str(check_url(Secret(url), allow_insecure=False)) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "http://127.0.0.1",
        "redis://127.0.0.1:notaport",
        "redis://127.0.0.1:99999",
        "redis://[::1",
        "unix://",
        "redis://user:hunter2/x@127.0.0.1:6379/0",
        "redis://user:1234/hunter2@127.0.0.1:6379/0",
        "redis://user:hunter2?x@127.0.0.1:6379/0",
        "redis://user:1234#hunter2@127.0.0.1:6379/0",
        "redis://user:hunter2\u2100@127.0.0.1",
    ],
)
def test_a_url_that_can_not_be_meant_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="percent-encode") as caught:
        check_url(Secret(url), allow_insecure=False)
    assert caught.value.setting == "url"
    assert "hunter2" not in shown(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache.example.com",
        "redis://10.0.0.7:6379/0",
        "redis:///0?host=cache.example.com",
        "redis://localhost%2eevil.example",
    ],
)
def test_plain_redis_to_another_machine_needs_an_explicit_word(url: str) -> None:
    with pytest.raises(InsecureEndpoint, match=r"rediss://.*allow_insecure=True"):
        check_url(Secret(url), allow_insecure=False)
    assert check_url(Secret(url), allow_insecure=True).scheme == "redis"


# -- clients that are replaced --------------------------------------------------------------------


@pytest.mark.peer("redis")
@pytest.mark.usefixtures("redis_installed")
def test_a_replica_after_a_fail_over_is_left_for_the_primary_within_the_call(
    tmp_path: Path,
) -> None:
    address = tmp_path / "address"
    with redis_server() as old, redis_server() as new:
        address.symlink_to(old.removeprefix("unix://"))
        client = client_for(f"unix://{address}")
        assert client.run(set_x)
        with closing(redis.Redis.from_url(old)) as admin:
            admin.replicaof("127.0.0.1", "1")
        address.unlink()
        address.symlink_to(new.removeprefix("unix://"))
        assert client.run(set_x)
        with closing(redis.Redis.from_url(new)) as admin:
            assert admin.get("x") == b"1"


@pytest.mark.peer("redis")
def test_a_replica_without_a_primary_is_reported_with_the_fix(own_redis_url: str) -> None:
    client = client_for(own_redis_url)
    with closing(redis.Redis.from_url(own_redis_url)) as admin:
        admin.replicaof("127.0.0.1", "1")
    for command in (set_x, lambda c: c.eval("return redis.call('SET', KEYS[1], 1)", 1, "x")):
        with pytest.raises(StorageFailed, match="use the primary's"):
            client.run(command)


@pytest.mark.peer("redis")
def test_connections_that_were_closed_are_replaced_within_the_call(own_redis_url: str) -> None:
    client = client_for(own_redis_url)
    first = client.run(connection_id)
    with closing(redis.Redis.from_url(own_redis_url)) as admin:
        admin.client_kill_filter(_id=str(first))
    assert client.run(connection_id) != first


@pytest.mark.peer("redis")
@pytest.mark.usefixtures("redis_installed")
def test_a_changed_password_is_asked_for_when_the_old_one_is_refused() -> None:
    passwords = ["old"]
    with redis_server("--requirepass", "old") as url:
        client = client_for(lambda: f"{url}?password={passwords[-1]}")
        first = client.run(connection_id)
        with closing(redis.Redis.from_url(f"{url}?password=old")) as admin:
            admin.config_set("requirepass", "new")
            passwords.append("new")
            admin.client_kill_filter(_id=str(first))
        assert client.run(set_x)


@pytest.mark.peer("redis")
@pytest.mark.usefixtures("redis_installed")
def test_a_refused_password_is_a_configuration_error_that_does_not_show_it() -> None:
    with redis_server("--requirepass", "another") as url:
        client = client_for(f"{url}?password={PASSWORD}")
        with pytest.raises(ConfigurationError, match="user or password") as caught:
            client.run(set_x)
    assert PASSWORD not in shown(caught.value)
    assert PASSWORD not in repr(vars(client))


def test_a_redis_that_is_down_is_reported_without_the_password() -> None:
    client = client_for(f"redis://user:{PASSWORD}@127.0.0.1:1/0")
    with pytest.raises(StorageFailed, match="can't be used now") as caught:
        client.run(set_x)
    assert PASSWORD not in shown(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.peer("redis")
def test_a_full_redis_is_reported_with_the_fix(own_redis_url: str) -> None:
    client = client_for(own_redis_url)
    with closing(redis.Redis.from_url(own_redis_url)) as admin:
        admin.config_set("maxmemory", "1")
    for command in (set_x, lambda c: c.eval("return redis.call('SET', KEYS[1], 1)", 1, "x")):
        with pytest.raises(StorageFailed, match="raise its maxmemory"):
            client.run(command)


def test_a_redis_that_hangs_is_waited_for_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = client_for(f"redis://127.0.0.1:{silent.getsockname()[1]}", seconds=0.2)
        began = time.monotonic()
        with pytest.raises(StorageFailed, match="Timeout"):
            client.run(set_x)
        assert time.monotonic() - began < 5


@pytest.mark.peer("redis")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_has_a_connection_of_its_own(own_redis_url: str) -> None:
    client = client_for(own_redis_url)
    parents = client.run(connection_id)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            os.write(writing, str(client.run(connection_id)).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert int(os.read(reading, 20)) != parents
    assert client.run(connection_id) == parents
    os.close(reading)
    os.close(writing)


@pytest.mark.peer("redis")
@pytest.mark.slow
@pytest.mark.usefixtures("redis_installed")
def test_a_cluster_is_recognised_by_its_answer() -> None:
    with redis_cluster() as urls:
        for url in urls:
            client = client_for(url)
            for number in range(6):
                assert client.run(lambda c, key=f"k{number}": c.set(key, "1"))  # type: ignore[misc]


@pytest.mark.peer("redis")
@pytest.mark.slow
@pytest.mark.usefixtures("redis_installed")
def test_a_single_redis_in_place_of_a_cluster_is_used_at_the_next_call() -> None:
    with redis_server() as single:
        with redis_cluster(2) as urls:
            current = [urls[0]]
            client = client_for(lambda: current[-1])
            for number in range(6):
                assert client.run(lambda c, key=f"k{number}": c.set(key, "1"))  # type: ignore[misc]
        current.append(single)
        with suppress(StorageFailed):
            client.run(set_x)
        assert client.run(set_x)


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (
            exceptions.NoPermissionError("this user has no permissions"),
            ConfigurationError,
            "user may not",
        ),
        (
            exceptions.ResponseError("NOAUTH Authentication required."),
            ConfigurationError,
            "password",
        ),
        (exceptions.ResponseError("WRONGTYPE Operation against a key"), WrongType, "WRONGTYPE"),
        (exceptions.BusyLoadingError("loading"), StorageFailed, "BusyLoadingError"),
        (exceptions.ClusterDownError("CLUSTERDOWN"), StorageFailed, "ClusterDownError"),
        (exceptions.RedisClusterException("no node"), StorageFailed, "no node"),
        (TypeError("unexpected keyword argument 'hunter2'"), ConfigurationError, "options"),
        (ValueError("hunter2"), ConfigurationError, "options"),
    ],
)
def test_errors_say_who_must_act(error: Exception, kind: type[Exception], text: str) -> None:
    client = client_for("redis://127.0.0.1:1")
    with pytest.raises(kind, match=text) as caught:
        client.run(raise_error(error))
    assert PASSWORD not in shown(caught.value)
    assert caught.value.__context__ is None


def test_an_unknown_option_in_the_url_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="options"):
        client_for("redis://127.0.0.1:1?no_such_option=1").run(set_x)


def test_a_function_for_the_url_that_fails_is_reported_without_its_text() -> None:
    def url() -> str:
        raise RuntimeError(PASSWORD)

    with pytest.raises(StorageFailed, match=r"url= failed \(RuntimeError\)") as caught:
        client_for(url).run(set_x)
    assert PASSWORD not in shown(caught.value)


@pytest.mark.parametrize("url", ["redis://cache.example.com", "nonsense"])
def test_the_url_that_a_function_returns_is_checked(url: str) -> None:
    with pytest.raises(ConfigurationError):
        client_for(lambda: url).run(set_x)


def test_a_password_is_percent_encoded_as_the_error_says() -> None:
    password = "a/b@c#d?e%f"
    url = f"redis://user:{quote(password, safe='')}@127.0.0.1:1"
    assert str(check_url(Secret(url), allow_insecure=False)) == "127.0.0.1"
