"""Calls to Redis: the URL, a client that is replaced when it no longer helps, and the errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from ..endpoint import is_loopback
from ..exceptions import (
    AppSyncError,
    ConfigurationError,
    InsecureEndpoint,
    StorageCorrupt,
    StorageFailed,
)
from ..forks import importing
from ..secret import Secret
from ..threads import after_fork_in_child

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Address", "RedisClient", "WrongType", "check_url"]

T = TypeVar("T")

_SECONDS = 5.0
"""A Redis that takes longer for a connection or a response is down."""


class WrongType(StorageCorrupt):
    """The Redis key holds a list, a set or something else that this package does not write."""


class Address(NamedTuple):
    """What of a URL may be shown.

    Attributes:
        scheme: ``redis``, ``rediss`` or ``unix``.
        host: the host that redis-py connects to; empty for a socket.
    """

    scheme: str
    host: str

    def __str__(self) -> str:
        return self.host or "a socket"


def check_url(url: Secret, *, allow_insecure: bool) -> Address:
    """Return the address in a URL.

    Raises:
        ConfigurationError: it can't be used. The message has no part of it, since there
            may be a password in it.
        InsecureEndpoint: it is plain ``redis://`` to another machine, and
            ``allow_insecure`` is false.
    """
    address = _address(url)
    if address is None:
        raise ConfigurationError(
            "url must be redis://, rediss:// or unix://, with a number as its port. If there are "
            "characters such as / @ : ? # or % in the user or password, percent-encode them "
            "(urllib.parse.quote(password, safe='')).",
            setting="url",
        )
    if address.scheme == "redis" and not allow_insecure and not is_loopback(address.host):
        raise InsecureEndpoint(
            f"Sessions are not sent over plain redis:// to {address.host}. Use rediss:// (TLS), or "
            "pass allow_insecure=True where the network itself is secured.",
            setting="url",
        )
    return address


def _address(url: Secret) -> Address | None:
    """Parse a URL as redis-py does; ``None`` if it can't be one, or is not what was meant."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        query = parse_qs(parts.query)
    except ValueError:
        return None
    if parts.scheme == "unix":
        return Address("unix", "") if parts.path or "path" in query else None
    # With an unescaped character in the password, the rest of the URL is not the host.
    misplaced = parts.path + parts.fragment + parts.query.partition("=")[0]
    if parts.scheme not in {"redis", "rediss"} or "@" in misplaced:
        return None
    return Address(parts.scheme, unquote(host) if host else query.get("host", ["localhost"])[0])


class RedisClient:
    """Runs commands with redis-py, and replaces its client where that may help.

    A client is created at the first command, and again in a forked child. Within a call, it
    is replaced once when its connections are lost or no longer of use: a fail-over left
    them at a replica, or the password was changed. When Redis answers that it is a cluster,
    redis-py's cluster client is used.

    Args:
        url: the URL, or a function that returns it; it is called for each new client.
        where: what is stored there, as the beginning of an error message.
        allow_insecure: whether plain ``redis://`` to other machines is allowed.
        seconds: for a connection and for a response.
    """

    def __init__(
        self,
        url: Secret | Callable[[], str],
        *,
        where: str,
        allow_insecure: bool,
        seconds: float = _SECONDS,
    ) -> None:
        self._url, self._where, self._allow_insecure = url, where, allow_insecure
        self._seconds = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
        self._client: Any = None
        self._inherited: list[Any] = []
        self._is_cluster = False
        after_fork_in_child(self, RedisClient._begin_in_child)

    def run(self, command: Callable[[Any], T]) -> T:
        """Return what the command returns for the client. It may be called twice.

        Raises:
            ConfigurationError: the developer or operator must act.
            StorageFailed: Redis can't be used at the moment.
        """
        problem = self._attempt(command, retried=False)
        if isinstance(problem, _Again):
            problem = self._attempt(command, retried=True)
        if isinstance(problem, AppSyncError):
            # Raised here and not where redis-py failed: its frames show the password.
            raise problem
        result: T = problem.result
        return result

    def _attempt(self, command: Callable[[Any], T], *, retried: bool) -> Any:
        """Run the command; return its result, an error, or :class:`_Again`."""
        with importing():
            from redis.exceptions import RedisClusterException, RedisError  # noqa: PLC0415

        client = self._client
        try:
            if client is None:
                client = self._create()
            return _Done(command(client))
        except AppSyncError as error:
            return error
        except (RedisError, RedisClusterException, OSError, TypeError, ValueError) as error:
            if _is_cluster(error):
                self._is_cluster = True
            elif isinstance(error, RedisClusterException):
                self._is_cluster = False  # the address may lead to a single Redis now
            if _is_stale(error):
                if self._client is client:
                    # Not closed: other threads may be using its connections.
                    self._client = None
                if client is not None and not retried:
                    return _Again()
            return _our_error(error, self._where)

    def _create(self) -> Any:
        """Create a client; redis-py takes a tenth of a second to import."""
        with importing():
            import redis  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
            from redis.retry import Retry  # noqa: PLC0415

        url = self._current_url()
        check_url(url, allow_insecure=self._allow_insecure)
        if self._is_cluster:
            client: Any = redis.RedisCluster.from_url(
                str(url), retry=Retry(NoBackoff(), 1), **self._seconds
            )
            self._check_nodes(client, url)
        else:
            # Retried here, with a new client, and not by redis-py with the same one.
            client = redis.Redis.from_url(str(url), retry=Retry(NoBackoff(), 0), **self._seconds)
        self._client = client
        return client

    def _current_url(self) -> Secret:
        if isinstance(self._url, Secret):
            return self._url
        try:
            return Secret(self._url())
        except Exception as error:  # noqa: BLE001 - whatever the user's function raises
            kind = type(error).__name__
        raise StorageFailed(f"{self._where}: the function passed as url= failed ({kind}).")

    def _check_nodes(self, cluster: Any, url: Secret) -> None:
        """Refuse a cluster on this machine's address whose nodes are other machines."""
        for node in cluster.get_nodes():
            host = f"[{node.host}]" if ":" in node.host else node.host
            check_url(
                Secret(f"{urlsplit(url).scheme}://{host}"), allow_insecure=self._allow_insecure
            )

    def _begin_in_child(self) -> None:
        """Start without a client after a fork.

        The parent's client is kept and not used: its destructor would close connections and
        take locks that a thread of the parent may have held at the fork.
        """
        self._inherited.append(self._client)
        self._client = None


class _Done(NamedTuple):
    """A command succeeded."""

    result: Any


class _Again(NamedTuple):
    """A command failed in a way that a new client may prevent."""


def _is_cluster(error: Exception) -> bool:
    """Return whether Redis answered that another node of a cluster has the key."""
    from redis.exceptions import AskError  # noqa: PLC0415

    # MovedError is an AskError. redis-py 5 has them in its cluster client only.
    return isinstance(error, AskError) or str(error).startswith(("MOVED ", "ASK "))


def _is_stale(error: Exception) -> bool:
    """Return whether a new client may succeed where this one failed."""
    from redis import exceptions  # noqa: PLC0415

    stale = (
        exceptions.ConnectionError,  # AuthenticationError is one of them
        exceptions.RedisClusterException,
        exceptions.ClusterDownError,
        exceptions.NoPermissionError,
    )
    # Inside a script, Redis 6 has the error of a command in the middle of the text.
    return isinstance(error, stale) or _is_cluster(error) or "READONLY" in _text(error)


def _our_error(error: Exception, where: str) -> AppSyncError:
    """Return the error of this package for one of redis-py's. It carries no frame of redis-py."""
    from redis import exceptions  # noqa: PLC0415

    text = _text(error)
    if isinstance(error, exceptions.AuthenticationError) or "NOAUTH" in text:
        fix = "Redis does not accept the user or password of the URL"
    elif isinstance(error, exceptions.NoPermissionError):
        fix = (
            "the Redis user may not do this. It needs +eval +hget +type and the script's commands "
            "for the key, {key}:lock and {key}:aside-*"
        )
    elif not isinstance(error, exceptions.RedisError | exceptions.RedisClusterException):
        fix = f"redis-py can't use the URL ({type(error).__name__}): check its options"
    else:
        fix = ""
    if fix:
        return ConfigurationError(f"{where}: {fix}.", setting="url")
    if "WRONGTYPE" in text:
        return WrongType(f"{where} holds a value of another type ({error}).")
    return StorageFailed(
        f"{where} can't be used now ({type(error).__name__}: {error}).{_advice(text)}"
    )


def _advice(text: str) -> str:
    if "maxmemory" in text:
        return " Redis is out of memory: raise its maxmemory, or let it evict other keys."
    if "READONLY" in text:
        return " The address leads to a replica: use the primary's."
    return ""


def _text(error: Exception) -> str:
    """Return Redis's text with the error code in it, which redis-py removes for some codes."""
    return f"{type(error).__name__.upper()} {error}"
