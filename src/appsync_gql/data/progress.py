"""A progress bar of tqdm or rich, in a terminal or a notebook."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from ..exceptions import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ProgressBar", "open_bar", "package_of"]


class ProgressBar(Protocol):
    """A bar on standard error, or a widget in a notebook."""

    def advance(self) -> None:
        """Count one more item."""

    def close(self) -> None:
        """Draw the bar for the last time; may be called more than once."""


def package_of(is_installed: Callable[[str], bool]) -> str:
    """Return the package that draws the bars: tqdm if it is installed, else rich.

    Args:
        is_installed: returns whether a package is installed.

    Raises:
        MissingExtra: neither is.
    """
    for package in _BARS:
        if is_installed(package):
            return package
    raise MissingExtra(
        'A progress bar needs tqdm or rich: pip install "appsync-gql[progress]"', setting="progress"
    )


def open_bar(package: str, description: str, total: int | None) -> ProgressBar:
    """Return a new bar.

    Args:
        package: what draws it; see :func:`package_of`.
        description: the text before it.
        total: how many items there will be; ``None`` if that is unknown.
    """
    return _BARS[package](description, total)


class _TqdmBar:
    def __init__(self, description: str, total: int | None) -> None:
        with warnings.catch_warnings():
            # In a notebook without ipywidgets, tqdm warns and draws its bar as text.
            warnings.simplefilter("ignore")
            self._bar: Any = import_module("tqdm.auto").tqdm(
                desc=description, total=total, unit=" items"
            )

    def advance(self) -> None:
        self._bar.update()

    def close(self) -> None:
        self._bar.close()


class _RichBar:
    def __init__(self, description: str, total: int | None) -> None:
        from rich import progress  # noqa: PLC0415
        from rich.console import Console  # noqa: PLC0415

        self._progress = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task(description, total=total)
        self._progress.start()

    def advance(self) -> None:
        self._progress.advance(self._task)

    def close(self) -> None:
        self._progress.stop()


_BARS: dict[str, Callable[[str, int | None], ProgressBar]] = {"tqdm": _TqdmBar, "rich": _RichBar}
