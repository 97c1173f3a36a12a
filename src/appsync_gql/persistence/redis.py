"""Sessions in Redis, for any number of machines."""

from __future__ import annotations

import math
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..exceptions import ConfigurationError, LockTimeout, StorageFailed
from ..extras import require
from ..secret import Secret, SecretBytes
from .blob import BlobPersistence
from .checks import check_seconds, check_text
from .encryption import EncryptionKey, secret_keys
from .lease import CurrentFence, hold_lease
from .redis_client import RedisClient, WrongType, check_url
from .session_json import NotSessions
from .sessions import DEFAULT_VALIDITY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..session_key import SessionKey

__all__ = ["RedisPersistence"]

_LONGEST_LEASE = 3_600.0

# KEYS: the sessions, the lock. The sessions are a hash: "sessions" (the bytes), "fence" (the
# highest so far), "saved" (the fence of the last write). Whatever is under the key
# instead, the lock can be taken, so that it can be moved away.
_NUMBER = """
local function number(field)
  if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 0 end
  local found = tonumber(redis.call('HGET', KEYS[1], field) or '0') or 0
  if found > 0 and found < 9e15 then return found end
  return 0
end
"""
_TAKE = (
    _NUMBER
    + """
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local fence = string.format('%.0f', math.max(now, number('fence') + 1, number('saved') + 1))
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'hash' or kind == 'none' then
  redis.call('HSET', KEYS[1], 'fence', fence)
  if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
end
return fence
"""
)
_EXTEND = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[2], ARGV[2])
"""
_RELEASE = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[2])
"""
_SAVE = (
    _NUMBER
    + """
if tonumber(ARGV[1]) < number('saved') then return 0 end
redis.call('HSET', KEYS[1], 'sessions', ARGV[2], 'saved', ARGV[1])
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
"""
)
_SET_ASIDE = """
if redis.call('TYPE', KEYS[1]).ok == 'hash' then
  redis.call('SET', KEYS[2], redis.call('HGET', KEYS[1], 'sessions') or '')
elseif redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('RENAME', KEYS[1], KEYS[2])
  redis.call('PERSIST', KEYS[2])
end
return 1
"""


class RedisPersistence(BlobPersistence):
    """Keeps sessions under one key of a Redis server or cluster.

    ``pip install "appsync-gql[redis]"``. The lock is a lease: it ends by itself ``lease``
    seconds after its holder died. A save is refused if another process has
    taken the lease and saved since, in the same command as the write.

    Use a key for each user, or one key for all users of a server: sessions that share a key
    are separate, but are renewed one after the other.

    Args:
        url: ``redis://``, ``rediss://`` (TLS) or ``unix://``, as redis-py takes them, or
            a function that returns the URL, for passwords that change: it is called for
            each new connection pool, and whenever Redis refuses the password.
        key: the name under which the sessions are kept. The lock is ``{key}:lock``, in
            the same slot of a cluster.
        allow_insecure: whether plain ``redis://`` to another machine is allowed, because
            the network itself is secured.
        encryption_key: a key of ``cryptography.fernet.Fernet.generate_key()``, or
            several: the first encrypts, all decrypt. ``None`` for no encryption.
        accept_unencrypted: whether sessions that were saved before there was an
            ``encryption_key`` are used. Their next save encrypts them: remove it then.
        refresh_token_validity: seconds for which the app client's refresh tokens are valid
            from the sign-in; Cognito's default is 30 days. The key expires then, but not
            before half of these seconds have passed since the last save.
        lease: seconds after which the lock of a killed holder ends.

    Raises:
        MissingExtra: a package is missing; the message is the pip line.
        ConfigurationError: an argument can't be used.
    """

    # For a repr in the traceback of a construction that failed.
    _key = _address = ""

    def __init__(
        self,
        url: str | Callable[[], str],
        *,
        key: str,
        allow_insecure: bool = False,
        encryption_key: EncryptionKey = None,
        accept_unencrypted: bool = False,
        refresh_token_validity: float = DEFAULT_VALIDITY,
        lease: float = 10.0,
    ) -> None:
        # First of all, so that no traceback of the following lines shows them.
        url = source = Secret(url) if isinstance(url, str) else url
        encryption_key = keys = secret_keys(encryption_key)
        super().__init__(
            encryption_key=keys,
            accept_unencrypted=accept_unencrypted,
            refresh_token_validity=refresh_token_validity,
        )
        self._key = check_text("key", key)
        if "{" in key or "}" in key:
            raise ConfigurationError("key must not have braces in it.", setting="key")
        self._lease = check_seconds("lease", lease, longest=_LONGEST_LEASE)
        self._address = _address(source, allow_insecure=allow_insecure)
        require("redis", "redis")
        self._keys = [key, f"{{{key}}}:lock"]
        self._fence = CurrentFence()
        self._redis = RedisClient(source, where=self._where, allow_insecure=allow_insecure)

    @contextmanager
    def lock(self, key: SessionKey) -> Iterator[None]:
        """Take the lease; see :class:`TokenPersistence`."""
        del key
        owner, lease = secrets.token_hex(8), math.ceil(self._lease * 1000)
        fence = int(self._run(_TAKE, owner, lease, math.ceil(self._validity * 1000)))
        if not fence:
            raise LockTimeout(f"{self._where} is locked by another process.")
        with (
            hold_lease(
                extend=lambda: bool(self._run(_EXTEND, owner, lease)),
                release=lambda: self._run(_RELEASE, owner),
                seconds=self._lease,
            ),
            self._fence.set(fence),
        ):
            yield

    def __repr__(self) -> str:
        return f"<RedisPersistence {self._key!r} at {self._address}>"

    # -- the stored value -------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"The Redis key {self._key!r} at {self._address}"

    def _read(self) -> SecretBytes | None:
        try:
            found = self._redis.run(lambda client: client.hget(self._key, "sessions"))
        except WrongType:
            raise NotSessions("the key holds a value of another type (WRONGTYPE)") from None
        return None if found is None else SecretBytes(found)

    def _write(self, raw: SecretBytes, keep_seconds: float) -> None:
        keep = math.ceil(keep_seconds * 1000)
        if not self._run(_SAVE, self._fence.number, raw, keep):
            raise StorageFailed(
                f"{self._where} was saved by the next holder of its lock: this process was stopped "
                "for longer than the lease."
            )

    def _set_aside(self) -> str:
        aside = f"{{{self._key}}}:aside-{secrets.token_hex(4)}"
        self._redis.run(lambda client: client.eval(_SET_ASIDE, 2, self._key, aside))
        return f"the Redis key {aside!r}"

    def _run(self, script: str, *arguments: object) -> Any:
        """Run a script. A second run within one call does no harm, whatever became of the first."""
        return self._redis.run(
            lambda client: client.eval(script, len(self._keys), *self._keys, *arguments)
        )


def _address(url: object, *, allow_insecure: bool) -> str:
    """Return what of the URL may be shown; a function's URL is checked when it is called."""
    if isinstance(url, Secret):
        return str(check_url(url, allow_insecure=allow_insecure))
    if callable(url):
        return "the address that url() returns"
    raise ConfigurationError(
        f"url must be a str or a function, not {type(url).__name__}.", setting="url"
    )
