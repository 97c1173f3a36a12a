"""A Celery worker whose tasks ask the API."""

from __future__ import annotations

import os
from pathlib import Path

from hosts.celery_queue import TASK, celery_app
from hosts.settings import Settings
from hosts.users import Users

users = Users(Settings.from_environment())
WAYS = {"blocking": users.ask_blocking, "sync": users.ask_sync}
app = celery_app(Path(os.environ["HOST_CELERY"]))

for ask_once in WAYS.values():
    users.warm_up(ask_once)  # before the worker forks its processes


@app.task(name=TASK)  # type: ignore[untyped-decorator]
def ask(way: str, user: str, text: str, mutation: bool) -> tuple[str, str]:  # noqa: FBT001
    """Ask, and return the text and the user of the API's response."""
    return WAYS[way](user, text, mutation)
