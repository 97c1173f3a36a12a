"""What one subscriber sends as authorization."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from gql.transport.appsync_auth import AppSyncApiKeyAuthentication

from appsync_gql.auth.adapters import authorizer_of
from appsync_gql.auth.base import SignableRequest
from appsync_gql.realtime.authorization import Authorization, Sent
from support.realtime import User
from support.store import jwt_of

URL = "https://API.example.com/graphql/"


class Signing:
    """An authorization mode that signs."""

    def __init__(self) -> None:
        self.requests: list[SignableRequest] = []

    async def sign(self, request: SignableRequest) -> Mapping[str, str]:
        self.requests.append(request)
        return {"Authorization": f"signature {len(self.requests)}", "Host": "signed.example.com"}

    async def renew_signing(self, rejected: Mapping[str, str], *, denied: bool = False) -> bool:
        return denied and rejected["Authorization"] == "signature 1"


async def test_a_handshake_signs_the_url_with_connect_and_an_empty_object() -> None:
    auth = Signing()
    sent = await Authorization(authorizer_of(auth), URL).for_connect()
    assert auth.requests == [
        SignableRequest("https://API.example.com/graphql/connect", b"{}", "connect")
    ]
    assert sent.request is auth.requests[0]


async def test_a_start_signs_the_exact_data() -> None:
    auth = Signing()
    await Authorization(authorizer_of(auth), URL).for_start('{"query": "é"}')
    assert auth.requests == [SignableRequest(URL, '{"query": "é"}'.encode(), "start")]


async def test_the_authorization_object_names_the_graphql_host() -> None:
    sent = await Authorization(authorizer_of(User("ada")), URL).for_connect()
    assert sent.authorization == {"host": "api.example.com", "Authorization": "ada 0"}
    assert sent.headers == {"Authorization": "ada 0"}


async def test_a_host_among_the_headers_is_kept() -> None:
    signed = await Authorization(authorizer_of(Signing()), URL).for_start("{}")
    assert signed.authorization == {"Authorization": "signature 1", "Host": "signed.example.com"}
    key = AppSyncApiKeyAuthentication(host="other.example.com", api_key="k")
    sent = await Authorization(authorizer_of(key), URL).for_connect()
    assert sent.authorization == {"host": "other.example.com", "x-api-key": "k"}


async def test_newer_headers_are_asked_for_with_those_that_were_sent() -> None:
    authorization = Authorization(authorizer_of(Signing()), URL)
    sent = await authorization.for_start("{}")
    assert await authorization.newer(sent, denied=True)
    assert not await authorization.newer(sent, denied=False)


async def test_headers_show_no_token() -> None:
    sent = await Authorization(authorizer_of(User("ada")), URL).for_connect()
    assert "ada" not in repr((sent, sent.headers, sent.authorization))


@pytest.mark.parametrize("prefix", ["", "Bearer "])
def test_a_jwt_says_when_it_expires(prefix: str) -> None:
    token = jwt_of(exp=1_800_000_000)
    request = SignableRequest(URL, b"{}", "connect")
    assert Sent(request, {"Authorization": prefix + token}, "h").expires_at == 1_800_000_000


@pytest.mark.parametrize("headers", [{}, {"Authorization": "opaque"}, {"x-api-key": "k"}])
def test_other_headers_do_not(headers: dict[str, str]) -> None:
    assert Sent(SignableRequest(URL, b"{}", "connect"), headers, "h").expires_at is None
