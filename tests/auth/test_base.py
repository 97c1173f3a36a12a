from __future__ import annotations

import pytest

from appsync_gql import Auth, TokenStore
from appsync_gql.auth.base import Headers, SignableRequest, SigningAuth
from support.http import FixedAuth


class Signer:
    async def sign(self, request: SignableRequest) -> Headers:
        return {"Authorization": str(len(request.body))}

    async def renew_signing(self, rejected: Headers, *, denied: bool = False) -> bool:
        del rejected
        return denied


def test_two_methods_make_an_authorization_mode() -> None:
    assert isinstance(FixedAuth(), Auth)
    assert not isinstance(FixedAuth(), SigningAuth)
    assert isinstance(Signer(), SigningAuth)
    assert not isinstance(Signer(), Auth)


def test_a_token_store_is_one(store: TokenStore) -> None:
    assert isinstance(store, Auth)


@pytest.mark.parametrize("kind", ["http", "connect", "start"])
def test_a_signable_request_is_a_value(kind: str) -> None:
    one, other = (SignableRequest("https://h/graphql", b"{}", kind) for _ in range(2))  # type: ignore[arg-type]
    assert one == other
    assert one._fields == ("url", "body", "kind", "headers")
