"""What is said of objects that belong to one process when they are pickled or copied."""

from __future__ import annotations

from typing import NoReturn

__all__ = ["not_pickled"]


def not_pickled(self: object) -> NoReturn:
    """Raise the error for a pickle; assigned to ``__reduce__``, which ``copy`` calls too.

    For what has connections, locks, threads or secrets. multiprocessing, Celery, Dask and others
    pickle what they pass to their workers.

    Raises:
        TypeError: always.
    """
    name = type(self).__name__
    msg = (
        f"{name} is neither pickled nor copied: make one in each process, for example at module "
        "level or in the worker's initializer. Processes share a session through a persistence."
    )
    raise TypeError(msg)
