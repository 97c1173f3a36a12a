"""What processes do that are started by ``spawn`` or ``forkserver``, which import it."""

from __future__ import annotations

from gql import GraphQLRequest, gql

from appsync_gql import ApiKeyAuth, connect

__all__ = ["ask"]

ITEM = gql("query Item($id: ID!) { item(id: $id) { id } }")


def ask(url: str, number: int) -> int:
    """Return the id of an item."""
    client = connect(url=url, auth=ApiKeyAuth("da2-key"))
    found = client.execute(GraphQLRequest(ITEM, variable_values={"id": str(number)}))
    return int(found["item"]["id"])
