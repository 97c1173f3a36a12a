"""What an answer of AppSync means, and whether the request may be sent again. Pure."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

from graphql import DocumentNode, ExecutionResult, OperationType, get_operation_ast

from ..exceptions import ConfigurationError

__all__ = [
    "Answer",
    "Classifier",
    "NoResult",
    "Replay",
    "Verdict",
    "classify",
    "is_query",
    "may_replay",
    "result_of",
]


class Verdict(enum.Enum):
    """What an answer means for the request."""

    EXECUTED = "executed"
    """It ran; errors of resolvers and validation included."""
    REFUSED = "refused"
    """The tokens were not accepted; nothing ran."""
    DENIED = "denied"
    """The tokens were accepted, a permission is missing; parts may have run."""
    THROTTLED = "throttled"
    """Too many requests; nothing ran."""
    BLOCKED = "blocked"
    """A firewall rule; nothing ran."""
    REJECTED = "rejected"
    """Another 4xx, or a redirect; nothing ran."""
    FAILED = "failed"
    """5xx or no GraphQL answer at all; nobody knows what ran."""


class Replay(enum.Enum):
    """Which requests are sent once more after a renewal."""

    REFUSED = "refused"
    """Those that were refused before execution, mutations included."""
    REFUSED_AND_DENIED = "refused-and-denied"
    """Those, and denied queries: new tokens may carry new groups. Never denied mutations."""
    NEVER = "never"
    """None: every refusal goes to the caller."""

    @classmethod
    def of(cls, value: Replay | str) -> Replay:
        """Take a policy or its name.

        Raises:
            ConfigurationError: there is none of that name.
        """
        try:
            return cls(value)
        except ValueError:
            names = ", ".join(repr(policy.value) for policy in cls)
            raise ConfigurationError(f"replay is one of {names}.", setting="replay") from None


class Answer(NamedTuple):
    """One answer to one POST.

    Attributes:
        status: the HTTP status.
        headers: the answer's headers, by case-insensitive name.
        errors: GraphQL ``errors``; ``None`` if there were none.
        data: GraphQL ``data``; ``None`` where it was null or absent.
        extensions: GraphQL ``extensions``.
        is_graphql: whether the body was a GraphQL answer at all.
    """

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    errors: Any = None
    data: Any = None
    extensions: Any = None
    is_graphql: bool = True

    @property
    def error_list(self) -> list[Mapping[str, Any]]:
        """The errors that have a shape; AppSync also sends one object in place of a list."""
        errors = [self.errors] if isinstance(self.errors, Mapping) else self.errors
        return [e for e in errors or () if isinstance(e, Mapping)] if _is_list(errors) else []

    @property
    def error_types(self) -> list[str]:
        """``errorType`` of each error that has one, without ``prefix#``; else the header's."""
        types = [e["errorType"] for e in self.error_list if isinstance(e.get("errorType"), str)]
        if not types and (header := self.headers.get("x-amzn-errortype")):
            types = [header.partition(":")[0]]
        return [t.rpartition("#")[2] for t in types]

    @property
    def codes(self) -> list[str]:
        """``extensions.code`` of each error that has one (Apollo's convention)."""
        found = (e.get("extensions") for e in self.error_list)
        codes = (x.get("code") for x in found if isinstance(x, Mapping))
        return [c for c in codes if isinstance(c, str)]

    @property
    def got_nowhere(self) -> bool:
        """Whether no resolver can have run: no data, and no error that has a path."""
        return self.data is None and not any(e.get("path") for e in self.error_list)

    @property
    def message(self) -> str:
        """The first error's text, or an empty string."""
        texts = (e.get("message") for e in self.error_list)
        return next((t for t in texts if isinstance(t, str)), "")


Classifier = Callable[[Answer], Verdict | None]
"""A user's own reading of an answer; ``None`` leaves it to :func:`classify`."""

_REFUSED = {"UnauthorizedException"}
_REFUSED_CODES = {"UNAUTHENTICATED"}
_DENIED = {"Unauthorized"}
_THROTTLED = {
    "LimitExceededError",
    "LimitExceededException",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
}
_BLOCKED = {"WAFForbiddenException"}
_SUCCESS = 2
_NOT_TAKEN = {3, 4}


def classify(answer: Answer) -> Verdict:
    """Read an answer by its status, ``errorType`` and ``extensions.code``; never by its text.

    Two families of refusal, from
    https://repost.aws/knowledge-center/aws-appsync-graphql-request-unauth-error:
    401 comes before execution; 200 with ``Unauthorized`` at a resolver or after.
    """
    status = answer.status
    types = set(answer.error_types)
    if status == HTTPStatus.UNAUTHORIZED:
        return Verdict.REFUSED
    if types & _REFUSED or set(answer.codes) & _REFUSED_CODES:
        return Verdict.REFUSED if answer.got_nowhere else Verdict.DENIED
    if types & _DENIED:
        return Verdict.DENIED
    if status == HTTPStatus.TOO_MANY_REQUESTS or (types & _THROTTLED and answer.got_nowhere):
        return Verdict.THROTTLED
    return _by_status(answer, types)


def _by_status(answer: Answer, types: set[str]) -> Verdict:
    family = answer.status // 100
    if family == _SUCCESS and answer.is_graphql:
        return Verdict.EXECUTED
    if answer.status == HTTPStatus.FORBIDDEN and (types & _BLOCKED or not answer.is_graphql):
        return Verdict.BLOCKED
    return Verdict.REJECTED if family in _NOT_TAKEN else Verdict.FAILED


class NoResult(NamedTuple):
    """An answer that is no result, and what it means."""

    answer: Answer
    verdict: Verdict


def result_of(
    status: int, headers: Mapping[str, str], json: Any, own: Classifier | None = None
) -> ExecutionResult | NoResult:
    """Tell a result from an answer that may have to be replayed or raised.

    Args:
        status: the HTTP status.
        headers: the answer's headers.
        json: what its body held, which may be anything; ``None`` if that was no JSON.
        own: a user's own reading, asked first.
    """
    if not isinstance(json, dict) or not ("data" in json or "errors" in json):
        answer = Answer(status, headers, is_graphql=False)
    elif _is_plain(status, headers, json) and own is None:
        return ExecutionResult(json["data"], None, json.get("extensions"))
    else:
        get = json.get
        answer = Answer(status, headers, get("errors"), get("data"), get("extensions"))
    verdict = (own(answer) if own is not None else None) or classify(answer)
    if verdict is not Verdict.EXECUTED:
        return NoResult(answer, verdict)
    return ExecutionResult(answer.data, answer.errors, answer.extensions)


def _is_plain(status: int, headers: Mapping[str, str], json: dict[str, Any]) -> bool:
    """Recognise what nearly all answers are, so that they need not be looked at closely."""
    return (
        status == 200  # noqa: PLR2004 - looking up an enum's member takes longer
        and "errors" not in json
        and "x-amzn-errortype" not in headers
    )


def may_replay(verdict: Verdict, *, query: bool, policy: Replay) -> bool:
    """Decide whether the request may be sent once more after a renewal.

    Args:
        verdict: what the answer meant.
        query: whether the operation is a query, which changes nothing.
        policy: what the transport was told.
    """
    if verdict is Verdict.REFUSED:
        return policy is not Replay.NEVER
    return verdict is Verdict.DENIED and query and policy is Replay.REFUSED_AND_DENIED


def is_query(document: DocumentNode, operation_name: str | None) -> bool:
    """Tell whether the operation that will run is a query.

    A document whose operation can't be told counts as a mutation: that is the
    safe reading.
    """
    operation = get_operation_ast(document, operation_name)
    return operation is not None and operation.operation is OperationType.QUERY


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)
