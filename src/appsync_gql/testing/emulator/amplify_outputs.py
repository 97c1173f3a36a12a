"""The content of an ``amplify_outputs.json`` for an emulator. Pure.

https://docs.amplify.aws/react/reference/amplify_outputs/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .resolvers import USER_POOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["amplify_outputs"]


def amplify_outputs(
    *,
    url: str,
    region: str,
    default_mode: str | None,
    modes: Sequence[str],
    api_key: str | None,
    user_pool_id: str,
    client_id: str,
    identity_pool_id: str | None,
    guests: bool,
) -> dict[str, Any]:
    """Return the file's content.

    Args:
        url: the GraphQL endpoint.
        region: of everything.
        default_mode: AppSync's name of the API's default mode; ``None`` for the user pool.
        modes: AppSync's names of all modes.
        api_key: ``None`` without.
        user_pool_id: the user pool.
        client_id: its app client.
        identity_pool_id: ``None`` without an identity pool.
        guests: whether the identity pool admits guests.
    """
    default = USER_POOLS if default_mode is None else default_mode
    data: dict[str, Any] = {
        "url": url,
        "aws_region": region,
        "default_authorization_type": default,
        "authorization_types": [mode for mode in modes if mode != default],
    }
    if api_key is not None:
        data["api_key"] = api_key
    auth: dict[str, Any] = {
        "aws_region": region,
        "user_pool_id": user_pool_id,
        "user_pool_client_id": client_id,
    }
    if identity_pool_id is not None:
        auth["identity_pool_id"] = identity_pool_id
        auth["unauthenticated_identities_enabled"] = guests
    return {"version": "1.4", "auth": auth, "data": data}
