"""The schema that the emulator serves if it is given no other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .resolvers import API_KEY, LAMBDA

if TYPE_CHECKING:
    from collections import Counter

    from .resolvers import Resolvers

__all__ = ["SCHEMA", "resolvers"]

SCHEMA = """
type Query {
  "The caller, as the token's claims describe them."
  me: User!
  item(id: ID!): Item
  items(limit: Int = 10, nextToken: String): ItemPage!
  "Returns true after that many seconds, at most 5."
  slow(seconds: Float!): Boolean
  "Only members of the group Admins may read this."
  secret: String @aws_cognito_user_pools(cognito_groups: ["Admins"])
}

type Mutation {
  "Adds 1 to Emulator.executions[key]."
  createItem(key: ID!, name: String!): Item!
  deleteEverything: Boolean @aws_cognito_user_pools(cognito_groups: ["Admins"])
}

type Subscription {
  onCreateItem(name: String): Item @aws_subscribe(mutations: ["createItem"])
}

type User { username: String! groups: [String!]! }
type Item { id: ID! name: String! }
type ItemPage { items: [Item!]! nextToken: String }
"""

_ITEMS = 25
_MAX_SECONDS = 5.0
_WITHOUT_NAME = {API_KEY: "(API key)", LAMBDA: "(Lambda authorizer)"}


def resolvers(executions: Counter[str]) -> Resolvers:
    """Return the resolvers; ``createItem`` counts in ``executions`` how often it ran with a key."""

    def create_item(_source: Any, _info: Any, *, key: str, name: str) -> dict[str, str]:
        executions[key] += 1
        return {"id": key, "name": name}

    def delete_everything(_source: Any, _info: Any) -> bool:
        executions["deleteEverything"] += 1
        return True

    return {
        "Query": {"me": _me, "item": _item, "items": _items, "slow": _slow, "secret": _secret},
        "Mutation": {"createItem": create_item, "deleteEverything": delete_everything},
    }


def _me(_source: Any, info: Any) -> dict[str, Any]:
    claims = info.context.claims
    names = (claims.get(claim) for claim in ("username", "cognito:username", "sub"))
    name = next(filter(None, names), _WITHOUT_NAME.get(info.context.mode, "(unknown)"))
    return {"username": name, "groups": claims.get("cognito:groups", [])}


def _item(_source: Any, _info: Any, *, id: str) -> dict[str, str]:  # noqa: A002
    return {"id": id, "name": f"item {id}"}


def _items(
    _source: Any,
    _info: Any,
    *,
    limit: int = 10,
    nextToken: str | None = None,  # noqa: N803
) -> dict[str, Any]:
    first = int(nextToken or 0)
    page = [_item(None, None, id=str(n)) for n in range(first, min(first + limit, _ITEMS))]
    after = first + limit
    return {"items": page, "nextToken": str(after) if after < _ITEMS else None}


async def _slow(_source: Any, _info: Any, *, seconds: float) -> bool:
    await asyncio.sleep(min(seconds, _MAX_SECONDS))
    return True


def _secret(_source: Any, _info: Any) -> str:
    return "the cake is real"
