"""Real places to keep sessions in: a Redis, a DynamoDB (moto's), on this machine only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3

START_SECONDS = 20.0


def redis_program() -> str | None:
    """Find the server's program."""
    return shutil.which("redis-server")


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis that keeps nothing on disk; give its URL."""
    program = redis_program()
    assert program is not None, "redis-server is not installed"
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        socket = f"{folder}/s"
        settings = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
        with subprocess.Popen([program, *settings], stdout=subprocess.DEVNULL) as server:  # noqa: S603
            try:
                give_up = time.monotonic() + START_SECONDS
                while not Path(socket).exists():
                    assert server.poll() is None, "Redis ended at once"
                    assert time.monotonic() < give_up, "Redis did not start"
                    time.sleep(0.02)
                yield f"unix://{socket}"
            finally:
                server.kill()


@contextmanager
def dynamodb_server() -> Iterator[str]:
    """Run moto's DynamoDB in this process; give its URL.

    Requests are answered one after the other: moto checks a condition and
    writes in two steps, and DynamoDB itself in one.
    """
    # moto takes a second to import, which workers of a fleet need not spend.
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
        DomainDispatcherApplication,
        create_backend_app,
    )
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415

    class Quiet(WSGIRequestHandler):
        def log_request(self, *_: Any) -> None:
            """Say nothing."""

    moto, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def one_after_the_other(environ: Any, start_response: Any) -> list[bytes]:
        with turn:
            return list(moto(environ, start_response))

    server = make_server("127.0.0.1", 0, one_after_the_other, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def aws_session() -> boto3.session.Session:
    """Give credentials that moto takes; they open nothing."""
    import boto3  # noqa: PLC0415

    return boto3.session.Session(
        aws_access_key_id="moto", aws_secret_access_key="moto", region_name="eu-west-1"
    )


def in_ci() -> bool:
    """Tell whether everything has to be there."""
    return os.environ.get("CI", "").lower() in {"1", "true"}
