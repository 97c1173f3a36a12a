"""The pytest plugin: an emulator for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .emulator import Emulator

__all__ = ["appsync_emulator"]


@pytest.fixture
def appsync_emulator() -> Iterator[Emulator]:
    """Give a running :class:`Emulator` on a thread of its own, for tests async or not."""
    # Imported here, so that a project's tests that don't use it don't pay for it.
    from . import Emulator  # noqa: PLC0415

    with Emulator.in_thread() as emulator:
        yield emulator
