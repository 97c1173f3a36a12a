"""Several requests of one call: AppSync accepts no arrays, so each is sent on its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gql.transport.exceptions import TransportError, TransportQueryError
from graphql import ExecutionResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gql import GraphQLRequest

__all__ = ["execute_each"]

_AT_ONCE = 10
"""Requests of one batch that are under way at the same time."""


async def execute_each(
    execute: Callable[[GraphQLRequest], Awaitable[ExecutionResult]],
    requests: Sequence[GraphQLRequest],
) -> list[ExecutionResult]:
    """Execute requests, ten at a time, and return their results in the same order.

    An error takes the place of its request's result. It is raised only if all requests failed
    with errors of the same class: gql's reconnecting session repeats the whole batch after an
    error, and a query's error must not make it send a mutation again.

    Args:
        execute: executes one request.
        requests: what to execute.

    Raises:
        TransportError: all requests failed in the same way; the first one's error.
    """
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(request: GraphQLRequest) -> ExecutionResult | TransportError:
        async with slots:
            try:
                return await execute(request)
            except TransportError as error:
                return error

    outcomes = await asyncio.gather(*map(one, requests))
    first = outcomes[0] if outcomes else None
    if isinstance(first, TransportError) and {type(outcome) for outcome in outcomes} == {
        type(first)
    }:
        raise first
    return [_as_result(outcome) for outcome in outcomes]


def _as_result(outcome: ExecutionResult | TransportError) -> ExecutionResult:
    """Return an error in the form of a result, for its place among the results of a batch."""
    if isinstance(outcome, ExecutionResult):
        return outcome
    if isinstance(outcome, TransportQueryError) and outcome.errors:
        return ExecutionResult(outcome.data, outcome.errors, outcome.extensions)
    error = {"message": str(outcome), "errorType": type(outcome).__name__}
    return ExecutionResult(None, [error])  # type: ignore[list-item]
