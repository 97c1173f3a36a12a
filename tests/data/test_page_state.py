"""What is asked for next, page after page. Nothing is sent here."""

from __future__ import annotations

from typing import Any

import pytest
from gql import gql
from graphql import print_ast
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql import ConfigurationError, PaginationFailed
from appsync_gql.data.page_state import PageState

QUERY = """query($limit: Int, $nextToken: String, $other: String, $x: Int) {
  todos(limit: $limit, nextToken: $nextToken) { items { id } nextToken }
  users(nextToken: $other, x: $x) { items { id } nextToken }
}"""


def state(paths: list[str] | None = None, *, variables: Any = None, **arguments: Any) -> PageState:
    request = gql(QUERY)
    request.variable_values = variables
    return PageState(request, paths or ["todos"], **arguments)


def page(items: Any, token: Any = None) -> dict[str, Any]:
    return {"items": items, "nextToken": token}


def all_of(found: PageState) -> list[Any]:
    items = []
    while (item := found.take()) is not None:
        items.append(item[1])
    return items


def test_the_token_of_each_page_asks_for_the_next_one() -> None:
    found = state(variables={"x": 1}, page_size=7)
    asked = []
    for token in ("a", "b", None):
        request = found.next_request()
        assert request is not None
        asked.append(request.variable_values)
        found.receive({"todos": page([token], token)})
        assert all_of(found) == [token]
    assert asked == [
        {"x": 1, "limit": 7, "nextToken": None},
        {"x": 1, "limit": 7, "nextToken": "a"},
        {"x": 1, "limit": 7, "nextToken": "b"},
    ]
    assert found.finished
    assert found.next_request() is None
    assert (found.pages, found.taken) == (3, 3)


def test_the_callers_request_is_not_changed() -> None:
    request = gql(QUERY)
    found = PageState(request, ["todos"])
    sent = found.next_request()
    assert sent is not None
    assert sent is not request
    assert request.variable_values is None
    assert sent.document is request.document


def test_nothing_is_asked_for_while_items_wait() -> None:
    found = state()
    found.receive({"todos": page([1, 2], "a")})
    assert found.next_request() is None
    assert found.take() == ("todos", 1)
    assert found.next_request() is None
    assert found.take() == ("todos", 2)
    assert found.take() is None
    assert found.next_request() is not None


@pytest.mark.parametrize(
    "data",
    [
        {"todos": page([], None)},
        {"todos": page(None, None)},
        {"todos": page([], "")},
        {"todos": {}},
        {"todos": None},
        {},
        None,
    ],
)
def test_nothing_and_null_are_the_end(data: Any) -> None:
    found = state()
    found.receive(data)
    assert found.finished
    assert found.take() is None


def test_an_empty_page_with_a_token_is_not_the_end() -> None:
    found = state()
    found.receive({"todos": page([], "a")})
    assert not found.finished
    request = found.next_request()
    assert request is not None
    assert (request.variable_values or {})["nextToken"] == "a"


def test_items_that_are_null_are_items() -> None:
    found = state()
    found.receive({"todos": page([None, 1])})
    assert (found.take(), found.take()) == (("todos", None), ("todos", 1))


@pytest.mark.parametrize("tokens", [["a", "a"], ["a", "b", "a"]])
def test_a_token_that_comes_again_is_an_error(tokens: list[str]) -> None:
    found = state()
    for token in tokens[:-1]:
        found.receive({"todos": page([], token)})
    with pytest.raises(PaginationFailed, match=r"todos.*has come before"):
        found.receive({"todos": page([1], tokens[-1])})
    assert found.pages == len(tokens) - 1
    assert found.take() is None


def test_the_token_that_was_begun_with_must_not_come_again_either() -> None:
    found = state(tokens={"todos": "a"})
    with pytest.raises(PaginationFailed):
        found.receive({"todos": page([], "a")})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"todos": []}, "not an object"),
        ({"todos": "x"}, "not an object"),
        ({"todos": page({"id": 1})}, "'items' is not a list"),
        ({"todos": page([], 7)}, "neither a string nor null"),
        ([{"todos": page([])}], "inside of a list"),
    ],
)
def test_a_result_that_is_no_page_is_an_error_that_names_the_path(data: Any, reason: str) -> None:
    with pytest.raises(PaginationFailed, match=f"todos.*{reason}"):
        state().receive(data)


def test_pages_below_a_list_are_an_error() -> None:
    query = "query($t: String) { users { todos(nextToken: $t) { items nextToken } } }"
    found = PageState(gql(query), ["users.todos"])
    with pytest.raises(PaginationFailed, match="inside of a list"):
        found.receive({"users": [{"todos": page([])}]})


def test_the_limit_cuts_a_page_and_its_token_is_that_of_the_same_page() -> None:
    found = state(limit=3, page_size=2)
    found.receive({"todos": page([1, 2], "a")})
    assert all_of(found) == [1, 2]
    assert found.tokens == {"todos": "a"}
    found.receive({"todos": page([3, 4], "b")})
    assert all_of(found) == [3]
    assert found.finished
    assert found.tokens == {"todos": "a"}


def test_the_limit_at_the_end_of_a_page_goes_on_with_the_next_one() -> None:
    found = state(limit=2)
    found.receive({"todos": page([1, 2], "a")})
    assert all_of(found) == [1, 2]
    assert found.finished
    assert found.next_request() is None
    assert found.tokens == {"todos": "a"}


def test_a_limit_of_nothing_asks_for_nothing() -> None:
    assert state(limit=0).next_request() is None


def test_one_begins_at_the_variable_of_the_request_or_at_a_token() -> None:
    found = state(variables={"nextToken": "a"}).next_request()
    assert found is not None
    assert found.variable_values == {"nextToken": "a"}
    found = state(variables={"nextToken": "a"}, tokens={"todos": "b"}).next_request()
    assert found is not None
    assert found.variable_values == {"nextToken": "b"}


def test_several_lists_come_with_one_request_and_finished_ones_are_skipped() -> None:
    found = state(["todos", "users"])
    request = found.next_request()
    assert request is not None
    assert request.variable_values == {"nextToken": None, "other": None}
    found.receive({"todos": page([1]), "users": page([2], "u")})
    assert (found.take(), found.tokens) == (("todos", 1), {"todos": None, "users": None})
    assert (found.take(), found.tokens) == (("users", 2), {"todos": None, "users": "u"})
    request = found.next_request()
    assert request is not None
    assert request.variable_values == {"other": "u"}
    text = print_ast(request.document)
    assert "todos(limit: $limit, nextToken: $nextToken) @skip(if: true)" in text
    assert text.count("@skip") == 1
    found.receive({"users": page([3], "v")})
    assert all_of(found) == [3]
    again = found.next_request()
    assert again is not None
    assert again.document is request.document
    found.receive({"users": page([], None)})
    assert found.finished


def test_when_one_of_several_pages_is_wrong_none_counts() -> None:
    found = state(["todos", "users"])
    with pytest.raises(PaginationFailed, match="users"):
        found.receive({"todos": page([1], "a"), "users": 7})
    assert found.take() is None
    request = found.next_request()
    assert request is not None
    assert (request.variable_values or {})["nextToken"] is None


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ({"limit": -1}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": "9"}, "page_size"),
        ({"tokens": {"todos": 7}}, "next_token"),
        ({"tokens": {"other": "a"}}, "next_token"),
        ({"variables": {"nextToken": 7}}, "next_token"),
        ({"paths": ["users"], "page_size": 5}, "page_size"),
        ({"paths": ["missing"]}, "query"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(
    arguments: dict[str, Any], setting: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        state(**arguments)
    assert caught.value.setting == setting


@given(
    st.lists(st.lists(st.integers(), max_size=4), min_size=1, max_size=8),
    st.none() | st.integers(0, 20),
)
def test_all_items_come_once_and_in_order_however_they_are_divided(
    pages: list[list[int]], limit: int | None
) -> None:
    found = state(limit=limit)
    taken: list[int] = []
    number = 0
    while (request := found.next_request()) is not None:
        number = int((request.variable_values or {})["nextToken"] or 0)
        after = str(number + 1) if number + 1 < len(pages) else None
        found.receive({"todos": page(pages[number], after)})
        taken += all_of(found)
    items = [item for items in pages for item in items]
    assert taken == items[:limit]
    assert found.finished


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=6), st.integers(0, 12))
def test_a_second_run_from_the_token_of_a_first_one_misses_nothing(
    pages: list[list[int]], limit: int
) -> None:
    def run(token: str | None, limit: int | None) -> tuple[list[int], str | None, bool]:
        found = state(limit=limit, tokens={"todos": token})
        taken: list[int] = []
        while (request := found.next_request()) is not None:
            number = int((request.variable_values or {})["nextToken"] or 0)
            after = str(number + 1) if number + 1 < len(pages) else None
            found.receive({"todos": page(pages[number], after)})
            taken += all_of(found)
        return taken, found.tokens["todos"], found.finished

    items = [item for items in pages for item in items]
    first, token, _ = run(None, limit)
    if token is None:
        return  # nothing was left, or the first page was left in the middle
    second, _, finished = run(token, None)
    assert finished
    assert items[len(items) - len(second) :] == second
    assert len(first) + len(second) >= len(items)
