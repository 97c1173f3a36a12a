"""A Celery application whose queue and results are files: no broker has to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from celery import Celery

TASK = "ask"
SENT = "sent"
"""The folder of messages that are written and not in the queue yet."""


def celery_app(folder: Path, sends_to: str = "queue") -> Celery:
    """Return the application; the worker and those who send tasks pass the same folder.

    Args:
        folder: of the queue and the results.
        sends_to: the folder inside it that takes what this process sends.
    """
    from celery import Celery  # noqa: PLC0415 - only where it is installed

    queue, results, sent = folder / "queue", folder / "results", folder / sends_to
    for path in (queue, results, sent):
        path.mkdir(exist_ok=True)
    app = Celery("hosts", broker="filesystem://", backend=f"file://{results}")
    app.conf.update(
        broker_transport_options={
            "data_folder_in": str(queue),
            "data_folder_out": str(sent),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.02,
        },
        broker_connection_retry_on_startup=True,
        worker_prefetch_multiplier=4,
    )
    return app
