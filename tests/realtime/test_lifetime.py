"""When a connection is replaced ahead of its end."""

from __future__ import annotations

from typing import Any

import pytest

from appsync_gql.realtime.lifetime import Retirement, ended_with_token, retirement

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("expires_in", "ends_with_token", "expected"),
    [
        (3600, False, Retirement(1000.0, renew_first=False)),
        (600, False, Retirement(1000.0, renew_first=False)),
        (1010, True, Retirement(1000.0, renew_first=False)),
        (None, True, Retirement(1000.0, renew_first=False)),
        (3600, True, Retirement(1000.0, renew_first=False)),
        (600, True, Retirement(590.0, renew_first=True)),
        (20, True, Retirement(15.0, renew_first=True)),
        (-5, True, Retirement(0.0, renew_first=True)),
    ],
)
def test_a_connection_retires_at_its_age_or_ahead_of_its_token_if_that_ends_it(
    expires_in: float | None, ends_with_token: Any, expected: Retirement
) -> None:
    expires_at = None if expires_in is None else NOW + expires_in
    assert retirement(1000.0, expires_at, NOW, ends_with_token=ends_with_token) == expected


@pytest.mark.parametrize(
    ("expires_in", "expected"),
    [(None, False), (0.0, True), (1.9, True), (-1.9, True), (2.0, False), (-2.1, False)],
)
def test_a_connection_that_ends_at_its_tokens_expiry_ends_because_of_it(
    expires_in: float | None, expected: Any
) -> None:
    expires_at = None if expires_in is None else NOW + expires_in
    assert ended_with_token(expires_at, NOW) is expected
