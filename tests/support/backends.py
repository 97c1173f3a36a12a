"""Real storage for sessions on this machine: Redis servers, and moto's DynamoDB."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from http.server import HTTPServer

    import boto3

START_SECONDS = 20.0
SLOTS = 16_384
HIGHEST_PORT = 55_000
"""A cluster node listens on a second port that is higher by 10,000."""


def redis_program() -> str | None:
    """Return the path of the server's program; ``None`` if it is not installed."""
    return shutil.which("redis-server")


@contextmanager
def redis_server(*settings: str) -> Iterator[str]:
    """Run a Redis that keeps nothing on disk, and yield its URL, of a Unix socket."""
    program = redis_program()
    assert program is not None, "redis-server is not installed"
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        path = f"{folder}/s"
        arguments = ["--unixsocket", path, "--save", "", "--dir", folder, *settings]
        if "--port" not in settings:
            arguments += ["--port", "0"]
        with subprocess.Popen([program, *arguments], stdout=subprocess.DEVNULL) as server:  # noqa: S603
            try:
                deadline = time.monotonic() + START_SECONDS
                while not Path(path).exists():
                    assert server.poll() is None, "Redis ended at once"
                    assert time.monotonic() < deadline, "Redis did not start"
                    time.sleep(0.02)
                yield f"unix://{path}"
            finally:
                server.kill()


def free_port() -> int:
    """Return a TCP port that nobody listens on at the moment."""
    while True:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port: int = found.getsockname()[1]
            if port < HIGHEST_PORT:
                return port


@contextmanager
def redis_cluster(nodes: int = 3) -> Iterator[Sequence[str]]:
    """Run a Redis cluster on this machine, and yield the URLs of its nodes."""
    import redis  # noqa: PLC0415

    with ExitStack() as stack:
        ports, clients = [], []
        for _ in range(nodes):
            port = free_port()
            settings = ["--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes"]
            url = stack.enter_context(redis_server(*settings))
            clients.append(stack.enter_context(redis.Redis.from_url(url)))
            ports.append(port)
        for number, client in enumerate(clients):
            first, last = number * SLOTS // nodes, (number + 1) * SLOTS // nodes - 1
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
        deadline = time.monotonic() + START_SECONDS
        for client in clients:
            while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
                assert time.monotonic() < deadline, "the cluster did not form"
                time.sleep(0.05)
        yield [f"redis://127.0.0.1:{port}" for port in ports]


@contextmanager
def dynamodb_server() -> Iterator[str]:
    """Run moto's DynamoDB in this process, and yield its URL.

    Requests are answered one after the other: moto checks a condition and writes in two
    steps, and DynamoDB itself in one.
    """
    # moto takes a second to import, which workers of a fleet need not spend.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_: Any) -> None:
            """Log nothing."""

    moto, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_after_the_other(environ: Any, start_response: Any) -> list[bytes]:
        with turn:
            return list(moto(environ, start_response))

    server = make_server("127.0.0.1", 0, one_after_the_other, threaded=True, request_handler=Quiet)
    with in_thread(server) as url:
        yield url


@contextmanager
def in_thread(server: HTTPServer) -> Iterator[str]:
    """Run an HTTP server on a thread, and yield its URL."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def aws_session() -> boto3.session.Session:
    """Return a session with credentials that moto accepts, and AWS does not."""
    import boto3  # noqa: PLC0415

    return boto3.session.Session(
        aws_access_key_id="moto", aws_secret_access_key="moto", region_name="eu-west-1"
    )


def in_ci() -> bool:
    """Return whether every program that tests need has to be installed."""
    return os.environ.get("CI", "").lower() in {"1", "true"}
