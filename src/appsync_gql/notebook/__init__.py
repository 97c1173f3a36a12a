"""``%load_ext appsync_gql``: AppSync in a notebook (extra ``notebook``).

``%appsync help`` lists the commands. Results are :class:`Result` objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..extras import require

if TYPE_CHECKING:
    from .result import Result

__all__ = ["Result", "load_ipython_extension"]


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics; called by ``%load_ext appsync_gql``.

    Raises:
        MissingExtra: ``pip install "appsync-gql[notebook]"`` is needed.
    """
    require("notebook", "IPython")
    from .magics import AppSyncMagics  # noqa: PLC0415

    ipython.register_magics(AppSyncMagics(ipython))


def __getattr__(name: str) -> Any:
    if name == "Result":
        from .result import Result  # noqa: PLC0415

        return Result
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
