"""The magics in a real kernel, as notebooks run them."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from appsync_gql.testing.emulator.totp import totp_code
from support.kernel import Cell, Kernel, folders_of, kernel, needs_lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from appsync_gql.testing import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.peer("ipykernel")]

EXAMPLE = Path(__file__).parents[2] / "examples" / "notebook.ipynb"
PASSWORD = "correct horse"
LIST = """
query Pages($limit: Int, $nextToken: String) {
  items(limit: $limit, nextToken: $nextToken) { items { id name } nextToken }
}"""
ME = "%%appsync\n{ me { username } }"
EVENTS = "%%appsync --save events\nsubscription { onCreateItem { id name } }"
CREATOR = """
import threading
from appsync_gql import ApiKeyAuth, connect, gql
stop = threading.Event()
def create_items():
    client = connect("amplify_outputs.json", auth="api_key")
    number = 0
    while not stop.wait(0.05):
        number += 1
        key = f"c{number}"
        client.execute(gql(f'mutation {{ createItem(key: "{key}", name: "tea") {{ id name }} }}'))
thread = threading.Thread(target=create_items, daemon=True)
thread.start()
"""


@pytest.fixture(scope="module")
def started(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "amplify_outputs.json").write_text(json.dumps(emulator.amplify_outputs()))
    env = {"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": emulator.cognito_url}
    with kernel(folder, env) as made:
        yield made


@pytest.fixture
def nb(started: Kernel) -> Kernel:
    """A kernel that is connected, and where nobody is signed in."""
    if started.run("%load_ext appsync_gql\n%appsync connect").failed:
        pytest.fail(started.cells[-1].text)
    started.run("%appsync sign-out")
    return started


@pytest.fixture
def signed_in(nb: Kernel) -> Kernel:
    sign_in(nb)
    return nb


def sign_in(nb: Kernel, user: str = "ada") -> Cell:
    cell = nb.run(f"%appsync sign-in --username {user}", replies=(PASSWORD,))
    assert f"Signed in as {user}" in cell.text
    return cell


def interrupt_when(nb: Kernel, text: str) -> Callable[[Cell], None]:
    """Return a function that interrupts the kernel once a text is displayed."""
    done: list[bool] = []

    def on_output(cell: Cell) -> None:
        if text in cell.text and not done:
            done.append(True)
            nb.interrupt()

    return on_output


def test_a_password_is_typed_into_a_hidden_prompt(nb: Kernel) -> None:
    cell = sign_in(nb)
    assert cell.prompts == [("Password of ada: ", True)]
    assert "ada" in nb.run(ME).text


def test_after_a_wrong_password_the_right_one_is_accepted(nb: Kernel) -> None:
    cell = nb.run("%appsync sign-in --username ada", replies=("wrong horse",))
    assert cell.failed
    assert "Incorrect username or password" in cell.text
    assert "Traceback" not in cell.text
    sign_in(nb)


def test_a_code_of_an_authenticator_application_is_asked_for(
    nb: Kernel, emulator: Emulator
) -> None:
    secret = "JBSWY3DPEHPK3PXP"
    emulator.add_user("tom", totp_secret=secret)
    cell = nb.run(
        "%appsync sign-in --username tom",
        replies=(PASSWORD, "000000", totp_code(secret, emulator.now())),
    )
    assert "The code is wrong" in cell.text
    assert "Signed in as tom" in cell.text
    assert [hidden for _, hidden in cell.prompts] == [True, True, True]


def test_the_key_of_an_authenticator_application_does_not_stay_in_the_notebook(
    nb: Kernel, emulator: Emulator
) -> None:
    emulator.add_user("dan", set_up_mfa=True)
    keys: list[str] = []

    def reply(cell: Cell) -> str:
        if len(cell.prompts) == 1:
            return PASSWORD
        keys.append(cell.text.split("authenticator application: ")[1].split()[0])
        return totp_code(keys[0], emulator.now())

    cell = nb.run("%appsync sign-in --username dan", replies=reply)
    assert "Signed in as dan" in cell.text
    assert keys[0] not in nb.saved()
    assert "\N{FULL BLOCK}" not in nb.saved()
    assert "data:image" not in nb.saved()


def test_a_query_is_a_table_in_html_and_in_text(signed_in: Kernel) -> None:
    cell = signed_in.run("%%appsync\n{ items(limit: 2) { items { id name } } }")
    assert "items: 2 rows\nid  name\n0   item 0\n1   item 1" in cell.text
    assert "<td" in cell.html


@pytest.mark.parametrize("to", ["df", "polars"])
def test_a_list_becomes_a_data_frame(signed_in: Kernel, to: str) -> None:
    cell = signed_in.run(f"%%appsync --paginate items --to {to} --save frame{LIST}")
    assert "<table" in cell.html
    assert "(25, 2)" in signed_in.run("frame.shape").text


def test_an_error_has_a_caret_and_no_traceback(signed_in: Kernel) -> None:
    cell = signed_in.run("%%appsync\nquery {\n  nothing { id } }")
    assert cell.failed
    assert cell.text.splitlines()[1:] == ["  2 |   nothing { id } }", "        ^"]


def test_a_subscription_ends_after_so_many_events(signed_in: Kernel) -> None:
    signed_in.run(CREATOR)
    cell = signed_in.run(EVENTS.replace("--save", "--until 3 --save"))
    assert "3 events: complete" in cell.text
    assert len(cell.outputs) == 1, "one table that is updated"
    assert signed_in.run("stop.set(); len(events.data)").text == "3"


@pytest.mark.parametrize("module", ["json", "polars", "pandas"])
def test_a_subscription_stops_with_the_interrupt(signed_in: Kernel, module: str) -> None:
    signed_in.run(f"import {module}\n{CREATOR}")
    cell = signed_in.run(EVENTS, on_output=interrupt_when(signed_in, "2 events"))
    signed_in.run("stop.set()")
    assert not cell.failed
    assert ": stopped" in cell.text
    assert "KeyboardInterrupt" not in cell.text
    assert int(signed_in.run("len(events.data)").text) >= 2
    assert "ada" in signed_in.run(ME).text, "the kernel goes on"


def test_a_subscription_without_events_stops_too(signed_in: Kernel) -> None:
    cell = signed_in.run(EVENTS, on_output=interrupt_when(signed_in, "waiting for events"))
    assert "0 events: stopped" in cell.text


@pytest.mark.parametrize(
    ("operation", "shown"),
    [
        ("query Q { me { username } }", "Interrupted."),
        (
            "mutation M { createItem(key: 1, name: 2) { id } }",
            "Interrupted. The mutation may have been executed.",
        ),
    ],
)
def test_what_hangs_can_be_interrupted(signed_in: Kernel, operation: str, shown: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def interrupt() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(1)
                signed_in.interrupt()
                caller.settimeout(20)
                while caller.recv(65536):
                    pass  # until the kernel closes the connection

        thread = threading.Thread(target=interrupt)
        thread.start()
        outputs = json.loads((signed_in.folder / "amplify_outputs.json").read_text())
        outputs["data"]["url"] = f"http://127.0.0.1:{server.getsockname()[1]}/graphql"
        (signed_in.folder / "hanging.json").write_text(json.dumps(outputs))
        signed_in.run("%appsync connect hanging.json --as hanging --auth api_key")
        cell = signed_in.run(f"%%appsync\n{operation}", seconds=15)
        thread.join(20)
    signed_in.run("%appsync use default")
    assert cell.text == shown
    assert "ada" in signed_in.run(ME).text


def test_a_prompt_can_be_interrupted(nb: Kernel) -> None:
    def reply(_: Cell) -> str:
        nb.interrupt()
        return ""

    cell = nb.run("%appsync sign-in --username ada", replies=reply)
    assert cell.text == "Interrupted."
    sign_in(nb)


def test_a_restarted_kernel_finds_the_session(signed_in: Kernel) -> None:
    signed_in.restart()
    cell = signed_in.run("%load_ext appsync_gql\n%appsync connect\n%appsync status")
    assert "user                ada" in cell.text
    assert "ada" in signed_in.run(ME).text


def test_plain_python_works_in_the_running_loop(signed_in: Kernel) -> None:
    code = """
from appsync_gql import connect, gql
client = connect("amplify_outputs.json")
query = gql("{ me { username } }")
client.execute(query), await client.execute_async(query)
"""
    assert signed_in.run(code).text.count("'ada'") == 2


def test_a_kernel_that_can_not_ask_says_what_to_do(nb: Kernel) -> None:
    cell = nb.run("%appsync sign-in --username ada", asks=False)
    assert "This notebook can't ask for input" in cell.text
    assert "Traceback" not in cell.text
    sign_in(nb)


def test_nothing_secret_is_in_the_notebook_file(signed_in: Kernel) -> None:
    signed_in.run("%appsync status")
    saved = signed_in.saved()
    assert "Signed in as ada" in saved
    for secret in (PASSWORD, "wrong horse", "eyJ", "000000", "code="):
        assert secret not in saved


def test_the_example_runs_from_the_first_cell_to_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_lab("ipykernel", "nbclient")
    import nbclient  # noqa: PLC0415
    import nbformat  # noqa: PLC0415

    for name, value in folders_of(tmp_path).items():
        monkeypatch.setenv(name, value)
    notebook: Any = nbformat.read(EXAMPLE, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}
    )
    asyncio.run(client.async_execute())
    text = nbformat.writes(notebook)
    assert "5 events: complete" in text
    assert "eyJ" not in text


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def is_taken(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_an_interrupted_sign_in_by_browser_ends_at_once(nb: Kernel, emulator: Emulator) -> None:
    nb.run("import os; os.environ['BROWSER'] = 'true'")  # a program that does nothing
    port = free_port()
    line = f"%appsync sign-in --browser --domain {emulator.cognito_url} --port {port}"
    for _ in range(2):
        cell = nb.run(line, on_output=interrupt_when(nb, "Open this page"))
        assert cell.text == "Interrupted."
        end = time.monotonic() + 5
        while is_taken(port):
            assert time.monotonic() < end, "the sign-in goes on"
    nb.run("del os.environ['BROWSER']")
    cell = nb.run(f"%appsync sign-in --paste --domain {emulator.cognito_url}", asks=False)
    assert "This notebook can't ask for input" in cell.text


def test_a_loop_over_events_in_plain_python_is_interrupted(signed_in: Kernel) -> None:
    code = """
client = connect("amplify_outputs.json")
for event in client.subscribe(gql("subscription { onCreateItem { id name } }")):
    print(event, flush=True)
"""
    signed_in.run(CREATOR)
    cell = signed_in.run(code, on_output=interrupt_when(signed_in, "tea"), seconds=15)
    signed_in.run("stop.set()")
    assert cell.failed
    assert "KeyboardInterrupt" in cell.text
    assert "ada" in signed_in.run(ME).text


def test_the_extension_can_be_reloaded(signed_in: Kernel) -> None:
    assert not signed_in.run("%reload_ext appsync_gql").failed
    assert "Run: %appsync connect" in signed_in.run(ME).text
    signed_in.run("%appsync connect")
    assert "ada" in signed_in.run(ME).text
