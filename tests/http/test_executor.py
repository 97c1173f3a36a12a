"""The steps of one request, with a sender that returns what a test says."""

from __future__ import annotations

import asyncio
import io
import json
from collections import deque
from typing import Any, cast

import pytest
from gql import FileVar, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportClosed
from multidict import CIMultiDict, CIMultiDictProxy

from appsync_gql import (
    Denied,
    Headers,
    Outcome,
    OutcomeUnknown,
    Refused,
    RenewalFailed,
    Replay,
    Response,
)
from appsync_gql.auth.adapters import authorizer_of
from appsync_gql.auth.base import SignableRequest
from appsync_gql.http.executor import Executor
from appsync_gql.http.loop_session import LoopSession
from appsync_gql.http.request import prepare
from appsync_gql.http.request_body import TrackedPayload
from appsync_gql.http.response import Classifier
from appsync_gql.http.sender import PreparedRequest, RawResponse, Sender
from support.http import MUTATION, QUERY, FixedAuth

REFUSED = (401, {"errors": [{"errorType": "UnauthorizedException", "message": "expired"}]})
DENIED = (200, {"data": {"a": None}, "errors": [{"errorType": "Unauthorized", "path": ["a"]}]})
GOOD = (200, {"data": {"a": 1}})


class ScriptedSender(Sender):
    """Returns responses of a script; ``None`` in it is a request that is never answered.

    Attributes:
        sent: the headers of each request.
    """

    def __init__(self, *script: tuple[int, Any] | None, headers: dict[str, str] | None) -> None:
        super().__init__(json.loads)
        self.script, self.sent = deque(script), list[Headers]()
        self._headers = CIMultiDictProxy(CIMultiDict(headers or {}))

    async def send(self, opened: LoopSession, request: PreparedRequest, headers: Headers) -> Any:
        del opened
        self.sent.append(dict(headers))
        found = self.script.popleft()
        if isinstance(request.payload, TrackedPayload):
            request.payload.started = True
        if found is None:
            await asyncio.sleep(60)
        status, body = cast("tuple[int, Any]", found)
        return RawResponse(status, self._headers, body, 0.25)


class Fixture:
    """An executor with its sender."""

    def __init__(
        self,
        *script: tuple[int, Any] | None,
        replay: Replay = Replay.REFUSED_AND_DENIED,
        classifier: Classifier | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.closed = False
        self.sender = ScriptedSender(*script, headers=headers)
        self.executor = Executor(self.sender, self._opened, replay=replay, classifier=classifier)

    def _opened(self) -> LoopSession:
        if self.closed:
            raise TransportClosed("Transport is not connected")
        return cast("LoopSession", None)

    async def run(
        self, auth: object = None, document: GraphQLRequest = QUERY, *, upload_files: bool = False
    ) -> Any:
        transport = AIOHTTPTransport("https://api.example.com/graphql")
        request = prepare(transport, document, None, upload_files=upload_files)
        authorizer = None if auth is None else authorizer_of(auth)
        result, _headers = await self.executor.execute(self._opened(), request, authorizer)
        return result.data

    @property
    def tokens(self) -> list[str | None]:
        return [headers.get("Authorization") for headers in self.sender.sent]


class Auth(FixedAuth):
    """Records the calls that it receives.

    Attributes:
        calls: the calls of its optional methods.
    """

    refused_advice = "Ask ada."

    def __init__(self) -> None:
        super().__init__("token")
        self.calls: list[object] = []

    def answered(self, date: str, took: float) -> None:
        self.calls.append((date, took))

    def replayed(self, reason: str) -> None:
        self.calls.append(reason)


async def test_a_request_without_authorization_has_no_headers() -> None:
    case = Fixture(GOOD)
    assert await case.run() == {"a": 1}
    assert case.tokens == [None]


async def test_a_request_is_sent_with_the_current_headers() -> None:
    case = Fixture(GOOD)
    assert await case.run(Auth()) == {"a": 1}
    assert case.tokens == ["token-0"]


@pytest.mark.parametrize("document", [QUERY, MUTATION])
async def test_a_refused_request_is_sent_once_more_with_newer_headers(
    document: GraphQLRequest,
) -> None:
    case, auth = Fixture(REFUSED, GOOD), Auth()
    assert await case.run(auth, document) == {"a": 1}
    assert case.tokens == ["token-0", "token-1"]
    assert auth.calls == ["refused"]


async def test_a_replay_that_is_not_sent_is_not_called_sent() -> None:
    sent: list[bool] = []

    class Looking(ScriptedSender):
        async def send(
            self, opened: LoopSession, request: PreparedRequest, headers: Headers
        ) -> Any:
            sent.append(request.sent)
            return await super().send(opened, request, headers)

    case = Fixture(REFUSED, GOOD)
    case.sender = Looking(REFUSED, GOOD, headers=None)
    case.executor._sender = case.sender
    await case.run(Auth(), MUTATION)
    assert sent == [False, False]


async def test_a_request_is_replayed_once_only() -> None:
    case = Fixture(REFUSED, REFUSED, GOOD)
    with pytest.raises(Refused, match=r"Ask ada\.$"):
        await case.run(Auth())
    assert len(case.tokens) == 2


def upload() -> GraphQLRequest:
    """Return a query with a file, whose body can be sent once only."""
    return GraphQLRequest(QUERY.document, variable_values={"a": FileVar(io.BytesIO(b"file"))})


async def test_an_upload_is_not_replayed() -> None:
    case, auth = Fixture(REFUSED, GOOD), Auth()
    with pytest.raises(Refused):
        await case.run(auth, upload(), upload_files=True)
    assert (len(case.tokens), auth.renewals) == (1, 0)


async def test_a_denied_query_is_replayed_and_a_denied_mutation_is_not() -> None:
    auth = Auth()
    assert await Fixture(DENIED, GOOD).run(auth) == {"a": 1}
    assert auth.calls == ["denied"]
    with pytest.raises(Denied):
        await Fixture(DENIED, GOOD).run(auth, MUTATION)
    assert auth.renewals == 1


async def test_without_replay_no_newer_headers_are_asked_for() -> None:
    auth = Auth()
    with pytest.raises(Refused):
        await Fixture(REFUSED, replay=Replay.NEVER).run(auth)
    assert auth.renewals == 0


class Unchanging(Auth):
    """Has no newer headers."""

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        del denied
        assert rejected is not None
        return rejected


async def test_where_there_are_no_newer_headers_nothing_is_sent_again() -> None:
    case, auth = Fixture(REFUSED), Unchanging()
    with pytest.raises(Refused):
        await case.run(auth)
    assert (len(case.tokens), auth.calls) == (1, [])


class Failing(Auth):
    """Can't be renewed."""

    async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
        del rejected, denied
        raise RenewalFailed("offline", kind="network")


async def test_a_failed_renewal_is_raised_with_the_refusal_as_its_cause() -> None:
    with pytest.raises(RenewalFailed) as caught:
        await Fixture(REFUSED).run(Failing())
    assert isinstance(caught.value.__cause__, Refused)


async def test_a_denial_stays_a_denial_if_the_renewal_fails() -> None:
    with pytest.raises(Denied) as caught:
        await Fixture(DENIED).run(Failing())
    assert isinstance(caught.value.__cause__, RenewalFailed)


async def test_a_transport_that_is_closed_during_a_renewal_sends_nothing_more() -> None:
    case = Fixture(REFUSED, GOOD)

    class Closing(Auth):
        async def renew(self, rejected: Headers | None = None, *, denied: bool = False) -> Headers:
            case.closed = True
            return await super().renew(rejected, denied=denied)

    with pytest.raises(TransportClosed):
        await case.run(Closing())
    assert len(case.tokens) == 1


@pytest.mark.parametrize(
    ("headers", "calls"),
    [
        ({"Date": "today", "x-amzn-RequestId": "1"}, [("today", 0.25)]),
        ({"Date": "today"}, []),  # a proxy's
        ({"x-amzn-RequestId": "1"}, []),
    ],
)
async def test_only_the_date_of_appsyncs_own_responses_is_passed_on(
    headers: dict[str, str], calls: list[object]
) -> None:
    auth = Auth()
    await Fixture(GOOD, headers=headers).run(auth)
    assert auth.calls == calls
    assert await Fixture(GOOD, headers=headers).run(None) == {"a": 1}


async def test_a_classifier_of_the_users_decides() -> None:
    def classifier(response: Response) -> Outcome | None:
        return Outcome.REFUSED if response.status == 418 else None

    case = Fixture((418, {"errors": []}), GOOD, classifier=classifier)
    assert await case.run(Auth()) == {"a": 1}


class Signing:
    """Signs each request with the length of its body."""

    requests: list[SignableRequest]

    def __init__(self, *, renewable: bool) -> None:
        self.requests, self._renewable = [], renewable

    async def sign(self, request: SignableRequest) -> Headers:
        self.requests.append(request)
        return {"Authorization": f"signature-{len(self.requests)}"}

    async def renew_signing(self, rejected: Headers, *, denied: bool = False) -> bool:
        del rejected, denied
        return self._renewable


async def test_a_request_is_signed_with_its_exact_body_for_each_attempt() -> None:
    case, auth = Fixture(REFUSED, GOOD), Signing(renewable=True)
    await case.run(auth)
    assert case.tokens == ["signature-1", "signature-2"]
    transport = AIOHTTPTransport("https://api.example.com/graphql")
    body = prepare(transport, QUERY, None, upload_files=False).body
    assert auth.requests == [SignableRequest(transport.url, body or b"", "http")] * 2


async def test_an_upload_is_signed_with_an_empty_body() -> None:
    """Its body is a stream that is not read ahead."""
    case, auth = Fixture(GOOD), Signing(renewable=False)
    await case.run(auth, upload(), upload_files=True)
    assert [request.body for request in auth.requests] == [b""]


async def test_a_signature_that_can_not_be_renewed_is_refused() -> None:
    case = Fixture(REFUSED)
    with pytest.raises(Refused):
        await case.run(Signing(renewable=False))
    assert len(case.tokens) == 1


class Attempts:
    """Requests of one task, each cancelled while it waits, as gql's ``execute_timeout`` does."""

    def __init__(self, case: Fixture, *documents: GraphQLRequest) -> None:
        self._case, self._documents = case, documents
        self.outcomes: list[str] = []

    async def run(self) -> list[str]:
        for document in self._documents:
            task = asyncio.current_task()
            assert task is not None
            asyncio.get_running_loop().call_later(0.005, task.cancel)
            try:
                await self._case.run(Auth(), document)
            except asyncio.CancelledError:
                if hasattr(task, "uncancel"):
                    task.uncancel()
                self.outcomes.append("cancelled")
            except OutcomeUnknown:
                self.outcomes.append("not repeated")
                await self._swallow()
        return self.outcomes

    @staticmethod
    async def _swallow() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and hasattr(task, "uncancel"):
                task.uncancel()


OTHER = GraphQLRequest("mutation { other }")


@pytest.mark.parametrize(
    ("documents", "outcomes"),
    [
        ((MUTATION, MUTATION), ["cancelled", "not repeated"]),
        ((MUTATION, MUTATION, MUTATION), ["cancelled", "not repeated", "cancelled"]),
        ((MUTATION, OTHER, MUTATION), ["cancelled"] * 3),
        ((QUERY, QUERY), ["cancelled"] * 2),
    ],
)
async def test_the_reconnecting_session_repeats_no_mutation_that_was_sent(
    documents: tuple[GraphQLRequest, ...], outcomes: list[str]
) -> None:
    case = Fixture(*[None] * 3)
    case.executor.forbid_repeats()
    case.executor.forbid_repeats()
    assert await asyncio.ensure_future(Attempts(case, *documents).run()) == outcomes


async def test_another_session_may_repeat_what_it_likes() -> None:
    case = Fixture(None, None)
    attempts = Attempts(case, MUTATION, MUTATION)
    assert await asyncio.ensure_future(attempts.run()) == ["cancelled"] * 2
