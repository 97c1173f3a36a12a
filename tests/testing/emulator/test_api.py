"""AppSync's HTTP endpoint, over real sockets: its answers as they were seen of AppSync itself."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from appsync_gql.testing import Caller, Emulator, ResolverError, unauthorized

Post = Callable[..., Any]
CREATE = 'mutation { createItem(key: "k", name: "n") { id } }'


def token_of(emulator: Emulator, **more: Any) -> str:
    return str(emulator.issue_tokens(**more).access_token)


def test_a_token_that_has_expired_is_refused_before_anything_runs(
    server: Emulator, post: Post
) -> None:
    token = token_of(server)
    server.shift_clock(3600)
    status, body, headers = post(server, CREATE, token)
    refusal = {"errorType": "UnauthorizedException", "message": "Token has expired."}
    assert (status, body) == (401, {"errors": [refusal]})
    assert headers["x-amzn-errortype"] == "UnauthorizedException"
    assert not server.executions
    assert server.counters["mutations"] == 0


def test_a_token_expires_at_its_exp_and_not_before(server: Emulator, post: Post) -> None:
    tokens = server.issue_tokens(lifetime=100)
    assert tokens.access is not None
    server.shift_clock(tokens.access.expires_at - server.now() - 5)
    assert post(server, CREATE, str(tokens.access_token)).status == 200
    server.shift_clock(tokens.access.expires_at - server.now())
    assert post(server, CREATE, str(tokens.access_token)).status == 401


def test_a_token_of_another_pool_is_refused_without_saying_why(
    server: Emulator, post: Post
) -> None:
    stranger = Emulator(region="eu-west-1")
    status, body, _ = post(server, CREATE, token_of(stranger))
    assert status == 401
    assert body["errors"][0]["message"] == "Valid authorization header not provided."


def test_tokens_work_on_after_sign_out_until_they_expire(server: Emulator, post: Post) -> None:
    token = token_of(server)
    server.sign_out("ada")
    server.disable_user("ada")
    assert post(server, CREATE, token).status == 200


def test_the_name_of_the_authorization_header_may_be_written_any_way(
    server: Emulator, post: Post
) -> None:
    token = token_of(server)
    assert post(server, CREATE, authorization=token).status == 200
    (seen,) = server.requests
    assert seen.token
    assert "authorization" not in seen.headers
    assert token not in str(dict(seen.headers))


@pytest.mark.parametrize("offset", [0.0, -7200.0, 86400.0])
def test_every_answer_has_the_servers_date_and_an_id(post: Post, offset: float) -> None:
    with Emulator.in_thread(clock_offset=offset) as emulator:
        answers = [post(emulator, CREATE), post(emulator, CREATE, token_of(emulator))]
        emulator.faults.server_error()
        answers.append(post(emulator, CREATE))
        ids = {a.headers["x-amzn-RequestId"] for a in answers}
        assert len(ids) == 3
        for answer in answers:
            seconds = parsedate_to_datetime(answer.headers["Date"]).timestamp()
            assert -5 < seconds - (time.time() + offset) <= 0
            assert len(answer.headers.get_all("Date") or ()) == 1
        assert answers[0].headers["Content-Type"] == "application/json;charset=UTF-8"


def test_a_denied_root_field_leaves_the_others_to_run_in_their_order(
    server: Emulator, post: Post
) -> None:
    text = """mutation {
      a: createItem(key: "a", name: "n") { id }
      no: deleteEverything
      b: createItem(key: "b", name: "n") { id }
    }"""
    status, body, _ = post(server, text, token_of(server))
    assert status == 200
    assert body["data"] == {"a": {"id": "a"}, "no": None, "b": {"id": "b"}}
    assert body["errors"] == [
        {
            "path": ["no"],
            "data": None,
            "errorType": "Unauthorized",
            "errorInfo": None,
            "locations": [{"line": 3, "column": 7, "sourceName": None}],
            "message": "Not Authorized to access deleteEverything on type Mutation",
        }
    ]
    assert list(server.executions) == ["a", "b"]


def test_groups_count_from_the_next_token_on(server: Emulator, post: Post) -> None:
    before = token_of(server)
    server.set_groups("ada", ["Admins"])
    text = "{ secret me { groups } }"
    assert post(server, text, before).body["data"] == {"secret": None, "me": {"groups": []}}
    after = post(server, text, token_of(server)).body
    assert after == {"data": {"secret": "the cake is real", "me": {"groups": ["Admins"]}}}


def test_a_mutation_that_runs_twice_shows(server: Emulator, post: Post) -> None:
    for _ in range(2):
        post(server, CREATE, token_of(server))
    assert server.executions == {"k": 2}
    assert server.counters["mutations"] == 2


def test_errors_of_resolvers_are_in_appsyncs_shape(post: Post) -> None:
    seen: list[Caller] = []

    def typed(*_: Any) -> None:
        raise ResolverError("no", "Custom:Error", {"code": 7})

    def forbidden(_source: Any, info: Any) -> None:
        seen.append(info.context)
        raise unauthorized()

    def crash(*_: Any) -> None:
        raise RuntimeError("boom")

    sdl = "type Query { typed: Int forbidden: Int crash: Int never: Int! }"
    resolvers = {"Query": {"typed": typed, "forbidden": forbidden, "crash": crash}}
    with Emulator.in_thread(sdl, resolvers) as emulator:
        token = token_of(emulator)
        body = post(emulator, "{ typed forbidden crash }", token, **{"X-App": "x"}).body
        broken = post(emulator, "{ never }", token).body
    found = {e["path"][0]: (e["errorType"], e["errorInfo"], e["message"]) for e in body["errors"]}
    assert found == {
        "typed": ("Custom:Error", {"code": 7}, "no"),
        "forbidden": ("Unauthorized", None, "Unauthorized"),
        "crash": ("Lambda:Unhandled", None, "boom"),
    }
    assert broken["data"] is None
    assert broken["errors"][0]["errorType"] is None
    assert seen[0].claims["username"] == "ada"
    assert seen[0].headers["x-app"] == "x"
    assert token not in str(dict(seen[0].headers))


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ nope }", "FieldUndefined"),
        ("{ item(id: 1, x: 2) { id } }", "UnknownArgument"),
        ("{ item { id } }", "MissingFieldArgument"),
        ("{ me }", "SubSelectionRequired"),
        ("{ secret { a } }", "SubSelectionNotAllowed"),
        ("{ items(limit: {}) { nextToken } }", "WrongType"),
        ("{ item(id: $id) { id } }", "UndefinedVariable"),
        ("query ($id: ID) { secret }", "UnusedVariable"),
        ("{ secret ", "InvalidSyntax"),
    ],
)
def test_an_invalid_query_is_answered_with_200_and_the_kind_of_error(
    server: Emulator, post: Post, query: str, kind: str
) -> None:
    status, body, headers = post(server, query, token_of(server))
    (error,) = body["errors"]
    assert (status, body["data"], error["path"]) == (200, None, None)
    assert error["message"].startswith(f"Validation error of type {kind}: ")
    assert "x-amzn-errortype" not in headers


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ secret }", "variables": [1]},
        {"query": "{ secret }", "operationName": 1},
        {"query": 1},
        [{"query": "{ secret }"}],
        None,
        b"\xff\xfe",
    ],
)
def test_a_body_of_the_wrong_shape_is_malformed(server: Emulator, post: Post, body: Any) -> None:
    status, answer, headers = post(server, body, token_of(server))
    assert status == 400
    assert headers["x-amzn-errortype"] == "MalformedHttpRequestException"
    assert answer["errors"][0]["message"] == "Unable to parse GraphQL query."


def test_a_subscription_is_not_for_http(server: Emulator, post: Post) -> None:
    _, body, _ = post(server, "subscription { onCreateItem { id } }", token_of(server))
    assert body["errors"][0]["errorType"] == "OperationNotSupported"
    assert "data" not in body


def test_of_several_operations_the_named_one_runs_and_is_recorded(
    server: Emulator, post: Post
) -> None:
    text = 'query A { secret } mutation B { createItem(key: "b", name: "n") { id } }'
    post(server, {"query": text, "operationName": "B"}, token_of(server))
    post(server, {"query": text}, token_of(server))
    assert server.executions == {"b": 1}
    named, unnamed = server.requests
    assert (named.operation, named.name) == ("mutation", "B")
    assert (unnamed.operation, unnamed.name) == (None, None)


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"query": "query Q($n: ID!) { item(id: $n) { id } }", "variables": '{"n": "7"}'}, 200),
        ({"query": "query A { secret } query B { secret }", "operationName": "B"}, 200),
        ({"query": "{ secret }", "variables": "{"}, 400),
        ({}, 400),
    ],
)
def test_get_takes_the_same_as_post(
    server: Emulator, parameters: dict[str, str], status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.graphql_url).netloc, timeout=20)
    headers = {"Authorization": token_of(server)}
    connection.request("GET", f"/graphql?{urlencode(parameters)}", headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    assert (answer.status, "data" in body) == (status, status == 200)


def test_resolvers_given_without_a_schema_take_the_place_of_the_default_ones(post: Post) -> None:
    resolvers = {"Query": {"item": lambda *_, id: {"id": id, "name": "mine"}}}  # noqa: A006
    with Emulator.in_thread(resolvers=resolvers) as emulator:
        body = post(emulator, "{ item(id: 1) { name } me { username } }", token_of(emulator)).body
    assert body == {"data": {"item": {"name": "mine"}, "me": {"username": "ada"}}}


def test_pages_of_items_follow_each_other_to_the_end(server: Emulator, post: Post) -> None:
    names, after, token = [], None, token_of(server)
    while True:
        text = "query ($after: String) { items(nextToken: $after) { items { name } nextToken } }"
        body = post(server, {"query": text, "variables": {"after": after}}, token).body
        names += [i["name"] for i in body["data"]["items"]["items"]]
        after = body["data"]["items"]["nextToken"]
        if after is None:
            break
    assert len(names) == len(set(names)) == 25


def test_a_slow_field_takes_its_time_and_others_go_on(server: Emulator, post: Post) -> None:
    body = post(server, "{ slow(seconds: 0.05) secret }", token_of(server)).body
    assert body["data"] == {"slow": True, "secret": None}


def test_what_is_for_admins_runs_for_admins(server: Emulator, post: Post) -> None:
    server.set_groups("ada", ["Admins"])
    body = post(server, "mutation { deleteEverything }", token_of(server)).body
    assert body == {"data": {"deleteEverything": True}}
    assert server.executions == {"deleteEverything": 1}
