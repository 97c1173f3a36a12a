"""The load of the demo, and the figures that it counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appsync_gql.cli.demo_load import Report, Side, checking_expiry, renewing, run_load
from appsync_gql.testing import Emulator
from appsync_gql.tokens import Tokens

Make = Callable[[Emulator, Tokens], Side]


async def load(emulator: Emulator, make: Make, tokens: Tokens, seconds: float = 0.2) -> Report:
    seen: list[int] = []
    report = await run_load(
        make(emulator, tokens),
        emulator,
        seconds=seconds,
        workers=2,
        progress=lambda so_far: seen.append(so_far.requests),
    )
    assert seen[-1] == report.requests
    return report


@pytest.mark.parametrize("make", [checking_expiry, renewing])
async def test_an_expired_token_is_refreshed_before_the_first_request(
    emulator: Emulator, make: Make
) -> None:
    report = await load(emulator, make, emulator.issue_tokens(issued_ago=4000))
    assert (report.errors, report.refused, report.refreshes, report.twice) == (0, 0, 1, 0)
    assert report.requests == len(report.seconds) > 1


@pytest.mark.parametrize(("make", "errors"), [(checking_expiry, True), (renewing, False)])
async def test_a_refused_token_is_an_error_of_plain_gql_and_not_of_ours(
    emulator: Emulator, make: Make, *, errors: bool
) -> None:
    emulator.faults.refuse()
    report = await load(emulator, make, emulator.issue_tokens())
    assert (report.unauthorized > 0) is errors
    assert report.other_errors == 0
    assert report.refused == 1


async def test_other_errors_and_mutations_that_ran_twice_are_counted(emulator: Emulator) -> None:
    emulator.executions["elsewhere"] = 2
    emulator.faults.server_error()
    report = await load(emulator, checking_expiry, emulator.issue_tokens())
    assert (report.unauthorized, report.other_errors, report.twice) == (0, 1, 1)
    assert report.as_json()["other_errors"] == 1


async def test_without_time_there_is_no_request(emulator: Emulator) -> None:
    report = await run_load(
        renewing(emulator, emulator.issue_tokens()),
        emulator,
        seconds=0,
        workers=2,
        progress=lambda _: None,
    )
    assert report.requests == 0
    assert report.percentile(99) == 0.0


def test_percentiles_of_few_figures_are_no_error() -> None:
    assert Report("x").percentile(99) == 0.0
    assert Report("x", seconds=[0.5]).percentile(50) == 500.0
    many = Report("x", seconds=[0.001 * n for n in range(1, 101)])
    assert many.percentile(50) == pytest.approx(50.5)
