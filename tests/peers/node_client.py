"""Runs the programs in ``clients``: clients of other people, for this package's emulator."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from .node_program import HERE, Program, install

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

__all__ = ["client_running", "until"]

_CLIENTS = HERE / "clients"
_SECONDS = 120


async def until(condition: Callable[[], object]) -> None:
    """Wait until a condition is true; there is no event for it."""

    async def poll() -> None:
        while not condition():
            await asyncio.sleep(0.02)

    await asyncio.wait_for(poll(), _SECONDS)


@asynccontextmanager
async def client_running(
    client: str, folder: Path, arguments: Sequence[str], **env: str
) -> AsyncIterator[Program]:
    """Run one of the programs in ``clients``."""
    await asyncio.to_thread(install, _CLIENTS)
    program = Program(
        [_CLIENTS / f"{client}.cjs", *arguments],
        ready='"ready":true',
        folder=folder,
        env=env,
    )
    await asyncio.to_thread(program.__enter__)
    try:
        yield program
    finally:
        await asyncio.to_thread(program.stop)
