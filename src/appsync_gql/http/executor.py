"""The steps of one request: authorize, send, classify the response, replay at most once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..exceptions import AppSyncError, OutcomeUnknown
from .errors import error_of
from .repeats import UnfinishedMutations
from .response import Classifier, Outcome, Rejection, Replay, may_replay, result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import ExecutionResult
    from multidict import CIMultiDictProxy

    from ..auth.adapters import Authorizer
    from ..auth.base import Headers
    from .loop_session import LoopSession
    from .sender import PreparedRequest, Sender

    _Found = tuple[ExecutionResult | Rejection, CIMultiDictProxy[str]]

__all__ = ["Executor"]

_NO_HEADERS: Headers = {}


class Executor:
    """Executes the requests of one transport.

    Args:
        sender: makes the POSTs.
        opened: returns the session to send on; raises ``TransportClosed`` if there is none.
        replay: which requests may be sent twice.
        classifier: a function of the user's that classifies responses; ``None`` for none.
    """

    def __init__(
        self,
        sender: Sender,
        opened: Callable[[], LoopSession],
        *,
        replay: Replay,
        classifier: Classifier | None,
    ) -> None:
        self._sender, self._opened = sender, opened
        self._replay, self._classifier = replay, classifier
        self._unfinished: UnfinishedMutations | None = None

    def forbid_repeats(self) -> None:
        """Refuse mutations that gql's reconnecting session repeats after a timeout."""
        if self._unfinished is None:
            self._unfinished = UnfinishedMutations()

    async def execute(
        self, request: PreparedRequest, authorizer: Authorizer | None
    ) -> tuple[ExecutionResult, CIMultiDictProxy[str]]:
        """Send a request, and once more if it was rejected and newer headers may help.

        Args:
            request: what to send.
            authorizer: returns its authorization; ``None`` for none.

        Returns:
            The result, and the headers of the last response.

        Raises:
            AppSyncError: there is no result.
        """
        if authorizer is None:
            found, headers = await self._send(request, _NO_HEADERS, None)
        else:
            found, headers = await self._send_authorized(request, authorizer)
        if isinstance(found, Rejection):
            advice = authorizer.advice if authorizer is not None else ""
            raise error_of(found, query=request.query, advice=advice)
        return found, headers

    async def _send_authorized(self, request: PreparedRequest, authorizer: Authorizer) -> _Found:
        signable = request.signable if authorizer.signs else None
        headers = authorizer.headers_nowait(signable)
        if headers is None:
            headers = await authorizer.headers(signable)
        found = await self._send(request, headers, authorizer)
        rejection = found[0]
        if not isinstance(rejection, Rejection) or not request.replayable:
            return found
        if not may_replay(rejection.outcome, query=request.query, policy=self._replay):
            return found
        denied = rejection.outcome is Outcome.DENIED
        try:
            newer = await authorizer.newer(signable, headers, denied=denied)
        except AppSyncError as error:
            rejected = error_of(rejection, query=request.query, advice=authorizer.advice)
            if denied:
                # The permission is what is missing; the renewal was an attempt to obtain it.
                raise rejected from error
            raise error from rejected
        if newer is None:
            return found
        authorizer.replayed("denied" if denied else "refused")
        request.begin()
        return await self._send(request, newer, authorizer)

    async def _send(
        self, request: PreparedRequest, headers: Headers, authorizer: Authorizer | None
    ) -> _Found:
        """Make one POST; return its result, or what its response means, and its headers."""
        unfinished = None if request.query else self._unfinished
        if unfinished is not None and unfinished.is_repeated(request.body or b""):
            raise OutcomeUnknown(
                "The mutation was sent before and timed out, so it may have been executed. gql's "
                "reconnecting session would repeat it: check, and send it again yourself."
            )
        try:
            # The transport may have been closed while newer headers were waited for.
            response = await self._sender.send(self._opened(), request, headers)
        except asyncio.CancelledError:
            if unfinished is not None and request.sent:
                unfinished.add(request.body or b"")
            raise
        if authorizer is not None and "x-amzn-requestid" in response.headers:
            # Only AppSync's own responses have AppSync's time; a proxy's have the proxy's.
            date = response.headers.get("Date")
            if date is not None:
                authorizer.answered(date, response.took)
        headers = response.headers
        return result_of(response.status, headers, response.json, self._classifier), headers
