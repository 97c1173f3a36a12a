"""The pytest plugin: an emulator for each test that asks for one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .emulator.emulator import Emulator

__all__ = ["appsync_emulator"]

# So that its assertions say as much as those of a test module.
pytest.register_assert_rewrite("appsync_gql.testing.contract")


@pytest.fixture
def appsync_emulator() -> Iterator[Emulator]:
    """Give a running :class:`Emulator` on a thread of its own, for tests async or not.

    Raises:
        pytest.UsageError: ``pip install "appsync-gql[testing]"`` is needed.
    """
    # Imported here, so that a project's tests that don't use it don't pay for it.
    from ..exceptions import MissingExtra  # noqa: PLC0415
    from .emulator.emulator import Emulator  # noqa: PLC0415

    with ExitStack() as stack:
        try:
            emulator = stack.enter_context(Emulator.in_thread())
        except MissingExtra as error:
            raise pytest.UsageError(str(error)) from None
        yield emulator
