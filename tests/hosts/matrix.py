"""The hosts, each with how it is run."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.backends import redis_program, redis_server

from .api import running_api
from .askers import CeleryAsker, WebAsker
from .host_program import missing_of
from .load_program import LoadProgram
from .server_host import ServerHost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .measurement import Measurement

_FLASK, _FASTAPI = "hosts.programs.flask_app:app", "hosts.programs.fastapi_app:app"
_BOTH_WAYS = ("/ask?way=blocking", "/ask?way=sync")
_BOTH_ENDPOINTS = ("/async/ask", "/def/ask")
_NO_CONNECTION = (
    "BadStatusLine",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "IncompleteRead",
    "RemoteDisconnected",
)
_WARM_UP = {"HOST_WARM_UP": "blocking,sync"}
_WORKER_THREADS = 8
"""How many more threads of one process may happen to be at work: one for each renewal."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host of the table.

    Attributes:
        name: for the table, and as the test's id.
        needs: the modules that must be installed.
        run: how it is run and measured.
        processes: how many processes make requests.
        grace_period: seconds for which Cognito accepts a rotated refresh token. Where a process
            is killed it may be in the middle of a renewal, whose new token is lost with it.
        redis: whether the users' sessions are kept in Redis, and not in files.
        more_descriptors: by how many those of one process may grow between two loads: of
            connections that the first load did not need, and of loops that gql does not close
            and that are garbage.
    """

    name: str
    needs: tuple[str, ...] = ()
    run: ServerHost | LoadProgram
    processes: int = 1
    grace_period: float = 0.0
    redis: bool = False
    more_descriptors: int = 24

    def missing(self) -> list[str]:
        """Return what is not installed that it needs."""
        server = ["redis-server"] if self.redis and redis_program() is None else []
        return missing_of(*self.needs) + server

    def measure(self, folder: Path) -> Measurement:
        """Run the host once, with an API of its own.

        Args:
            folder: an empty one.
        """
        sessions = folder / "sessions"
        sessions.mkdir()
        with (
            redis_server() if self.redis else nullcontext(str(sessions)) as place,
            running_api(place, grace_period=self.grace_period) as api,
        ):
            return self.run.measure(api, folder)

    def problems(self, measured: Measurement) -> list[str]:
        """Return what is not as it should be in a measurement; nothing if all is well."""
        return measured.problems(
            descriptors=self.more_descriptors * self.processes,
            threads=_WORKER_THREADS * self.processes,
        )


def _web(paths: Sequence[str]) -> Callable[[str, Path], WebAsker]:
    return lambda port, _folder: WebAsker(int(port), paths)


def _gunicorn(*arguments: str, paths: Sequence[str] = _BOTH_WAYS, app: str = _FLASK) -> ServerHost:
    return ServerHost(
        command=("-m", "gunicorn", "--bind", "127.0.0.1:0", *arguments, app),
        ready=r"Listening at: http://127.0.0.1:(\d+)",
        asker=_web(paths),
        environment=_WARM_UP if "--preload" in arguments else {},
        kills_a_worker=True,
        lost=_NO_CONNECTION,
    )


def _prefork(name: str, run: ServerHost, *needs: str, redis: bool = False) -> Host:
    return Host(name=name, needs=needs, run=run, processes=3, grace_period=10.0, redis=redis)


def _multiprocessing(method: str) -> Host:
    return Host(
        name=f"multiprocessing {method}",
        run=_program("in_processes", method),
        grace_period=10.0,
    )


def _program(name: str, *arguments: str) -> LoadProgram:
    return LoadProgram(command=("-m", f"hosts.programs.{name}", *arguments))


_PRELOAD = _gunicorn("--workers=3", "--preload")
_GTHREAD = _gunicorn("--workers=2", "--preload", "--worker-class=gthread", "--threads=4")
_GEVENT = _gunicorn("--workers=2", "--worker-class=gevent", paths=_BOTH_WAYS[:1])
_UVICORN_WORKERS = _gunicorn(
    "--workers=2",
    "--worker-class=uvicorn.workers.UvicornWorker",
    paths=_BOTH_ENDPOINTS,
    app=_FASTAPI,
)
_CELERY = ServerHost(
    command=(
        *("-m", "celery", "--app=hosts.programs.celery_app", "worker", "--concurrency=3"),
        *("--loglevel=INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
    ),
    ready=r"celery@\S+ (ready)\.",
    asker=lambda _ready, folder: CeleryAsker(folder),
    environment_of=lambda folder: {"HOST_CELERY": str(folder)},
    kills_a_worker=True,
    lost=("WorkerLostError", "TimeoutError"),
    says=r"Traceback|ExceptionWithTraceback",
)
_WERKZEUG = ServerHost(
    command=("-m", "hosts.programs.flask_app"),
    ready=r"listening on (\d+)",
    asker=_web(_BOTH_WAYS),
    lost=_NO_CONNECTION,
)
_UVICORN = ServerHost(
    command=("-m", "uvicorn", "--port=0", _FASTAPI),
    ready=r"running on http://127.0.0.1:(\d+)",
    asker=_web(_BOTH_ENDPOINTS),
    lost=_NO_CONNECTION,
)
_PYTEST = LoadProgram(
    command=(
        *("-m", "pytest", "-c", os.devnull, "-p", "no:cacheprovider", "--capture=no"),
        *("-W", "error", "--asyncio-mode=auto"),
        "--override-ini=asyncio_default_fixture_loop_scope=function",
        *("--pyargs", "hosts.programs.pytest_asyncio_tests"),
    )
)

HOSTS = (
    _prefork("gunicorn sync", _gunicorn("--workers=3"), "gunicorn", "flask"),
    _prefork("gunicorn sync --preload", _PRELOAD, "gunicorn", "flask"),
    _prefork("gunicorn sync --preload, Redis", _PRELOAD, "gunicorn", "flask", "redis", redis=True),
    _prefork("gunicorn gthread --preload", _GTHREAD, "gunicorn", "flask"),
    _prefork("gunicorn uvicorn workers", _UVICORN_WORKERS, "gunicorn", "fastapi", "uvicorn"),
    _prefork("gunicorn gevent", _GEVENT, "gunicorn", "flask", "gevent"),
    _prefork("celery prefork", _CELERY, "celery"),
    _multiprocessing("fork"),
    _multiprocessing("spawn"),
    _multiprocessing("forkserver"),
    Host(name="flask, a thread per request", needs=("flask",), run=_WERKZEUG, more_descriptors=150),
    Host(name="fastapi on uvicorn", needs=("fastapi", "uvicorn"), run=_UVICORN),
    Host(name="threads", run=_program("in_threads")),
    Host(name="gevent", needs=("gevent",), run=_program("in_gevent")),
    Host(name="asyncio, one loop after another", run=_program("in_loops", "asyncio")),
    Host(name="uvloop", needs=("uvloop",), run=_program("in_loops", "uvloop")),
    Host(name="nest_asyncio", needs=("nest_asyncio",), run=_program("in_loops", "nest_asyncio")),
    Host(name="pytest-asyncio", run=_PYTEST),
)
