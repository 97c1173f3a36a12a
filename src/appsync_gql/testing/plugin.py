"""The pytest plugin: a fixture that runs an emulator."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .emulator.emulator import Emulator

__all__ = ["appsync_emulator"]

# Its assertions show their values then, as those of a test module do.
pytest.register_assert_rewrite("appsync_gql.testing.contract")


@pytest.fixture
def appsync_emulator() -> Iterator[Emulator]:
    """Run an :class:`Emulator` on a thread of its own, for synchronous and asynchronous tests.

    Raises:
        pytest.UsageError: ``pip install "appsync-gql[testing]"`` is needed.
    """
    # Imported here, because most tests of most projects do not use this fixture.
    from ..exceptions import MissingExtra  # noqa: PLC0415
    from .emulator.emulator import Emulator  # noqa: PLC0415

    with ExitStack() as stack:
        try:
            emulator = stack.enter_context(Emulator.in_thread())
        except MissingExtra as error:
            raise pytest.UsageError(str(error)) from None
        yield emulator
