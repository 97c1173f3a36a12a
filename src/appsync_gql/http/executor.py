"""The steps of one request: authorize, send, classify the response, replay at most once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..auth.base import Headers, SignableRequest
from ..exceptions import AppSyncError, OutcomeUnknown
from .errors import error_of
from .repeats import UnfinishedMutations
from .response import Classifier, Outcome, Rejection, Replay, may_replay, result_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from graphql import ExecutionResult
    from multidict import CIMultiDictProxy

    from ..auth.adapters import Authorizer
    from .loop_session import LoopSession
    from .sender import PreparedRequest, RawResponse, Sender

__all__ = ["Executor"]

_NO_HEADERS: Headers = {}


class Executor:
    """Executes the requests of one transport.

    Args:
        sender: makes the POSTs.
        opened: returns the session to send on; raises ``TransportClosed`` if there is none.
        replay: which requests may be sent twice.
        classifier: a function of the user's that classifies responses; ``None`` for none.
        signable: returns what is signed of a request; ``None`` for its URL and body.
    """

    def __init__(
        self,
        sender: Sender,
        opened: Callable[[], LoopSession],
        *,
        replay: Replay,
        classifier: Classifier | None,
        signable: Callable[[PreparedRequest], SignableRequest] | None = None,
    ) -> None:
        self._sender, self._opened = sender, opened
        self._signable = _bare if signable is None else signable
        self._replay, self._classifier = replay, classifier
        self._unfinished: UnfinishedMutations | None = None

    def forbid_repeats(self) -> None:
        """Refuse mutations that gql's reconnecting session repeats after a timeout."""
        if self._unfinished is None:
            self._unfinished = UnfinishedMutations()

    async def execute(
        self, opened: LoopSession, request: PreparedRequest, authorizer: Authorizer | None
    ) -> tuple[ExecutionResult, CIMultiDictProxy[str]]:
        """Send a request, and once more if it was rejected and newer headers may help.

        Args:
            opened: the session to send it on.
            request: what to send.
            authorizer: returns its authorization; ``None`` for none.

        Returns:
            The result, and the headers of the last response.

        Raises:
            AppSyncError: there is no result.
        """
        if authorizer is None:
            response = await self._send(opened, request, _NO_HEADERS)
            found = self._result(response, None)
        else:
            signable = self._signable(request) if authorizer.signs else None
            headers = authorizer.headers_nowait(signable)
            if headers is None:
                headers = await authorizer.headers(signable)
                opened = self._opened()  # it may have been closed meanwhile
            response = await self._send(opened, request, headers)
            found = self._result(response, authorizer)
            if isinstance(found, Rejection) and self._may_replay(found, request):
                newer = await self._newer(found, request, authorizer, (signable, headers))
                if newer is not None:
                    response = await self._send(self._opened(), request, newer)
                    found = self._result(response, authorizer)
        if isinstance(found, Rejection):
            advice = authorizer.advice if authorizer is not None else ""
            raise error_of(found, query=request.query, advice=advice)
        return found, response.headers

    def _may_replay(self, found: Rejection, request: PreparedRequest) -> bool:
        return request.replayable and may_replay(
            found.outcome, query=request.query, policy=self._replay
        )

    async def _newer(
        self,
        found: Rejection,
        request: PreparedRequest,
        authorizer: Authorizer,
        sent: tuple[SignableRequest | None, Headers],
    ) -> Headers | None:
        """Return newer headers than those that were sent; ``None`` if there are none."""
        denied = found.outcome is Outcome.DENIED
        try:
            newer = await authorizer.newer(*sent, denied=denied)
        except AppSyncError as error:
            rejected = error_of(found, query=request.query, advice=authorizer.advice)
            if denied:
                # The permission is what is missing; the renewal was an attempt to obtain it.
                raise rejected from error
            raise error from rejected
        if newer is not None:
            authorizer.replayed("denied" if denied else "refused")
            request.begin()
        return newer

    def _send(
        self, opened: LoopSession, request: PreparedRequest, headers: Headers
    ) -> Awaitable[RawResponse]:
        """Make one POST, and return its response."""
        if self._unfinished is None or request.query:
            return self._sender.send(opened, request, headers)
        return self._send_once(opened, request, headers, self._unfinished)

    async def _send_once(
        self,
        opened: LoopSession,
        request: PreparedRequest,
        headers: Headers,
        unfinished: UnfinishedMutations,
    ) -> RawResponse:
        """Send a mutation that gql's reconnecting session may repeat."""
        body = request.body or b""
        if unfinished.is_repeated(body):
            raise OutcomeUnknown(
                "The mutation was sent before and timed out, so it may have been executed. gql's "
                "reconnecting session would repeat it: check, and send it again yourself."
            )
        try:
            return await self._sender.send(opened, request, headers)
        except asyncio.CancelledError:
            if request.sent:
                unfinished.add(body)
            raise

    def _result(
        self, response: RawResponse, authorizer: Authorizer | None
    ) -> ExecutionResult | Rejection:
        """Return the result in a response, or what the response means."""
        headers = response.headers
        if authorizer is not None and "x-amzn-requestid" in headers:
            # Only AppSync's own responses have AppSync's time; a proxy's have the proxy's.
            date = headers.get("Date")
            if date is not None:
                authorizer.answered(date, response.took)
        return result_of(response.status, headers, response.json, self._classifier)


def _bare(request: PreparedRequest) -> SignableRequest:
    return SignableRequest(request.url, request.body or b"", "http")
