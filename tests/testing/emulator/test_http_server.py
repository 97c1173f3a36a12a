"""AppSync's HTTP endpoint over real sockets; expected responses were seen at AppSync itself."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
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


def test_a_token_of_another_pool_is_refused_with_the_general_message(
    server: Emulator, post: Post
) -> None:
    stranger = Emulator(region="eu-west-1")
    status, body, _ = post(server, CREATE, token_of(stranger))
    assert status == 401
    assert body["errors"][0]["message"] == "Valid authorization header not provided."


def test_tokens_are_accepted_after_sign_out_until_they_expire(server: Emulator, post: Post) -> None:
    token = token_of(server)
    server.sign_out("ada")
    server.disable_user("ada")
    assert post(server, CREATE, token).status == 200


def test_the_authorization_headers_name_is_case_insensitive(server: Emulator, post: Post) -> None:
    token = token_of(server)
    assert post(server, CREATE, authorization=token).status == 200
    (seen,) = server.requests
    assert seen.token
    assert "authorization" not in seen.headers
    assert token not in str(dict(seen.headers))


@pytest.mark.parametrize("offset", [0.0, -7200.0, 86400.0])
def test_every_response_has_the_servers_date_and_an_id(post: Post, offset: float) -> None:
    with Emulator.in_thread(clock_offset=offset) as emulator:
        responses = [post(emulator, CREATE), post(emulator, CREATE, token_of(emulator))]
        emulator.faults.server_error()
        responses.append(post(emulator, CREATE))
        ids = {a.headers["x-amzn-RequestId"] for a in responses}
        assert len(ids) == 3
        for response in responses:
            seconds = parsedate_to_datetime(response.headers["Date"]).timestamp()
            assert -5 < seconds - (time.time() + offset) <= 0
            assert len(response.headers.get_all("Date") or ()) == 1
        assert responses[0].headers["Content-Type"] == "application/json;charset=UTF-8"


def test_the_other_fields_of_a_denied_root_field_run_in_order(server: Emulator, post: Post) -> None:
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


def test_a_change_of_groups_is_effective_with_the_next_token(server: Emulator, post: Post) -> None:
    before = token_of(server)
    server.set_groups("ada", ["Admins"])
    text = "{ secret me { groups } }"
    assert post(server, text, before).body["data"] == {"secret": None, "me": {"groups": []}}
    after = post(server, text, token_of(server)).body
    assert after == {"data": {"secret": "the cake is real", "me": {"groups": ["Admins"]}}}


def test_a_mutation_that_ran_twice_is_counted_twice(server: Emulator, post: Post) -> None:
    for _ in range(2):
        post(server, CREATE, token_of(server))
    assert server.executions == {"k": 2}
    assert server.counters["mutations"] == 2


def test_errors_of_resolvers_have_appsyncs_shape(post: Post) -> None:
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
def test_an_invalid_query_is_a_200_with_the_kind_of_error(
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
    status, response, headers = post(server, body, token_of(server))
    assert status == 400
    assert headers["x-amzn-errortype"] == "MalformedHttpRequestException"
    assert response["errors"][0]["message"] == "Unable to parse GraphQL query."


def test_a_subscription_is_not_supported_over_http(server: Emulator, post: Post) -> None:
    _, body, _ = post(server, "subscription { onCreateItem { id } }", token_of(server))
    assert body["errors"][0]["errorType"] == "OperationNotSupported"
    assert "data" not in body


def test_of_several_operations_the_named_one_is_executed_and_recorded(
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
def test_get_accepts_the_same_as_post(
    server: Emulator, parameters: dict[str, str], status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.graphql_url).netloc, timeout=20)
    headers = {"Authorization": token_of(server)}
    connection.request("GET", f"/graphql?{urlencode(parameters)}", headers=headers)
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    assert (response.status, "data" in body) == (status, status == 200)


def test_resolvers_without_a_schema_replace_the_default_ones(post: Post) -> None:
    resolvers = {"Query": {"item": lambda *_, id: {"id": id, "name": "mine"}}}  # noqa: A006
    with Emulator.in_thread(resolvers=resolvers) as emulator:
        body = post(emulator, "{ item(id: 1) { name } me { username } }", token_of(emulator)).body
    assert body == {"data": {"item": {"name": "mine"}, "me": {"username": "ada"}}}


def test_the_default_schema_has_pages_of_items(server: Emulator, post: Post) -> None:
    names, after, token = [], None, token_of(server)
    while True:
        text = "query ($after: String) { items(nextToken: $after) { items { name } nextToken } }"
        body = post(server, {"query": text, "variables": {"after": after}}, token).body
        names += [i["name"] for i in body["data"]["items"]["items"]]
        after = body["data"]["items"]["nextToken"]
        if after is None:
            break
    assert len(names) == len(set(names)) == 25


def test_a_slow_field_of_the_default_schema_returns_true(server: Emulator, post: Post) -> None:
    body = post(server, "{ slow(seconds: 0.05) secret }", token_of(server)).body
    assert body["data"] == {"slow": True, "secret": None}


def test_a_field_for_admins_is_executed_for_admins(server: Emulator, post: Post) -> None:
    server.set_groups("ada", ["Admins"])
    body = post(server, "mutation { deleteEverything }", token_of(server)).body
    assert body == {"data": {"deleteEverything": True}}
    assert server.executions == {"deleteEverything": 1}


def test_an_api_key_may_read_what_is_not_reserved_for_other_modes(post: Post) -> None:
    with Emulator.in_thread(api_keys=["da2-key"]) as emulator:
        headers = {"x-api-key": "da2-key"}
        body = post(emulator, "{ item(id: 1) { name } secret me { username } }", **headers).body
        wrong = post(emulator, "{ item(id: 1) { name } }", **{"x-api-key": "da2-wrong"})
    assert body["data"]["item"] == {"name": "item 1"}
    assert (body["data"]["secret"], body["data"]["me"]["username"]) == (None, "(API key)")
    assert body["errors"][0]["errorType"] == "Unauthorized"
    assert wrong.status == 401
    assert wrong.headers["x-amzn-errortype"] == "UnauthorizedException"


def test_resolvers_may_be_asynchronous(post: Post) -> None:
    async def when(*_: Any) -> str:
        return "2026-01-01T00:00:00Z"

    with Emulator.in_thread(
        "type Query { when: AWSDateTime }", {"Query": {"when": when}}
    ) as emulator:
        body = post(emulator, "{ when }", token_of(emulator)).body
    assert body == {"data": {"when": "2026-01-01T00:00:00Z"}}


def test_tokens_verify_with_the_published_keys(server: Emulator) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.cognito_url).netloc, timeout=20)
    connection.request("GET", f"/{server.user_pool_id}/.well-known/jwks.json")
    keys = jwt.PyJWKSet.from_dict(json.loads(connection.getresponse().read()))
    connection.close()
    token = token_of(server)
    key = next(k for k in keys.keys if k.key_id == jwt.get_unverified_header(token)["kid"])
    claims = jwt.decode(token, key.key, ["RS256"])
    assert claims["iss"] == server.issuer
    assert (claims["client_id"], claims["token_use"]) == (server.client_id, "access")
    assert server.requests[-1].operation == "JWKS"
