"""Jobs describe themselves for logs."""

from __future__ import annotations

import pytest

from appsync_gql import SessionKey
from appsync_gql.clock import Instant, ServerClock
from appsync_gql.store.job import Job, JobKind


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("renew", "a renewal of tokens of app client client, user ada"),
        ("save", "saving tokens of app client client, user ada"),
        ("sign_in", "a sign-in of app client client, user ada"),
        ("sign_out", "a sign-out of app client client, user ada"),
    ],
)
def test_a_description_says_what_is_done_and_for_whom(kind: JobKind, text: str) -> None:
    job = Job(
        kind=kind,
        reason="stale",
        known=None,
        key=SessionKey(client_id="client", username="ada", first_token_digest="digest"),
        server=ServerClock.assumed(Instant(0.0, 0.0)),
        began=0.0,
    )
    assert job.description == text
