"""Writes the picture of a notebook in the documentation: ``python -m support.notebook_picture``.

Run it in ``tests/``; it needs the extra ``lab``, and Chromium.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from appsync_gql import ApiKeyAuth, connect, gql
from appsync_gql.testing import Emulator

from .jupyterlab import jupyterlab

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["write_picture"]

_PLACE = Path(__file__).parents[2] / "docs" / "notebook.png"
_CELLS = [
    "%load_ext appsync_gql\n%appsync connect amplify_outputs.json",
    "%appsync sign-in --username ada",
    "first = 3",
    """%%appsync --save page
query Page($first: Int) {
  items(limit: $first) { items { id name } nextToken }
  me { username }
}""",
    "%%appsync --save created\nsubscription { onCreateItem { id name } }",
]
_DRINKS = ["tea", "coffee", "cocoa"]
_CREATE = gql("""
mutation($key: ID!, $name: String!) { createItem(key: $key, name: $name) { id name } }
""")
_WITHOUT = ["application:toggle-left-area", "statusbar:toggle"]


@contextmanager
def creating_items(url: str) -> Iterator[None]:
    """Create items until the end of the block."""
    stop = threading.Event()
    client = connect(url=url, auth=ApiKeyAuth("da2-key"))

    def run() -> None:
        number = 0
        while not stop.wait(0.7):
            number += 1
            drink = _DRINKS[number % len(_DRINKS)]
            _CREATE.variable_values = {"key": f"item-{number}", "name": drink}
            client.execute(_CREATE)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def write_picture(place: Path) -> None:
    """Run a notebook in JupyterLab, and write what it shows.

    Args:
        place: of the PNG file.
    """
    with Emulator.in_thread(api_keys=["da2-key"]) as local, tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "notebooks"
        folder.mkdir()
        (folder / "amplify_outputs.json").write_text(json.dumps(local.amplify_outputs()))
        env = {"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": local.cognito_url}
        with jupyterlab(folder, env) as lab:
            lab.driver.set_window_size(860, 1190)
            notebook = lab.open("todos", _CELLS)
            for command in _WITHOUT:
                lab.command(command)
            notebook.run(0)
            notebook.begin(1)
            notebook.reply(1, "correct horse")
            notebook.ended(1)
            notebook.run(2)
            notebook.run(3)
            with creating_items(local.graphql_url):
                notebook.begin(4)
                notebook.wait_for(4, "3 events")
                notebook.scroll_up()
                notebook.picture(place)
                notebook.interrupt()
                notebook.ended(4)


if __name__ == "__main__":
    write_picture(Path(sys.argv[1]) if len(sys.argv) > 1 else _PLACE)
