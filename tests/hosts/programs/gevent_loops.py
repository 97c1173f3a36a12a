"""Greenlets with event loops of their own, beside the package's loop in the background."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import asyncio  # noqa: E402
import json  # noqa: E402

import gevent  # noqa: E402

from hosts.settings import Settings  # noqa: E402
from hosts.users import Users  # noqa: E402

users = Users(Settings.from_environment())
name = users.names[0]


def ask(text: str) -> bool:
    """Ask with the transport for synchronous code; return whether the answer is right."""
    return users.ask_blocking(name, text, False) == (text, name)  # noqa: FBT003


def is_loop_running() -> bool:
    """Return what Django and ``asyncio.run`` look at."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _generate() -> object:
    yield 1
    await asyncio.sleep(0.01)
    yield 2


async def _work(text: str) -> list[object]:
    """Do what asyncio is for, and call synchronous code in between."""
    found = [item async for item in _generate()]  # type: ignore[attr-defined]
    await asyncio.to_thread(int)
    return [*found, ask(text)]


def own_loop(number: int) -> list[object]:
    """Run a loop in this greenlet."""
    return asyncio.run(_work(f"own {number}"))


if __name__ == "__main__":
    first = ask("first")
    seen = is_loop_running()
    greenlets = [gevent.spawn(ask, f"text {number}") for number in range(6)]
    one = gevent.spawn(own_loop, 1)
    gevent.joinall([*greenlets, one], timeout=20)
    again = own_loop(2)
    answers = [greenlet.value for greenlet in greenlets]
    found = {"first": first, "seen": seen, "answers": answers, "own": [one.value, again]}
    print("FOUND " + json.dumps({**found, "last": ask("last")}), flush=True)  # noqa: T201
