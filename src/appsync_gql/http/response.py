"""What a response of AppSync means, and whether the request may be sent again. Pure."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

from graphql import ExecutionResult

from ..error_types import (
    DENIED_BY_RESOLVER,
    ErrorMeaning,
    bare_name,
    meaning_of,
    meaning_of_status,
)
from ..exceptions import ConfigurationError

__all__ = [
    "Classifier",
    "Outcome",
    "Rejection",
    "Replay",
    "Response",
    "classify",
    "may_replay",
    "result_of",
]


class Outcome(enum.Enum):
    """What a response means for the request."""

    EXECUTED = "executed"
    """It was executed; errors of resolvers and of validation are part of its result."""
    REFUSED = "refused"
    """The credentials were not accepted; nothing was executed."""
    DENIED = "denied"
    """The credentials were accepted, a permission is missing; parts may have been executed."""
    THROTTLED = "throttled"
    """Too many requests; nothing was executed."""
    BLOCKED = "blocked"
    """AWS WAF blocked the request; nothing was executed."""
    INVALID = "invalid"
    """Another 4xx, or a redirect; nothing was executed."""
    FAILED = "failed"
    """5xx, or no GraphQL response at all; what was executed is unknown."""


class Replay(enum.Enum):
    """Which requests are sent once more after a renewal."""

    REFUSED = "refused"
    """Those that were refused before execution, mutations included."""
    REFUSED_AND_DENIED = "refused-and-denied"
    """Those, and denied queries: new tokens may carry new groups. Never denied mutations."""
    NEVER = "never"
    """None: every refusal is raised."""

    @classmethod
    def of(cls, value: Replay | str) -> Replay:
        """Return the member with this value.

        Raises:
            ConfigurationError: there is none.
        """
        try:
            return cls(value)
        except ValueError:
            names = ", ".join(repr(policy.value) for policy in cls)
            raise ConfigurationError(f"replay is one of {names}.", setting="replay") from None


class Response(NamedTuple):
    """The response to one POST.

    Attributes:
        status: the HTTP status.
        headers: the response's headers, by case-insensitive name.
        errors: GraphQL ``errors``; ``None`` if there were none.
        data: GraphQL ``data``; ``None`` where it was null or absent.
        extensions: GraphQL ``extensions``.
        is_graphql: whether the body was a GraphQL response at all.
    """

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    errors: Any = None
    data: Any = None
    extensions: Any = None
    is_graphql: bool = True

    @property
    def error_list(self) -> list[Mapping[str, Any]]:
        """The errors that are objects; AppSync also sends one object in place of a list."""
        errors = [self.errors] if isinstance(self.errors, Mapping) else self.errors
        if not isinstance(errors, list | tuple):
            return []
        return [error for error in errors if isinstance(error, Mapping)]

    @property
    def error_types(self) -> list[str]:
        """``errorType`` of each error that has one, without ``prefix#``; else the header's."""
        types = [e["errorType"] for e in self.error_list if isinstance(e.get("errorType"), str)]
        if not types and (header := self.headers.get("x-amzn-errortype")):
            types = [header]
        return [bare_name(name) for name in types]

    @property
    def codes(self) -> list[str]:
        """``extensions.code`` of each error that has one (Apollo's convention)."""
        found = (error.get("extensions") for error in self.error_list)
        codes = (x.get("code") for x in found if isinstance(x, Mapping))
        return [code for code in codes if isinstance(code, str)]

    @property
    def is_empty(self) -> bool:
        """Whether it has neither data nor errors, which no executed operation leads to."""
        return self.data is None and not self.errors

    @property
    def executed_nothing(self) -> bool:
        """Whether no resolver can have run: no data, and no error that has a path."""
        return self.data is None and not any(error.get("path") for error in self.error_list)

    @property
    def message(self) -> str:
        """The first error's text, or an empty string."""
        texts = (error.get("message") for error in self.error_list)
        return next((text for text in texts if isinstance(text, str)), "")


Classifier = Callable[[Response], "Outcome | None"]
"""A function of the user's that classifies responses; ``None`` leaves it to :func:`classify`."""

_SUCCESS, _SERVER_ERROR = 2, 5

_OUTCOMES = {
    ErrorMeaning.REFUSED: Outcome.REFUSED,
    ErrorMeaning.DENIED: Outcome.DENIED,
    ErrorMeaning.THROTTLED: Outcome.THROTTLED,
    ErrorMeaning.BLOCKED: Outcome.BLOCKED,
    ErrorMeaning.FULL: Outcome.INVALID,
    ErrorMeaning.INVALID: Outcome.INVALID,
    ErrorMeaning.FAILED: Outcome.FAILED,
}


def classify(response: Response) -> Outcome:
    """Return what a response means, by its status, ``errorType`` and ``extensions.code``.

    Texts do not count, except AppSync's own of a wrong SigV4 signature. There are two kinds of
    refusal (https://repost.aws/knowledge-center/aws-appsync-graphql-request-unauth-error):
    401 comes before execution; 200 with ``Unauthorized`` comes from a resolver, or after it.
    """
    status, family = response.status, response.status // 100
    if "x-amzn-waf-action" in response.headers:
        # A CAPTCHA (405) or a challenge (202) in place of a response:
        # https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-how-it-works.html
        return Outcome.BLOCKED
    if family == _SERVER_ERROR:
        return Outcome.FAILED
    if family == _SUCCESS:
        return _classify_success(response)
    return Outcome.REFUSED if status == HTTPStatus.UNAUTHORIZED else _classify_error(response)


def _classify_error(response: Response) -> Outcome:
    named = _named_outcomes(response)
    if Outcome.REFUSED in named:
        return Outcome.REFUSED if response.executed_nothing else Outcome.DENIED
    for outcome in (Outcome.DENIED, Outcome.THROTTLED, Outcome.BLOCKED):
        if outcome in named:
            return outcome
    if response.status == HTTPStatus.FORBIDDEN and response.is_graphql:
        return Outcome.INVALID
    meaning = meaning_of_status(response.status)
    return Outcome.FAILED if meaning is None else _OUTCOMES[meaning]


def _named_outcomes(response: Response) -> set[Outcome]:
    names = (*response.error_types, *response.codes)
    meanings = (meaning_of(name, response.message) for name in names)
    return {_OUTCOMES[meaning] for meaning in meanings if meaning is not None}


def _classify_success(response: Response) -> Outcome:
    if not response.is_graphql:
        return Outcome.FAILED
    if response.executed_nothing:
        named = _named_outcomes(response)
        for outcome in (Outcome.REFUSED, Outcome.DENIED, Outcome.THROTTLED):
            if outcome in named:
                return outcome
    elif DENIED_BY_RESOLVER & {*response.error_types, *response.codes}:
        return Outcome.DENIED
    return Outcome.FAILED if response.is_empty else Outcome.EXECUTED


class Rejection(NamedTuple):
    """A response that is no result, and what it means."""

    response: Response
    outcome: Outcome


def result_of(
    status: int, headers: Mapping[str, str], json: Any, classifier: Classifier | None = None
) -> ExecutionResult | Rejection:
    """Return the result in a response, or what the response means if it holds none.

    Args:
        status: the HTTP status.
        headers: the response's headers.
        json: the body's JSON, of any type; ``None`` if it was no JSON.
        classifier: a function of the user's, called first.
    """
    if not isinstance(json, dict) or not ("data" in json or "errors" in json):
        response = Response(status, headers, is_graphql=False)
    elif _is_plain(status, headers, json) and classifier is None:
        return ExecutionResult(json["data"], None, json.get("extensions"))
    else:
        get = json.get
        response = Response(status, headers, get("errors"), get("data"), get("extensions"))
    outcome = (classifier(response) if classifier is not None else None) or classify(response)
    if outcome is not Outcome.EXECUTED:
        return Rejection(response, outcome)
    return ExecutionResult(response.data, response.errors, response.extensions)


def _is_plain(status: int, headers: Mapping[str, str], json: dict[str, Any]) -> bool:
    """Return whether a response is like nearly all, so that it needs no further check."""
    return (
        status == 200  # noqa: PLR2004 - looking up an enum's member takes longer
        and "errors" not in json
        and json["data"] is not None
        and "x-amzn-errortype" not in headers
    )


def may_replay(outcome: Outcome, *, query: bool, policy: Replay) -> bool:
    """Return whether the request may be sent once more after a renewal.

    Args:
        outcome: what the response meant.
        query: whether the operation is a query, which changes nothing.
        policy: the transport's ``replay=``.
    """
    if outcome is Outcome.REFUSED:
        return policy is not Replay.NEVER
    return outcome is Outcome.DENIED and query and policy is Replay.REFUSED_AND_DENIED
