"""``appsync-gql query`` against the emulator."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from appsync_gql.testing import Emulator, ResolverError
from appsync_gql.testing.emulator.default_schema import resolvers as default_resolvers
from support.command_line import API_KEY, outputs_of, run

ME = "{ me { username } }"
ITEM = "query($id: ID!) { item(id: $id) { id name } }"
PAGES = """query($limit: Int, $nextToken: String) {
  items(limit: $limit, nextToken: $nextToken) { items { id name } nextToken }
}"""


@pytest.mark.usefixtures("signed_in")
def test_the_data_is_printed_as_json_for_a_program() -> None:
    outcome = run("query", ME)
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout) == {"me": {"username": "ada"}}


@pytest.mark.usefixtures("signed_in")
def test_a_file_and_standard_input_are_read() -> None:
    Path("query.graphql").write_text(ME)
    expected = {"me": {"username": "ada"}}
    assert json.loads(run("query", "--file", "query.graphql").stdout) == expected
    assert json.loads(run("query", "-", text=ME).stdout) == expected


@pytest.mark.usefixtures("signed_in")
def test_variables_have_the_types_that_the_query_declares() -> None:
    outcome = run("query", ITEM, "-v", "id=007", "--output", "csv")
    assert outcome.stdout == "id,name\n007,item 007\n"
    Path("variables.json").write_text('{"id": "8"}')
    assert json.loads(run("query", ITEM, "--variables", "@variables.json").stdout) == {
        "item": {"id": "8", "name": "item 8"}
    }


@pytest.mark.usefixtures("signed_in")
def test_a_page_is_a_table_with_its_items() -> None:
    outcome = run("query", PAGES, "-v", "limit=2", "--output", "table")
    assert "item 0" in outcome.stdout
    assert "item 1" in outcome.stdout
    assert "nextToken" not in outcome.stdout


@pytest.mark.usefixtures("signed_in")
def test_a_mutation_is_executed() -> None:
    mutation = "mutation($name: String!) { createItem(key: 1, name: $name) { name } }"
    outcome = run("query", mutation, "-v", "name=7")
    assert json.loads(outcome.stdout) == {"createItem": {"name": "7"}}


def test_another_mode_and_another_url_can_be_chosen(api: Emulator) -> None:
    outcome = run("query", ME, "--auth", "api_key", "--url", api.graphql_url)
    assert json.loads(outcome.stdout) == {"me": {"username": "(API key)"}}


def test_a_configuration_a_profile_and_the_current_folder_name_the_api(
    api: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APPSYNC_URL")
    Path("outputs.json").write_text(json.dumps(outputs_of(api, mode="API_KEY")))
    assert run("query", ME, "--config", "outputs.json").exit_code == 0
    assert run("profile", "save", "prod", "--config", "outputs.json").exit_code == 0
    assert run("query", ME, "--profile", "prod").exit_code == 0
    assert run("query", ME).exit_code == 2
    Path("outputs.json").rename("amplify_outputs.json")
    assert run("query", ME).exit_code == 0


@pytest.mark.usefixtures("api")
def test_headers_are_sent() -> None:
    received: dict[str, str] = {}

    def me(_source: object, info: Any) -> dict[str, object]:
        received.update(info.context.headers)
        return {"username": "x", "groups": []}

    with Emulator.in_thread(resolvers={"Query": {"me": me}}, api_keys=["da2-key"]) as other:
        arguments = ("--auth", "api_key", "--url", other.graphql_url)
        outcome = run("query", ME, *arguments, "-H", "X-Trace: 7", "--timeout", "5")
    assert outcome.exit_code == 0, outcome.stderr
    assert received["X-Trace"] == "7"


# -- pages ---------------------------------------------------------------------------


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("output", ["json", "jsonl", "csv", "table"])
def test_all_pages_are_printed_in_each_format(output: str) -> None:
    arguments = ("--paginate", "items", "--page-size", "10", "--output", output)
    outcome = run("query", PAGES, *arguments)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.stdout.count("item ") == 25
    if output == "json":
        assert json.loads(outcome.stdout)[24] == {"id": "24", "name": "item 24"}
    if output == "jsonl":
        lines = [json.loads(line) for line in outcome.stdout.splitlines()]
        assert lines[24] == {"id": "24", "name": "item 24"}


@pytest.mark.usefixtures("signed_in")
def test_pages_end_at_the_limit_and_begin_at_a_token() -> None:
    arguments = ("--paginate", "items", "--limit", "3", "--next-token", "20", "--output", "jsonl")
    outcome = run("query", PAGES, *arguments)
    assert [json.loads(line)["id"] for line in outcome.stdout.splitlines()] == ["20", "21", "22"]


@pytest.mark.usefixtures("signed_in")
def test_several_lists_are_followed_at_once() -> None:
    query = """query($a: String, $b: String) {
      few: items(limit: 20, nextToken: $a) { items { id } nextToken }
      many: items(nextToken: $b) { items { id } nextToken }
    }"""
    outcome = run("query", query, "--paginate", "few", "--paginate", "many")
    found = json.loads(outcome.stdout)
    assert {name: len(items) for name, items in found.items()} == {"few": 25, "many": 25}


@pytest.mark.usefixtures("signed_in")
def test_a_bar_is_shown_on_request_on_standard_error() -> None:
    outcome = run("query", PAGES, "--paginate", "items", "--limit", "4", "--progress")
    assert "4/4" in outcome.stderr
    assert len(json.loads(outcome.stdout)) == 4


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("output", ["jsonl", "json"])
def test_pages_that_came_before_an_error_are_printed_and_how_to_go_on(output: str) -> None:
    real = default_resolvers(Counter())["Query"]["items"]

    def items(source: object, info: object, **arguments: Any) -> Any:
        if arguments.get("nextToken") == "20":
            msg = "no luck"
            raise ResolverError(msg)
        return real(source, info, **arguments)

    arguments = ("--paginate", "items", "--auth", "api_key", "--output", output)
    with Emulator.in_thread(resolvers={"Query": {"items": items}}, api_keys=[API_KEY]) as other:
        outcome = run("query", PAGES, *arguments, "--url", other.graphql_url)
    assert outcome.exit_code == 4
    assert outcome.stdout.count("item ") == 20
    hint, error = outcome.stderr.splitlines()
    assert hint == "Go on with: --next-token 20"
    assert error == "appsync-gql: no luck (at items)"
    rest = run("query", PAGES, *arguments, "--next-token", "20")
    assert rest.stdout.count("item ") == 5


def test_an_error_of_the_first_page_is_one_line(signed_in: Emulator) -> None:
    signed_in.faults.answer(1, 200, {"data": None, "errors": [{"message": "no luck"}]})
    outcome = run("query", PAGES, "--paginate", "items")
    assert (outcome.exit_code, outcome.stdout) == (4, "")
    assert outcome.stderr == "appsync-gql: no luck\n"


# -- errors ---------------------------------------------------------------------------


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["{ nope }"], 4, "Cannot query field 'nope'"),
        (["{ me {"], 4, "Syntax Error"),
        (["{ secret }"], 5, "Not Authorized to access secret"),
        ([ME, "--auth", "lambda"], 2, "APPSYNC_TOKEN"),
        ([ME, "--auth", "magic"], 2, "no authorization mode 'magic'"),
        ([ME, "--config", "missing.json"], 2, "missing.json can't be read"),
        ([ME, "--profile", "missing"], 2, "no profile 'missing'"),
        ([ME, "--user", "bob"], 3, "appsync-gql sign-in"),
        ([ME, "--url", "http://127.0.0.1:9/graphql", "--auth", "api_key"], 6, "127.0.0.1:9"),
        ([ME, "--url", "http://example.com/graphql", "--auth", "api_key"], 2, "http"),
        ([ME, "-H", "Authorization: x"], 2, "is a secret"),
        ([ME, "--limit", "3"], 2, "need --paginate PATH"),
        ([ME, "--progress"], 2, "need --paginate PATH"),
        ([PAGES, "--paginate", "itms"], 2, "does not select 'itms'; it selects items."),
        ([ITEM], 2, "needs $id"),
        (["subscription { onCreateItem { id } }"], 2, "use appsync-gql subscribe"),
        (["{ a: me { username } b: me { username } }", "--output", "csv"], 2, "several parts"),
    ],
)
def test_each_error_is_one_line_with_a_code_of_its_kind(
    arguments: list[str], code: int, said: str
) -> None:
    outcome = run("query", *arguments)
    assert outcome.exit_code == code, outcome.stderr
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("appsync-gql: ")
    assert said in line


@pytest.mark.usefixtures("api")
def test_without_a_session_the_command_to_sign_in_is_named() -> None:
    outcome = run("query", ME)
    assert outcome.exit_code == 3
    assert outcome.stderr == "appsync-gql: Nobody is signed in. Run: appsync-gql sign-in\n"


@pytest.mark.usefixtures("signed_in")
def test_data_that_came_beside_an_error_is_printed() -> None:
    outcome = run("query", "{ me { username } secret }")
    assert outcome.exit_code == 5
    assert json.loads(outcome.stdout) == {"me": {"username": "ada"}, "secret": None}
    assert "secret" in outcome.stderr


@pytest.mark.parametrize(
    ("fault", "query", "code"),
    [("server_error", ME, 7), ("waf", ME, 5), ("drop", "mutation { deleteEverything }", 8)],
)
def test_faults_of_the_server_have_codes_of_their_own(
    signed_in: Emulator, fault: str, query: str, code: int
) -> None:
    getattr(signed_in.faults, fault)(9)
    assert run("query", query).exit_code == code
