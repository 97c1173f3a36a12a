"""From an answer to the error that a caller sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gql.transport.exceptions import TransportError, TransportQueryError
from graphql import ExecutionResult

from ..exceptions import (
    AppSyncError,
    BadRequest,
    BlockedByWaf,
    Denied,
    OutcomeUnknown,
    Refused,
    ServerFailed,
    Throttled,
)
from .response import Answer, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["as_result", "error_of"]

_REDIRECT = 3


def error_of(answer: Answer, verdict: Verdict, *, query: bool) -> AppSyncError:
    """Give the error to raise for an answer that is not to go to the caller as it is.

    Args:
        answer: what came.
        verdict: what it means; not ``EXECUTED``.
        query: whether the operation was a query.
    """
    return _ERRORS[verdict](answer, query)


def as_result(outcome: ExecutionResult | TransportError) -> ExecutionResult:
    """Give an error the form of a result, for its place among the results of a batch."""
    if isinstance(outcome, ExecutionResult):
        return outcome
    if isinstance(outcome, TransportQueryError) and outcome.errors:
        return ExecutionResult(outcome.data, outcome.errors, outcome.extensions)
    error = {"message": str(outcome), "errorType": type(outcome).__name__}
    return ExecutionResult(None, [error])  # type: ignore[list-item]


def _refused(answer: Answer, _query: bool) -> AppSyncError:  # noqa: FBT001
    return Refused(
        f"AppSync refused the request before executing it {_said(answer)}. If newer tokens are "
        "refused too, check that the API's authorization mode names this user pool and admits "
        "this app client, and compare the clocks.",
        **_graphql(answer),
        **_about(answer),
    )


def _denied(answer: Answer, query: bool) -> AppSyncError:  # noqa: FBT001
    return Denied(
        f"The user is not allowed to do this {_said(answer)}. Whoever owns the API can grant it; "
        "what else the operation returned is in .data.",
        may_have_executed=not query or answer.data is not None,
        **_graphql(answer),
        **_about(answer),
    )


def _throttled(answer: Answer, _query: bool) -> AppSyncError:  # noqa: FBT001
    after = answer.headers.get("Retry-After", "")
    return Throttled(
        f"AppSync has too many requests {_said(answer)}. Nothing was executed: try again later, "
        "or ask AWS for a higher quota.",
        retry_after=float(after) if after.isdigit() else None,
        **_about(answer),
    )


def _blocked(answer: Answer, _query: bool) -> AppSyncError:  # noqa: FBT001
    return BlockedByWaf(
        f"A firewall rule in front of the API blocked the request {_said(answer)}. Whoever owns "
        "the API can see which in AWS WAF.",
        **_graphql(answer),
        **_about(answer),
    )


def _rejected(answer: Answer, _query: bool) -> AppSyncError:  # noqa: FBT001
    if answer.status // 100 == _REDIRECT:
        text = (
            f"The endpoint redirects ({answer.status}), and tokens are not sent after a redirect: "
            "give the transport the final URL."
        )
    else:
        text = f"AppSync did not take the request {_said(answer)}; nothing was executed."
    return BadRequest(text, **_graphql(answer), **_about(answer))


def _failed(answer: Answer, query: bool) -> AppSyncError:  # noqa: FBT001
    if query:
        return ServerFailed(
            f"AppSync, or a proxy before it, failed {_said(answer)}. A query can be tried again.",
            may_have_executed=True,
            **_about(answer),
        )
    return OutcomeUnknown(
        f"The mutation was sent, and the answer does not tell whether it ran {_said(answer)}. "
        "Look before you send it again.",
        **_graphql(answer),
        **_about(answer),
    )


_ERRORS: dict[Verdict, Callable[[Answer, bool], AppSyncError]] = {
    Verdict.REFUSED: _refused,
    Verdict.DENIED: _denied,
    Verdict.THROTTLED: _throttled,
    Verdict.BLOCKED: _blocked,
    Verdict.REJECTED: _rejected,
    Verdict.FAILED: _failed,
}


def _said(answer: Answer) -> str:
    types = answer.error_types
    name = f" {types[0]}" if types else ""
    text = f": {answer.message}" if answer.message else ""
    return f"({answer.status}{name}{text})"


def _about(answer: Answer) -> dict[str, Any]:
    types = answer.error_types
    return {
        "status": answer.status,
        "error_type": types[0] if types else None,
        "request_id": answer.headers.get("x-amzn-RequestId"),
    }


def _graphql(answer: Answer) -> dict[str, Any]:
    return {"errors": answer.errors, "data": answer.data, "extensions": answer.extensions}
