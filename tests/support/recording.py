"""Writes ``docs/terminal.svg``: real commands on a terminal, against the emulator.

Run in ``tests/``: ``python -m support.recording``.
"""

from __future__ import annotations

import json
import re
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from appsync_gql import ApiKeyAuth, connect, gql
from appsync_gql.testing import Emulator
from support.command_line import API_KEY, PASSWORD, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["record"]

_PICTURE = Path(__file__).parent.parent.parent / "docs" / "terminal.svg"
_WIDTH = 88
_STEPS: tuple[tuple[str, ...], ...] = (
    ("sign-in", "--username", "ada"),
    ("status",),
    ("query", "{ items(limit: 3) { items { id name } nextToken } }"),
    (
        "query",
        "query Item($id: ID!) { item(id: $id) { id name } }",
        "-v",
        "id=7",
        "--output",
        "json",
    ),
    ("query", "{ itemz { id } }"),
    ("subscribe", "subscription { onCreateItem { id name } }", "--until", "2"),
    ("sign-out",),
)


def record(api: Emulator, folder: Path) -> Iterator[tuple[str, str]]:
    """Run the commands in a folder; yield each command line and what was on the screen.

    Args:
        api: the emulator.
        folder: an empty one, for the configuration and the session.
    """
    (folder / "amplify_outputs.json").write_text(json.dumps(api.amplify_outputs()))
    env = {
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": api.cognito_url,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "COLUMNS": str(_WIDTH),
    }
    for step in _STEPS:
        yield _command_line(step), _screen(api, step, env, folder)


def _command_line(step: tuple[str, ...]) -> str:
    words = [f"'{word}'" if " " in word else word for word in step]
    return " ".join(["appsync-gql", *words])


def _screen(api: Emulator, step: tuple[str, ...], env: Mapping[str, str], folder: Path) -> str:
    with terminal(*step, env=env, cwd=folder) as screen:
        if step[0] == "sign-in":
            screen.wait_for("Password")
            screen.type(f"{PASSWORD}\n")
        ended = threading.Event()
        if step[0] == "subscribe":
            threading.Thread(target=_create_items, args=(api, ended), daemon=True).start()
        screen.exit_code()
        ended.set()
        return screen.shown


def _create_items(api: Emulator, ended: threading.Event) -> None:
    client = connect(url=api.graphql_url, auth=ApiKeyAuth(API_KEY))
    number = 0
    while not ended.wait(0.3):
        number += 1
        text = f'mutation {{ createItem(key: "item-{number}", name: "tea") {{ id name }} }}'
        client.execute(gql(text))


def main() -> None:
    """Record the picture."""
    console = Console(record=True, width=_WIDTH, force_terminal=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with (
        Emulator.in_thread(api_keys=[API_KEY]) as api,
        tempfile.TemporaryDirectory() as folder,
    ):
        for line, shown in record(api, Path(folder)):
            console.print(Text(f"$ {line}", style="bold green"))
            console.print(Text.from_ansi(shown.replace("\r\n", "\n").rstrip("\n")))
    # Without the fonts that rich's pictures load from the web.
    picture = re.sub(
        r"@font-face \{.*?\}\s*", "", console.export_svg(title="appsync-gql"), flags=re.DOTALL
    )
    _PICTURE.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
