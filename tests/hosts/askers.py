"""What asks the hosts that serve requests or tasks."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .celery_queue import SENT, TASK, celery_app

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SECONDS = 25.0


class WebAsker:
    """Asks a server on loopback; each thread has a connection of its own.

    Args:
        port: where it listens.
        paths: paths that take turns, such as ``/ask?way=sync``.
    """

    def __init__(self, port: int, paths: Sequence[str]) -> None:
        self._port, self._paths = port, itertools.cycle(paths)
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []

    def ask(self, user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
        """Ask for a user; return the text and the user of the answer."""
        path = next(self._paths)
        arguments = urlencode({"user": user, "text": text, "mutation": mutation})
        connection = self._connection()
        try:
            connection.request("GET", f"{path}{'&' if '?' in path else '?'}{arguments}")
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()  # the next request opens it again
            raise
        if response.status != http.client.OK:
            raise AssertionError(f"status {response.status}: {body[:300]!r}")
        answer = json.loads(body)
        return answer["text"], answer["user"]

    def _connection(self) -> http.client.HTTPConnection:
        try:
            return self._local.connection  # type: ignore[no-any-return]
        except AttributeError:
            made = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_SECONDS)
            self._local.connection = made
            self._connections.append(made)
            return made

    def close(self) -> None:
        """Close all connections; what is asked later opens new ones."""
        for connection in self._connections:
            connection.close()


class CeleryAsker:
    """Asks a Celery worker.

    Args:
        folder: of its queue and results.
    """

    def __init__(self, folder: Path) -> None:
        self._app = celery_app(folder, sends_to=SENT)
        self._sent, self._queue = folder / SENT, folder / "queue"
        self._ways = itertools.cycle(("blocking", "sync"))
        self._sending = threading.Lock()

    def ask(self, user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
        """Ask for a user; return the text and the user of the task's result."""
        with self._sending:
            sent = self._app.send_task(TASK, (next(self._ways), user, text, mutation))
            # A worker may read a message that is only half written, so it gets whole ones.
            for message in self._sent.iterdir():
                message.rename(self._queue / message.name)
        answer = sent.get(timeout=_SECONDS, interval=0.02)
        return answer[0], answer[1]

    def close(self) -> None:
        """Do nothing: there are no connections."""
