from __future__ import annotations

from typing import Any

import pytest
from gql import Client

from appsync_gql import AppSyncClient, AppSyncTransport, ConfigurationError, gql
from appsync_gql.cli.page_options import page_options
from appsync_gql.data.paginate import Items

QUERY = """query($n: Int, $a: String, $b: String) {
  a(limit: $n, nextToken: $a) { items nextToken }
  b(limit: $n, nextToken: $b) { items nextToken }
}"""


@pytest.fixture
def client() -> Client:
    return AppSyncClient(transport=AppSyncTransport("https://example.com/graphql"))


def test_without_a_path_there_are_no_pages(client: Any) -> None:
    assert page_options().items(client, gql(QUERY)) is None


@pytest.mark.parametrize("paths", [["a"], ["a", "b"]])
def test_paths_name_the_lists(client: Any, paths: list[str]) -> None:
    items = page_options(paths=paths, limit=0, page_size=5).items(client, gql(QUERY))
    assert isinstance(items, Items)
    assert list(items) == []
    assert items.next_token == (None if len(paths) == 1 else {"a": None, "b": None})


@pytest.mark.parametrize(
    "arguments",
    [{"limit": 1}, {"limit": 0}, {"page_size": 1}, {"next_token": "x"}, {"progress": True}],
)
def test_other_options_need_a_path(client: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="need --paginate PATH"):
        page_options(**arguments).items(client, gql(QUERY))
