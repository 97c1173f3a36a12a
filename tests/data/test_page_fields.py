"""Where a query's pages are, and queries that can't be repeated for further pages."""

from __future__ import annotations

import pytest
from graphql import parse, print_ast

from appsync_gql import ConfigurationError
from appsync_gql.data.page_fields import PageField, page_fields, skipping

SIMPLE = """query($limit: Int, $nextToken: String) {
  todos(limit: $limit, nextToken: $nextToken) { items { id } nextToken }
}"""


@pytest.mark.parametrize(
    ("query", "path", "expected"),
    [
        (
            SIMPLE,
            "todos",
            PageField(
                path="todos",
                keys=("todos",),
                items="items",
                token="nextToken",
                token_variable="nextToken",
                size_variable="limit",
            ),
        ),
        (
            """query($t: String) {
              mine: todos(nextToken: $t, limit: 5) { all: items { id } next: nextToken }
            }""",
            "mine",
            PageField(
                path="mine",
                keys=("mine",),
                items="all",
                token="next",
                token_variable="t",
                size_variable=None,
            ),
        ),
        (
            """query($t: String) { user { ...Pages ... on User { name } } }
            fragment Pages on User {
              todos(nextToken: $t) { ... on Page { items { id } } ...Token }
            }
            fragment Token on Page { nextToken }""",
            "user.todos",
            PageField(
                path="user.todos",
                keys=("user", "todos"),
                items="items",
                token="nextToken",
                token_variable="t",
                size_variable=None,
            ),
        ),
        (
            """query($t: String) {
              user { name }
              user { todos(nextToken: $t) { items } }
              user { todos(nextToken: $t) { nextToken } }
            }""",
            "user.todos",
            PageField(
                path="user.todos",
                keys=("user", "todos"),
                items="items",
                token="nextToken",
                token_variable="t",
                size_variable=None,
            ),
        ),
    ],
    ids=["variables", "aliases", "fragments", "merged selections"],
)
def test_a_list_is_found_with_its_variables_and_response_names(
    query: str, path: str, expected: PageField
) -> None:
    assert page_fields(parse(query), None, [path]) == [expected]


@pytest.mark.parametrize(
    ("query", "paths", "reason"),
    [
        ("mutation { a { items nextToken } }", ["a"], "needs one query"),
        ("query A { a } query B { b }", ["a"], "operation_name"),
        ("fragment F on Query { a }", ["a"], "needs one query"),
        (SIMPLE, ["todo"], "The query does not select 'todo'; it selects todos."),
        (SIMPLE, ["todos.items.id.x"], "todos.items.id does not select 'x'; it selects nothing."),
        (SIMPLE, [""], "does not select ''"),
        ("{ todos { items { id } } }", ["todos"], "does not select 'nextToken' of todos"),
        ("{ todos { nextToken } }", ["todos"], "does not select 'items' of todos"),
        ("{ todos { items nextToken } }", ["todos"], r"declare \$nextToken: String"),
        ('{ todos(nextToken: "x") { items nextToken } }', ["todos"], r"declare \$nextToken"),
        (
            """query($t: String) {
              a(nextToken: $t) { items nextToken }
              b(nextToken: $t) { items nextToken }
            }""",
            ["a", "b"],
            r"Several lists use the variable \$t",
        ),
        ("{ ...F } fragment F on Query { a ...F }", ["b"], "it selects a."),
        ("{ ...Missing }", ["b"], "it selects nothing."),
    ],
)
def test_a_query_that_can_not_be_repeated_is_refused_with_what_is_missing(
    query: str, paths: list[str], reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        page_fields(parse(query), None, paths)
    assert caught.value.setting == "query"


def test_the_operation_is_chosen_by_its_name() -> None:
    document = parse("query A { a } " + SIMPLE.replace("query(", "query B("))
    assert page_fields(document, "B", ["todos"])[0].path == "todos"


TWO = """
query ($a: String, $b: String) {
  user { todos(nextToken: $a) { items { id } nextToken } ...F }
  todos(nextToken: $b) { items { todos(nextToken: $b) } nextToken }
}
fragment F on User { todos(nextToken: $a) { nextToken } }
"""


def test_lists_that_are_finished_are_skipped_wherever_they_are_selected() -> None:
    document = parse(TWO)
    first, second = page_fields(document, None, ["user.todos", "todos"])
    assert skipping(document, None, []) is document
    text = print_ast(skipping(document, None, [first]))
    assert text.count("todos(nextToken: $a) @skip(if: true) {") == 2
    assert text.count("@skip") == 2
    text = print_ast(skipping(document, None, [second]))
    assert "  todos(nextToken: $b) @skip(if: true) {" in text
    assert text.count("@skip") == 1
    assert "@skip" not in print_ast(document)


def test_a_list_inside_of_another_is_skipped_as_well() -> None:
    query = """query($a: String, $b: String) {
      a(nextToken: $a) { items nextToken b(nextToken: $b) { items nextToken } }
    }"""
    document = parse(query)
    fields = page_fields(document, None, ["a", "a.b"])
    assert print_ast(skipping(document, None, fields)).count("@skip(if: true)") == 2


def test_directives_of_a_list_stay() -> None:
    query = (
        "query($a: String, $x: Boolean!) { a(nextToken: $a) @include(if: $x) { items nextToken } }"
    )
    document = parse(query)
    text = print_ast(skipping(document, None, page_fields(document, None, ["a"])))
    assert "@include(if: $x) @skip(if: true)" in text
