"""The magics in a shell, against the emulator."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from appsync_gql import ApiKeyAuth, connect, gql
from appsync_gql.notebook import Result

if TYPE_CHECKING:
    from .conftest import Notebook

PAGES = """
query Pages($limit: Int, $nextToken: String) {
  items(limit: $limit, nextToken: $nextToken) { items { id name } nextToken }
}"""


@pytest.fixture
def signed_in(notebook: Notebook) -> Notebook:
    notebook.sign_in()
    return notebook


def test_help_is_shown_without_a_command(notebook: Notebook) -> None:
    assert "%appsync connect [FILE]" in notebook.run("%appsync")
    assert notebook.run("%appsync help") == notebook.run("%appsync")


def test_a_query_before_anything_else_says_what_to_do(notebook: Notebook) -> None:
    query = "%%appsync\n{ me { username } }"
    assert notebook.run(query) == "Nothing is connected yet. Run: %appsync connect FILE"
    notebook.run("%appsync connect")
    assert notebook.run(query) == "Nobody is signed in. Run: %appsync sign-in"


def test_a_connection_shows_a_card_and_a_name_can_be_given(notebook: Notebook) -> None:
    shown = notebook.run("%appsync connect amplify_outputs.json --as prod")
    assert shown.startswith("AppSync: prod")
    assert notebook.local.graphql_url in shown
    notebook.run("%appsync connect --as other --auth api_key")
    assert "AppSync: prod" in notebook.run("%appsync use prod")
    assert "other connections   other" in notebook.run("%appsync status")


def test_a_session_of_an_earlier_notebook_is_found(signed_in: Notebook) -> None:
    signed_in.run("%appsync connect")  # as after a restart of the kernel
    assert "tokens              fresh" in signed_in.run("%appsync status")
    assert "user                ada" in signed_in.run("%appsync status")


def test_one_of_several_saved_users_is_named(signed_in: Notebook) -> None:
    signed_in.local.add_user("bob")
    signed_in.replies = ["correct horse"]
    signed_in.run("%appsync sign-in --username bob")
    signed_in.run("%appsync connect")
    query = "%%appsync\n{ me { username } }"
    assert signed_in.run(query).endswith("Here: %appsync connect --user NAME")
    signed_in.run("%appsync connect --user bob")
    assert "bob" in signed_in.run(query)


def test_a_query_returns_a_result(signed_in: Notebook) -> None:
    shown = signed_in.run("%%appsync --save page\n{ items(limit: 2) { items { id name } } }")
    assert shown.endswith("items: 2 rows\nid  name\n0   item 0\n1   item 1")
    assert isinstance(signed_in.value("page"), Result)
    assert signed_in.value("page").data["items"]["items"][0] == {"id": "0", "name": "item 0"}


def test_variables_come_from_the_notebook(signed_in: Notebook) -> None:
    signed_in.run("k = 2; id = 7")
    query = "query Q($id: ID!) { item(id: $id) { id } }"
    for options, expected in [("", "7"), ("--var id=k*2", "4"), ("--vars '{\"id\": 9}'", "9")]:
        signed_in.run(f"%%appsync {options} --save out\n{query}")
        assert signed_in.value("out").data == {"item": {"id": expected}}


@pytest.mark.parametrize(
    ("to", "kind"), [("df", "DataFrame"), ("polars", "DataFrame"), ("data", "dict")]
)
def test_a_result_is_converted(signed_in: Notebook, to: str, kind: str) -> None:
    signed_in.run(f"%%appsync --to {to} --save out\n{{ items(limit: 2) {{ items {{ id }} }} }}")
    assert type(signed_in.value("out")).__name__ == kind


def test_all_pages_of_a_list_are_followed(signed_in: Notebook) -> None:
    signed_in.run(f"%%appsync --paginate items --save all{PAGES}")
    assert len(signed_in.value("all").data) == 25
    signed_in.run(f"%%appsync --paginate items --limit 7 --to df --save some{PAGES}")
    assert len(signed_in.value("some")) == 7


def test_another_mode_is_used_for_one_cell(signed_in: Notebook) -> None:
    before = len(signed_in.local.requests)
    signed_in.run("%%appsync --auth api_key --save out\n{ publicItem: item(id: 1) { id } }")
    sent = signed_in.local.requests[before:]
    assert [bool(request.headers.get("x-api-key")) for request in sent] == [True]


def test_an_error_points_to_its_place(signed_in: Notebook) -> None:
    shown = signed_in.run("%%appsync\nquery {\n  nothing { id } }")
    assert shown.splitlines()[1:] == ["  2 |   nothing { id } }", "        ^"]
    shown = signed_in.run("%%appsync\nquery {\n  item(id: 1 { id } }")
    assert shown.splitlines()[1:] == ["  2 |   item(id: 1 { id } }", "                   ^"]
    assert "Traceback" not in shown


def test_an_error_ends_the_run_of_a_notebook(signed_in: Notebook) -> None:
    outcome = signed_in.shell.run_cell("%%appsync\n{ nothing }", store_history=False)
    assert not outcome.success


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%appsync\nfragment F on Item { id }", "no operation, only fragments"),
        (
            "%%appsync\nquery A { a } query B { b }",
            "2 operations: choose one with --operation NAME (A, B)",
        ),
        ("%%appsync --on nowhere\n{ a }", "no connection 'nowhere'"),
        ("%%appsync --bogus\n{ a }", "Unrecognized arguments: --bogus"),
        ("%%appsync --paginate me\n{ me { username } }", "nextToken"),
        ("%%appsync --auth nonsense\n{ me { username } }", "no authorization mode 'nonsense'"),
        ("%%appsync\n{", "Syntax Error"),
        ("%appsync connect nothing.json", "nothing.json can't be read"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(signed_in: Notebook, cell: str, message: str) -> None:
    shown = signed_in.run(cell)
    assert message in shown
    assert "Traceback" not in shown


def test_one_of_several_operations_is_chosen(signed_in: Notebook) -> None:
    queries = "query A { me { username } } query B { item(id: 1) { id } }"
    signed_in.run(f"%%appsync --operation B --save out\n{queries}")
    assert signed_in.value("out").data == {"item": {"id": "1"}}


class Creator:
    """Creates items until it is told to stop."""

    def __init__(self, notebook: Notebook) -> None:
        self._client = connect(url=notebook.local.graphql_url, auth=ApiKeyAuth("da2-key"))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        number = 0
        while not self._stop.wait(0.02):
            number += 1
            self._client.execute(
                gql(f'mutation {{ createItem(key: "c{number}", name: "tea") {{ id name }} }}')
            )

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)


def test_a_subscription_ends_after_so_many_events_and_is_kept(signed_in: Notebook) -> None:
    with Creator(signed_in):
        shown = signed_in.run(
            "%%appsync --until 2 --save log\nsubscription { onCreateItem { id name } }"
        )
    assert "waiting for events; interrupt the kernel to stop" in shown
    assert "2 events: complete" in shown
    assert [event["onCreateItem"]["name"] for event in signed_in.value("log").data] == [
        "tea",
        "tea",
    ]


def test_a_subscription_in_another_mode(signed_in: Notebook) -> None:
    with Creator(signed_in):
        shown = signed_in.run(
            "%%appsync --auth api_key --until 1\nsubscription { onCreateItem { id name } }"
        )
    assert "1 event: complete" in shown


def test_after_a_sign_out_nobody_is_signed_in(signed_in: Notebook) -> None:
    assert signed_in.run("%appsync sign-out") == "Signed out."
    assert "Run: %appsync sign-in" in signed_in.run("%%appsync\n{ me { username } }")
