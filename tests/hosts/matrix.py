"""The hosts, each with how it is run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .api import running_api
from .askers import CeleryAsker, WebAsker
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


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host of the table.

    Attributes:
        name: for the table, and as the test's id.
        needs: the modules that must be installed.
        run: how it is run and measured.
        grace_period: seconds for which Cognito accepts a rotated refresh token. Where a process
            is killed it may be in the middle of a renewal, whose new token is lost with it.
        more_descriptors: by how many their number may grow between two loads: a connection for
            each user, process, and way to ask that the first load did not need.
    """

    name: str
    needs: tuple[str, ...] = ()
    run: ServerHost | LoadProgram
    grace_period: float = 0.0
    more_descriptors: int = 12

    def measure(self, folder: Path) -> Measurement:
        """Run the host once, with an API of its own.

        Args:
            folder: an empty one.
        """
        sessions = folder / "sessions"
        sessions.mkdir()
        with running_api(sessions, grace_period=self.grace_period) as api:
            return self.run.measure(api, folder)


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


def _program(name: str, *arguments: str) -> LoadProgram:
    return LoadProgram(command=("-m", f"hosts.programs.{name}", *arguments))


def _prefork(name: str, run: ServerHost, *needs: str) -> Host:
    return Host(name=name, needs=needs, run=run, grace_period=10.0, more_descriptors=40)


HOSTS = (
    _prefork("gunicorn sync", _gunicorn("--workers=3"), "gunicorn", "flask"),
    _prefork("gunicorn sync --preload", _gunicorn("--workers=3", "--preload"), "gunicorn", "flask"),
    _prefork(
        "gunicorn gthread --preload",
        _gunicorn("--workers=2", "--preload", "--worker-class=gthread", "--threads=4"),
        "gunicorn",
        "flask",
    ),
    _prefork(
        "gunicorn uvicorn workers",
        _gunicorn(
            "--workers=2",
            "--worker-class=uvicorn.workers.UvicornWorker",
            paths=_BOTH_ENDPOINTS,
            app=_FASTAPI,
        ),
        "gunicorn",
        "fastapi",
        "uvicorn",
    ),
    _prefork(
        "gunicorn gevent",
        _gunicorn("--workers=2", "--worker-class=gevent", paths=_BOTH_WAYS[:1]),
        "gunicorn",
        "flask",
        "gevent",
    ),
    _prefork(
        "celery prefork",
        ServerHost(
            command=(
                "-m",
                "celery",
                "--app=hosts.programs.celery_app",
                "worker",
                "--concurrency=3",
                "--loglevel=INFO",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
            ),
            ready=r"celery@\S+ (ready)\.",
            asker=lambda _ready, folder: CeleryAsker(folder),
            environment_of=lambda folder: {"HOST_CELERY": str(folder)},
            kills_a_worker=True,
            lost=("WorkerLostError", "TimeoutError"),
        ),
        "celery",
    ),
    Host(name="multiprocessing fork", run=_program("in_processes", "fork"), grace_period=10.0),
    Host(name="multiprocessing spawn", run=_program("in_processes", "spawn"), grace_period=10.0),
    Host(
        name="multiprocessing forkserver",
        run=_program("in_processes", "forkserver"),
        grace_period=10.0,
    ),
    Host(
        name="flask, a thread per request",
        needs=("flask",),
        run=ServerHost(
            command=("-m", "hosts.programs.flask_app"),
            ready=r"listening on (\d+)",
            asker=_web(_BOTH_WAYS),
            lost=_NO_CONNECTION,
        ),
    ),
    Host(
        name="fastapi on uvicorn",
        needs=("fastapi", "uvicorn"),
        run=ServerHost(
            command=("-m", "uvicorn", "--port=0", _FASTAPI),
            ready=r"running on http://127.0.0.1:(\d+)",
            asker=_web(_BOTH_ENDPOINTS),
            lost=_NO_CONNECTION,
        ),
    ),
    Host(name="threads", run=_program("in_threads"), more_descriptors=24),
    Host(name="gevent", needs=("gevent",), run=_program("in_gevent")),
    Host(name="asyncio, one loop after the other", run=_program("in_loops", "asyncio")),
    Host(name="uvloop", needs=("uvloop",), run=_program("in_loops", "uvloop")),
    Host(name="nest_asyncio", needs=("nest_asyncio",), run=_program("in_loops", "nest_asyncio")),
    Host(
        name="pytest-asyncio",
        run=LoadProgram(
            command=(
                "-m",
                "pytest",
                "-p",
                "no:cacheprovider",
                "--capture=no",
                "--asyncio-mode=auto",
                "--override-ini=asyncio_default_fixture_loop_scope=function",
                "-W",
                "error",
                "-c",
                os.devnull,
                "--pyargs",
                "hosts.programs.pytest_asyncio_tests",
            )
        ),
    ),
)
