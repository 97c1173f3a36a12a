from __future__ import annotations

import asyncio
from typing import Any

import pytest
from gql import GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from graphql import ExecutionResult

from appsync_gql import ConnectionFailed, Denied, OutcomeUnknown, Throttled
from appsync_gql.http.batch import execute_each

Script = list[ExecutionResult | Exception]


async def run(script: Script) -> list[Any]:
    """Execute a batch whose requests have these outcomes, the last one first."""
    requests = [GraphQLRequest("{ a }") for _ in script]
    outcomes = dict(zip(map(id, requests), script, strict=True))

    async def execute(request: GraphQLRequest) -> ExecutionResult:
        for _ in range(requests[::-1].index(request)):
            await asyncio.sleep(0)
        outcome = outcomes[id(request)]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return await execute_each(execute, requests)


async def test_results_have_the_order_of_the_requests() -> None:
    results = await run([ExecutionResult({"a": n}) for n in range(25)])
    assert [result.data for result in results] == [{"a": n} for n in range(25)]


async def test_an_empty_batch_has_no_results() -> None:
    assert await run([]) == []


async def test_ten_requests_are_under_way_at_a_time() -> None:
    running, most = 0, 0

    async def execute(_request: GraphQLRequest) -> ExecutionResult:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return ExecutionResult({})

    await execute_each(execute, [GraphQLRequest("{ a }")] * 35)
    assert most == 10


async def test_an_error_takes_the_place_of_its_result() -> None:
    graphql = [{"message": "no", "errorType": "Unauthorized"}]
    first, second, third = await run(
        [
            ExecutionResult({"a": 1}),
            Throttled("slow down", status=429),
            Denied("no", errors=graphql, data={"b": None}, extensions={"c": 1}),
        ]
    )
    assert first == ExecutionResult({"a": 1})
    assert second.errors == [{"message": "slow down", "errorType": "Throttled"}]
    assert (third.errors, third.data, third.extensions) == (graphql, {"b": None}, {"c": 1})


async def test_if_all_requests_fail_in_the_same_way_the_first_error_is_raised() -> None:
    errors: Script = [ConnectionFailed("first"), ConnectionFailed("second")]
    with pytest.raises(ConnectionFailed, match="first"):
        await run(errors)


async def test_a_querys_error_is_not_raised_for_a_mutation_that_may_have_run() -> None:
    """A reconnecting session of gql would send the whole batch again."""
    results = await run([ConnectionFailed("query"), OutcomeUnknown("mutation")])
    types = [result.errors[0]["errorType"] for result in results if result.errors]
    assert types == ["ConnectionFailed", "OutcomeUnknown"]


async def test_an_error_that_is_not_of_a_transport_is_raised_at_once() -> None:
    with pytest.raises(ZeroDivisionError):
        await run([ExecutionResult({}), ZeroDivisionError()])


async def test_a_plain_query_error_without_errors_becomes_a_result_too() -> None:
    results = await run([ExecutionResult({}), TransportQueryError("odd")])
    assert results[1].errors == [{"message": "odd", "errorType": "TransportQueryError"}]
