"""The magics in JupyterLab, in a real Chromium.

Each test writes pictures to its ``tmp_path``, for people to look at.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from appsync_gql.testing.emulator.totp import totp_code
from support.hosted_page import sign_in_on_page
from support.jupyterlab import Lab, Notebook, jupyterlab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from appsync_gql.testing import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.peer("chromium")]

PASSWORD = "correct horse"
BEGIN = "%load_ext appsync_gql\n%appsync connect"
SIGN_IN = "%appsync sign-in --username {}"
TABLE = """%%appsync
{ items(limit: 4) { items { id name } nextToken } me { username groups } }"""
ERROR = "%%appsync\nquery {\n  nothing { id }\n}"
ME = "%%appsync\n{ me { username } }"
EVENTS = "%%appsync --save created\nsubscription { onCreateItem { id name } }"
CREATE = """import threading
from appsync_gql import connect, gql
stop = threading.Event()
CREATE = gql('mutation New($key: ID!) { createItem(key: $key, name: "tea") { id name } }')
def create_items():
    client = connect("amplify_outputs.json", auth="api_key")
    number = 0
    while not stop.wait(0.1):
        number += 1
        CREATE.variable_values = {"key": f"item-{number}"}
        client.execute(CREATE)
threading.Thread(target=create_items, daemon=True).start()"""


@pytest.fixture(scope="module")
def lab(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "amplify_outputs.json").write_text(json.dumps(emulator.amplify_outputs()))
    env = {"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": emulator.cognito_url}
    with jupyterlab(folder, env) as made:
        yield made


@pytest.fixture
def opened(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook with some cells; the first one, which connects, has run."""
    made: list[Notebook] = []

    def open_notebook(*cells: str) -> Notebook:
        name = re.sub(r"\W", "-", request.node.name)
        made.append(lab.open(name, [BEGIN, *cells]))
        made[0].run(0, "authorization mode")
        return made[0]

    yield open_notebook
    for notebook in made:
        notebook.shut_down()


def sign_in(notebook: Notebook, number: int) -> None:
    """Run the cell that signs in, and type the password."""
    notebook.begin(number)
    assert notebook.reply(number, PASSWORD) == "password"
    notebook.ended(number, "Signed in as")


def test_from_a_sign_in_to_a_table_and_an_error(
    opened: Callable[..., Notebook], lab: Lab, tmp_path: Path
) -> None:
    notebook = opened(SIGN_IN.format("ada"), "%appsync status", TABLE, ERROR)
    notebook.begin(1)
    notebook.asks(1)
    notebook.picture(tmp_path / "password.png")
    notebook.reply(1, PASSWORD)
    notebook.ended(1, "Signed in as ada")
    notebook.run(2, "user ada")
    notebook.picture(tmp_path / "card.png")
    notebook.run(3, "items: 4 rows; there are more pages (--paginate)")
    notebook.run(4, "  2 |   nothing { id }\n        ^")
    colors = set()
    for theme in ("Light", "Dark"):
        lab.theme(theme)
        notebook.picture(tmp_path / f"table-{theme.lower()}.png")
        colors.add(notebook.color(3, "td"))
    assert len(colors) == 2, "the text has the theme's color"
    lab.theme("Light")
    saved = notebook.save()
    assert "Signed in as ada" in saved
    assert PASSWORD not in saved
    assert "eyJ" not in saved


def test_a_subscription_is_stopped_by_the_button(
    opened: Callable[..., Notebook], tmp_path: Path
) -> None:
    notebook = opened(SIGN_IN.format("ada"), CREATE, EVENTS, "stop.set(); len(created.data)")
    sign_in(notebook, 1)
    notebook.run(2)
    notebook.begin(3)
    notebook.wait_for(3, "3 events: waiting for events; interrupt the kernel to stop")
    notebook.picture(tmp_path / "live.png")
    notebook.interrupt()
    notebook.ended(3)
    table = re.compile(r"\d+ events: stopped(; the last 20 are shown)?\nid name\nitem-\d+ tea\n")
    notebook.until(lambda: table.match(notebook.text(3)), "the table is the record of the events")
    notebook.picture(tmp_path / "stopped.png")
    assert "Interrupt" not in notebook.text(3)
    notebook.run(4)
    notebook.until(lambda: int(notebook.text(4) or 0) >= 3, "three events are kept")


def test_a_query_that_hangs_is_interrupted_by_the_menu(
    opened: Callable[..., Notebook], emulator: Emulator
) -> None:
    notebook = opened(SIGN_IN.format("ada"), ME, ME)
    sign_in(notebook, 1)
    emulator.latency = 60
    try:
        notebook.begin(2)
        notebook.until(lambda: notebook.kernel_state() == "busy", "the cell runs")
        notebook.menu("Kernel", "Interrupt Kernel")
        notebook.ended(2)
        notebook.until(lambda: notebook.text(2) == "Interrupted.", "nothing else is displayed")
    finally:
        emulator.latency = 0
    assert "username ada" in notebook.run(3, "username ada")


def test_the_page_is_opened_by_the_link_and_the_address_is_pasted(
    opened: Callable[..., Notebook], lab: Lab, emulator: Emulator, tmp_path: Path
) -> None:
    notebook = opened(f"%appsync sign-in --paste --domain {emulator.cognito_url}", ME)
    notebook.begin(1)
    notebook.asks(1)
    notebook.picture(tmp_path / "link.png")
    with lab.new_tab(lambda: notebook.click_link(1)) as tab:
        sign_in_on_page(tab, "ada", PASSWORD)
        address = tab.current_url
    assert notebook.reply(1, address) == "password"
    notebook.ended(1, "Signed in as ada")
    assert "username ada" in notebook.run(2, "username ada")
    assert "code=" not in notebook.save()


def test_the_page_is_opened_by_the_link_and_nothing_is_pasted(
    opened: Callable[..., Notebook], lab: Lab, emulator: Emulator
) -> None:
    notebook = opened(
        "import os; os.environ['BROWSER'] = 'true'",  # a program that does nothing
        f"%appsync sign-in --browser --domain {emulator.cognito_url}",
        ME,
    )
    notebook.run(1)
    notebook.begin(2)
    notebook.wait_for(2, "sign-in page")
    with lab.new_tab(lambda: notebook.click_link(2)) as tab:
        sign_in_on_page(tab, "ada", PASSWORD)
    notebook.ended(2)
    notebook.until(lambda: notebook.text(2).startswith("Signed in as ada"), "the link is gone")
    assert "username ada" in notebook.run(3, "username ada")


def test_an_authenticator_application_is_set_up_by_a_qr_code(
    opened: Callable[..., Notebook], lab: Lab, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.add_user("dan", set_up_mfa=True)
    notebook = opened(SIGN_IN.format("dan"), ME, "%appsync sign-out")
    notebook.begin(1)
    notebook.reply(1, PASSWORD)
    notebook.wait_for(1, "Key for the authenticator application:")
    notebook.asks(1)
    lab.theme("Dark")
    notebook.picture(tmp_path / "qr.png")
    lab.theme("Light")
    key = notebook.text(1).split("authenticator application: ")[1].split()[0]
    notebook.reply(1, totp_code(key, emulator.now()))
    notebook.ended(1, "Signed in as dan")
    notebook.run(2, "username dan")
    notebook.run(3)
    notebook.until(lambda: notebook.text(3) == "Signed out.", "nothing else is displayed")
    saved = notebook.save()
    assert key not in saved
    assert "data:image" not in saved


def test_a_restarted_kernel_finds_the_session(opened: Callable[..., Notebook]) -> None:
    notebook = opened(SIGN_IN.format("ada"), ME)
    sign_in(notebook, 1)
    notebook.restart()
    notebook.run(0)
    assert "username ada" in notebook.run(2, "username ada")
