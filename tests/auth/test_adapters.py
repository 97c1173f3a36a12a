from __future__ import annotations

from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError
from gql.transport.appsync_auth import (
    AppSyncApiKeyAuthentication,
    AppSyncAuthentication,
    AppSyncIAMAuthentication,
    AppSyncJWTAuthentication,
)

from appsync_gql import ConfigurationError, Headers
from appsync_gql.auth.adapters import authorizer_of
from appsync_gql.auth.base import SignableRequest
from appsync_gql.secret import Secret

REQUEST = SignableRequest("https://h.example/graphql", b'{"query":"{ a }"}', "http")
HOST = "example.appsync-api.eu-west-1.amazonaws.com"


class Plain:
    """Has the two methods that are needed, and no more."""

    def __init__(self, *tokens: str) -> None:
        self.tokens, self.renewals = list(tokens), list[tuple[Any, bool]]()

    async def headers(self) -> Headers:
        return {"Authorization": self.tokens[0]}

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        self.renewals.append((rejected, denied))
        if len(self.tokens) > 1:
            del self.tokens[0]
        return await self.headers()


class Full(Plain):
    """Has the optional methods too."""

    refused_advice = "Ask ada."

    def __init__(self, *tokens: str) -> None:
        super().__init__(*tokens)
        self.calls: list[object] = []

    def headers_nowait(self) -> Headers | None:
        return {"Authorization": self.tokens[0]} if self.tokens else None

    def answered(self, date: str, took: float) -> None:
        self.calls.append((date, took))

    def replayed(self, reason: str) -> None:
        self.calls.append(reason)


async def test_an_authorization_mode_needs_two_methods() -> None:
    authorizer = authorizer_of(Plain("a", "b"))
    assert not authorizer.signs
    assert authorizer.headers_nowait(None) is None
    first = await authorizer.headers(None)
    assert first == {"Authorization": "a"}
    assert await authorizer.newer(None, first, denied=True) == {"Authorization": "b"}
    assert await authorizer.newer(None, {"Authorization": "b"}, denied=False) is None
    authorizer.answered("today", 0.1)
    authorizer.replayed("refused")
    assert "user pool" in authorizer.advice


async def test_optional_methods_are_called_if_there_are_any() -> None:
    auth = Full("a")
    authorizer = authorizer_of(auth)
    assert authorizer.headers_nowait(None) == {"Authorization": "a"}
    authorizer.answered("today", 0.1)
    authorizer.replayed("denied")
    assert auth.calls == [("today", 0.1), "denied"]
    assert authorizer.advice == "Ask ada."
    auth.tokens.clear()
    assert authorizer.headers_nowait(None) is None


async def test_what_was_rejected_is_passed_on() -> None:
    auth = Plain("a")
    await authorizer_of(auth).newer(None, {"Authorization": "old"}, denied=True)
    assert auth.renewals == [({"Authorization": "old"}, True)]


class Signer:
    """Signs, and says how."""

    def __init__(self, *, ready: bool, renewable: bool) -> None:
        self._ready, self._renewable = ready, renewable

    def sign_nowait(self, request: SignableRequest) -> Headers | None:
        return {"Authorization": f"now {request.kind}"} if self._ready else None

    async def sign(self, request: SignableRequest) -> Headers:
        return {"Authorization": f"later {request.kind}"}

    async def renew_signing(self, rejected: Headers, *, denied: bool = False) -> bool:
        del rejected, denied
        return self._renewable


async def test_what_signs_is_shown_the_request() -> None:
    authorizer = authorizer_of(Signer(ready=True, renewable=True))
    assert authorizer.signs
    assert authorizer.headers_nowait(REQUEST) == {"Authorization": "now http"}
    assert await authorizer.headers(REQUEST) == {"Authorization": "later http"}
    newer = await authorizer.newer(REQUEST, {}, denied=False)
    assert newer == {"Authorization": "later http"}


async def test_what_signs_may_have_to_be_waited_for_and_have_nothing_newer() -> None:
    authorizer = authorizer_of(Signer(ready=False, renewable=False))
    assert authorizer.headers_nowait(REQUEST) is None
    assert await authorizer.newer(REQUEST, {}, denied=False) is None


async def test_what_signs_can_not_do_without_the_request() -> None:
    for auth in (Signer(ready=True, renewable=True), AppSyncJWTAuthentication(HOST, "j")):
        with pytest.raises(TypeError, match="needs the request"):
            authorizer_of(auth).headers_nowait(None)


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (AppSyncApiKeyAuthentication(HOST, "key"), {"host": HOST, "x-api-key": "key"}),
        (AppSyncJWTAuthentication(HOST, "jwt"), {"host": HOST, "Authorization": "jwt"}),
    ],
    ids=["key", "jwt"],
)
@pytest.mark.parametrize("kind", ["http", "connect", "start"])
async def test_gqls_own_objects_return_their_headers(
    auth: AppSyncAuthentication, headers: Headers, kind: Any
) -> None:
    authorizer, request = authorizer_of(auth), REQUEST._replace(kind=kind)
    assert authorizer.signs
    assert authorizer.headers_nowait(request) == await authorizer.headers(request) == headers
    assert await authorizer.newer(request, headers, denied=False) is None


@pytest.mark.parametrize("kind", ["http", "connect", "start"])
def test_gqls_iam_object_signs_what_is_sent(kind: Any) -> None:
    seen: list[dict[str, Any]] = []
    made = AppSyncIAMAuthentication(HOST, credentials=Credentials("id", "key"))
    create = made._request_creator

    def recorded(request: dict[str, Any]) -> Any:
        seen.append(dict(request))
        return create(request)

    made._request_creator = recorded
    headers = authorizer_of(made).headers_nowait(REQUEST._replace(kind=kind))
    assert headers is not None
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=id/")
    (request,) = seen
    connect = kind == "connect"
    assert request["body"] == ("{}" if connect else REQUEST.body.decode())
    assert request["url"].endswith("/connect" if connect else "/graphql")
    names = {name.lower() for name in request["headers"]}
    # Over HTTP the content type alone is signed: aiohttp adds other headers of its own.
    assert ("accept" in names) is (kind != "http")


class Broken(AppSyncAuthentication):
    """Has no credentials."""

    def get_headers(self, *_: object, **__: object) -> dict[str, Any]:
        raise NoCredentialsError


async def test_an_object_of_gql_that_fails_is_a_configuration_error() -> None:
    authorizer = authorizer_of(Broken())
    with pytest.raises(
        ConfigurationError, match=r"nothing was sent \(NoCredentialsError"
    ) as caught:
        await authorizer.headers(REQUEST)
    assert caught.value.setting == "auth"
    assert not caught.value.may_have_executed


def test_equal_authorizers_stand_for_the_same_object() -> None:
    one, other = Plain("a"), Plain("a")
    assert authorizer_of(one) == authorizer_of(one)
    assert hash(authorizer_of(one)) == hash(authorizer_of(one))
    assert authorizer_of(one) != authorizer_of(other)
    assert authorizer_of(one) != object()


@pytest.mark.parametrize(
    ("auth", "message"),
    [(Plain, "is the class Plain"), ("eyJ", "not str"), (object(), "not object")],
)
def test_what_is_no_authorization_mode_is_a_configuration_error(auth: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        authorizer_of(auth)
    assert caught.value.setting == "auth"
    assert "eyJ" not in str(caught.value)


@pytest.mark.parametrize(
    "auth",
    [
        Plain("eyJ-token", "eyJ-newer"),
        Full("eyJ-token", "eyJ-newer"),
        AppSyncJWTAuthentication(HOST, "eyJ-token"),
        AppSyncApiKeyAuthentication(HOST, "eyJ-token"),
    ],
    ids=lambda auth: type(auth).__name__,
)
async def test_the_repr_of_headers_shows_no_token(auth: object) -> None:
    authorizer = authorizer_of(auth)
    found = [authorizer.headers_nowait(REQUEST), await authorizer.headers(REQUEST)]
    found.append(await authorizer.newer(REQUEST, {}, denied=False))
    assert "eyJ" in str([list(map(str, headers.values())) for headers in found if headers])
    assert "eyJ" not in repr(found)


async def test_headers_that_are_redacted_already_are_not_copied() -> None:
    headers = {"Authorization": Secret("a")}

    class Ready(Plain):
        def headers_nowait(self) -> Headers:
            return headers

    assert authorizer_of(Ready()).headers_nowait(None) is headers
