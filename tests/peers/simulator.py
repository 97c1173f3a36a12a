"""Amplify's AppSync simulator: GraphQL, authorization modes and field-level denial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import ClientSession

from .node_program import HERE, Program

if TYPE_CHECKING:
    from pathlib import Path

API_KEY = "da2-fake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """An API whose default mode is Cognito user pools; API keys may read ``runs``.

    Its schema is in ``simulator.cjs``: ``hello``, ``me``, ``secret`` (for the group ``Admins``)
    and ``runs``; ``add`` and ``addAsAdmin`` count how often they ran.
    """

    url: str
    api_key: str = API_KEY

    async def runs(self, *keys: str) -> list[int]:
        """Return how often the mutations with these keys ran, whatever their responses were."""
        fields = " ".join(f'k{n}: runs(key: "{key}")' for n, key in enumerate(keys))
        async with (
            ClientSession() as session,
            session.post(
                self.url, json={"query": f"{{ {fields} }}"}, headers={"x-api-key": self.api_key}
            ) as response,
        ):
            data = (await response.json())["data"]
            return [data[f"k{n}"] for n in range(len(keys))]


def simulator_program(folder: Path) -> Program:
    """Return the program."""
    return Program(
        [HERE / "simulator.cjs", API_KEY], ready=r'\{"url":"(http[^"]+)"\}', folder=folder
    )
