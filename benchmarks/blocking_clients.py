"""The synchronous clients that are compared: each yields a function that sends one query."""

from __future__ import annotations

import json
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import gql as theirs
from clients import TEXT, ComparedClient
from gql import Client, GraphQLRequest
from modes_clients import REGION, botocore_session

from appsync_gql import BlockingAppSyncTransport, IamAuth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clients import Target

    SendOne = Callable[[], Any]

__all__ = [
    "BY_HAND",
    "BY_HAND_TUNED",
    "GQL_REQUESTS",
    "GQL_REQUESTS_TUNED",
    "OURS_BLOCKING",
    "OURS_BLOCKING_IAM",
]

_THREADS = 16


def _more_connections(session: Any) -> None:
    """Let a session of ``requests`` keep as many connections as threads; its default is 10.

    The other threads' connections are closed after each request, and opened again.
    """
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    session.mount("http://", HTTPAdapter(pool_maxsize=_THREADS))


@contextmanager
def gql_requests(target: Target, *, tuned: bool = False) -> Iterator[SendOne]:
    """Use gql's transport for requests in a session, as its documentation recommends."""
    from gql.transport.requests import RequestsHTTPTransport  # noqa: PLC0415

    request = theirs.gql(TEXT)
    transport = RequestsHTTPTransport(target.url, headers=target.headers)
    with Client(transport=transport) as session:
        if tuned:
            _more_connections(transport.session)
        yield lambda: session.execute(request)


@contextmanager
def by_hand(target: Target, *, tuned: bool = False) -> Iterator[SendOne]:
    """Call ``requests`` with a signature of botocore's for each request, as many scripts do."""
    import requests  # noqa: PLC0415
    from botocore.auth import SigV4Auth  # noqa: PLC0415
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    credentials = botocore_session().get_credentials()
    payload = GraphQLRequest(TEXT).payload
    with requests.Session() as session:
        if tuned:
            _more_connections(session)

        def one() -> Any:
            body = json.dumps(payload)
            request = AWSRequest(
                "POST", target.url, data=body, headers={"Content-Type": "application/json"}
            )
            SigV4Auth(credentials, "appsync", REGION).add_auth(request)
            response = session.post(target.url, data=body, headers=dict(request.headers))
            return response.json()["data"]

        yield one


@contextmanager
def ours_blocking(target: Target) -> Iterator[SendOne]:
    """Use this package's blocking transport with a token store."""
    request = theirs.gql(TEXT)
    transport = BlockingAppSyncTransport(target.url, auth=target.store(), ssl=target.ssl)
    client = Client(transport=transport)
    yield lambda: client.execute(request)


@contextmanager
def ours_blocking_iam(target: Target) -> Iterator[SendOne]:
    """Use this package's blocking transport with signatures."""
    request = theirs.gql(TEXT)
    auth = IamAuth(session=botocore_session(), region=REGION)
    client = Client(transport=BlockingAppSyncTransport(target.url, auth=auth, ssl=target.ssl))
    yield lambda: client.execute(request)


GQL_REQUESTS = ComparedClient("gql RequestsHTTPTransport", gql_requests, blocking=True)
GQL_REQUESTS_TUNED = ComparedClient(
    "gql RequestsHTTPTransport, 16 connections", partial(gql_requests, tuned=True), blocking=True
)
BY_HAND = ComparedClient("requests + SigV4Auth by hand", by_hand, blocking=True)
BY_HAND_TUNED = ComparedClient(
    "requests + SigV4Auth by hand, 16 connections", partial(by_hand, tuned=True), blocking=True
)
OURS_BLOCKING = ComparedClient("appsync-gql, blocking", ours_blocking, blocking=True)
OURS_BLOCKING_IAM = ComparedClient("appsync-gql, blocking, IAM", ours_blocking_iam, blocking=True)
