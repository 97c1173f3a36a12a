from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appsync_gql.error_types import (
    DENIED_BY_RESOLVER,
    ErrorMeaning,
    bare_name,
    meaning_of,
    meaning_of_status,
)

M = ErrorMeaning


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Unauthorized", "Unauthorized"),
        ("com.amazonaws.deepdish.graphql.auth#UnauthorizedException", "UnauthorizedException"),
        ("UnauthorizedException:", "UnauthorizedException"),
        ("UnauthorizedException:http://internal.amazon.com/x/", "UnauthorizedException"),
        ("x#ThrottlingException:https://internal.amazon.com/", "ThrottlingException"),
        (" BadRequestException ", "BadRequestException"),
        ("DynamoDB:ConditionalCheckFailedException", "DynamoDB:ConditionalCheckFailedException"),
        ("", ""),
    ],
)
def test_a_name_is_compared_without_what_surrounds_it(name: str, bare: str) -> None:
    assert bare_name(name) == bare


@pytest.mark.parametrize(
    ("name", "message", "meaning"),
    [
        ("UnauthorizedException", "", M.REFUSED),
        ("x#UnauthorizedException:http://y", "", M.REFUSED),
        ("UNAUTHENTICATED", "", M.REFUSED),
        ("UnrecognizedClientException", "", M.REFUSED),
        ("ExpiredTokenException", "", M.REFUSED),
        ("InvalidSignatureException", "", M.REFUSED),
        ("InvalidToken", "", M.REFUSED),
        ("RequestTimeTooSkewed", "", M.REFUSED),
        ("AccessDeniedException", "", M.DENIED),
        ("Unauthorized", "", M.DENIED),
        ("ThrottledException", "", M.THROTTLED),
        ("ThrottlingException", "", M.THROTTLED),
        ("TooManyRequestsException", "", M.THROTTLED),
        ("LimitExceededError", "", M.THROTTLED),
        ("WAFForbiddenException", "", M.BLOCKED),
        ("MaxSubscriptionsReachedError", "", M.FULL),
        ("UnsupportedOperation", "", M.INVALID),
        ("BadRequestException", "", M.INVALID),
        ("BadRequestException", "The request signature we calculated does not", M.REFUSED),
        ("BadRequestException", "Signature expired: 2026", M.REFUSED),
        ("BadRequestException", "Signature not yet current", M.REFUSED),
        ("BadRequestException", "Credential should be scoped to a valid region", M.REFUSED),
        ("BadRequestException", "Date in Credential scope does not match", M.REFUSED),
        ("BadRequestException", "The text: signature expired", M.INVALID),
        ("Unauthorized", "Signature expired", M.DENIED),
        ("unauthorizedexception", "", None),
        ("Lambda:Unhandled", "", None),
        ("", "", None),
        (None, "Unauthorized", None),
    ],
)
def test_what_an_error_name_means(
    name: str | None, message: str, meaning: ErrorMeaning | None
) -> None:
    assert meaning_of(name, message) is meaning


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, None),
        (299, None),
        (300, M.INVALID),
        (302, M.INVALID),
        (400, M.INVALID),
        (401, M.REFUSED),
        (403, M.BLOCKED),
        (404, M.INVALID),
        (408, M.FAILED),
        (425, M.FAILED),
        (429, M.THROTTLED),
        (499, M.INVALID),
        (500, M.FAILED),
        (503, M.FAILED),
    ],
)
def test_what_a_status_means(status: int, meaning: ErrorMeaning | None) -> None:
    assert meaning_of_status(status) is meaning


@given(st.text(), st.text())
def test_any_text_has_a_meaning_or_none(name: str, message: str) -> None:
    assert meaning_of(name, message) in {None, *M}


def test_what_a_resolver_calls_a_missing_permission_is_refused_or_denied_elsewhere() -> None:
    assert {meaning_of(name) for name in DENIED_BY_RESOLVER} == {M.REFUSED, M.DENIED}
