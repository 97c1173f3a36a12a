"""Sessions in Redis, for any number of machines."""

from __future__ import annotations

import math
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..exceptions import ConfigurationError, LockTimeout, StorageFailed
from ..extras import require
from ..secret import Secret
from .blob import DocumentPersistence
from .lease import Fence, extended

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..session_key import SessionKey

__all__ = ["RedisPersistence"]

_SCHEMES = {"redis", "rediss", "unix"}

_SECONDS = 5.0
"""For a connection and for an answer: a Redis that takes longer is down."""

# KEYS: the sessions, the lock. The sessions' hash: sessions (the bytes), fence (the highest that
# was given out), saved (the fence of the last write).
_TAKE = """
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return fence
"""
_EXTEND = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[2], ARGV[2])
"""
_RELEASE = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[2])
"""
_SAVE = """
if tonumber(ARGV[1]) < tonumber(redis.call('HGET', KEYS[1], 'saved') or '0') then return 0 end
redis.call('HSET', KEYS[1], 'sessions', ARGV[2], 'saved', ARGV[1])
return redis.call('PEXPIREAT', KEYS[1], ARGV[3])
"""


class RedisPersistence(DocumentPersistence):
    """Keeps sessions under one key of a Redis server. ``pip install "appsync-gql[redis]"``.

    The lock is a lease: it comes free by itself ``lease`` seconds after its
    holder died. A write whose holder has lost it to somebody who wrote since is
    refused, in the same round trip as the write.

    Give each user a key, or all users of a server one: sessions that share a
    key are kept apart, but are renewed one after the other.

    Args:
        url: ``redis://``, ``rediss://`` (TLS) or ``unix://``, as redis-py takes them.
        key: the name under which the sessions are kept. The lock is beside it,
            in the same slot of a cluster.
        encryption_key: a key of ``cryptography.fernet.Fernet.generate_key()``, or
            several: the first encrypts, all decrypt. ``None`` for none.
        refresh_token_validity: seconds that the app client's refresh tokens
            live, from sign-in; the key expires with them. Cognito's default is 30 days.
        lease: seconds after which the lock of a dead holder comes free.

    Raises:
        MissingExtra: a package is missing; the message is the pip line.
        ConfigurationError: an argument can't be used.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str,
        encryption_key: str | bytes | Sequence[str | bytes] | None = None,
        refresh_token_validity: float = 30 * 86_400.0,
        lease: float = 10.0,
    ) -> None:
        super().__init__(
            encryption_key=encryption_key, refresh_token_validity=refresh_token_validity
        )
        if not key or "{" in key or "}" in key:
            raise ConfigurationError("key must be a name without braces.", setting="key")
        if not (math.isfinite(lease) and lease > 0):
            raise ConfigurationError("lease is a number of seconds above 0.", setting="lease")
        self._url, self._host = Secret(url), urlsplit(url).hostname or "a socket"
        self._keys = [key, f"{{{key}}}:lock"]
        self._lease = lease
        self._fence = Fence()
        if urlsplit(url).scheme not in _SCHEMES:
            raise ConfigurationError(
                "url must begin with redis://, rediss:// or unix://.", setting="url"
            )
        require("redis", "redis")
        self._opened: Any = None

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Take the lease; see :class:`TokenPersistence`."""
        del key
        owner, lease = secrets.token_hex(8), math.ceil(self._lease * 1000)
        kept = math.ceil(self._validity * 1000)
        fence = self._call(_TAKE, owner, lease, kept)
        if not fence:
            raise LockTimeout(f"{self._where} is locked by another process.")
        try:
            with (
                extended(lambda: bool(self._call(_EXTEND, owner, lease)), self._lease),
                self._fence.of(int(fence)),
            ):
                yield
        finally:
            self._call(_RELEASE, owner)

    def __repr__(self) -> str:
        return f"<RedisPersistence {self._keys[0]!r} at {self._host}>"

    # -- bytes ------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"The Redis key {self._keys[0]!r} at {self._host}"

    def _read(self) -> bytes | None:
        with self._told():
            found: bytes | None = self._redis.hget(self._keys[0], "sessions")
            return found

    def _write(self, raw: bytes, expires_at: float) -> None:
        if not self._call(_SAVE, self._fence.number, raw, math.floor(expires_at * 1000)):
            raise StorageFailed(
                f"{self._where} was written by the next holder of its lock: this process had stood "
                "still for longer than the lease."
            )

    def _set_aside(self, raw: bytes) -> str:
        aside = f"{{{self._keys[0]}}}:aside-{secrets.token_hex(4)}"
        with self._told():
            self._redis.set(aside, raw)
        return f"the Redis key {aside!r}"

    # -- redis-py's calls -----------------------------------------------------------

    @property
    def _redis(self) -> Any:
        """The client, made at first use: importing redis-py takes a tenth of a second.

        It connects at its first command, and a forked child does so anew.
        """
        if self._opened is None:
            import redis  # noqa: PLC0415

            seconds = {"socket_timeout": _SECONDS, "socket_connect_timeout": _SECONDS}
            self._opened = redis.Redis.from_url(str(self._url), **seconds)
        return self._opened

    def _call(self, script: str, *arguments: object) -> Any:
        with self._told():
            return self._redis.register_script(script)(keys=self._keys, args=arguments)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from redis.exceptions import AuthenticationError, RedisError  # noqa: PLC0415

        try:
            yield
        except AuthenticationError as error:
            raise ConfigurationError(
                f"{self._where}: Redis does not accept the user or password of the URL.",
                setting="url",
            ) from error
        except RedisError as error:
            raise StorageFailed(
                f"{self._where} can't be used now ({type(error).__name__}: {error})."
            ) from error
