"""What is kept of a request, and what is not."""

from __future__ import annotations

import pytest

from appsync_gql.testing import RecordedRequest
from appsync_gql.testing.emulator.recorded_requests import (
    RecordedRequests,
    fingerprint,
    without_token,
)


def test_requests_are_counted_by_endpoint_and_status() -> None:
    requests = RecordedRequests()
    for status in (200, 401, 401):
        requests.add(RecordedRequest(at=0.0, endpoint="graphql", operation=None, status=status))
    assert requests.counters == {"graphql": 3, "graphql.200": 1, "graphql.401": 2}
    assert [r.status for r in requests.snapshot()] == [200, 401, 401]


def test_a_fingerprint_is_equal_for_equal_tokens_and_contains_no_token() -> None:
    assert fingerprint("secret") == fingerprint("secret") != fingerprint("other")
    assert "secret" not in str(fingerprint("secret"))
    assert fingerprint(None) is None


@pytest.mark.parametrize(
    "name", ["Cookie", "x-api-key", "X-Amz-Security-Token", "Sec-WebSocket-Protocol"]
)
def test_headers_are_kept_without_the_token_and_with_other_secrets_redacted(name: str) -> None:
    kept = without_token({"AUTHORIZATION": "hush", name: "hush", "X-App": "x"})
    assert "authorization" not in kept
    assert kept[name.lower()] == "hush"
    assert kept["x-app"] == "x"
    assert "hush" not in repr(dict(kept))


def test_repr_shows_no_value_that_a_client_sent() -> None:
    request = RecordedRequest(
        at=0.0,
        endpoint="graphql",
        operation="query",
        status=200,
        headers={"a": "hush"},
        variables={"b": "hush"},
    )
    assert "hush" not in repr(request)
