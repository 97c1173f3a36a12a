"""The API that the hosts ask. Each response carries its question and the user who asked it."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from appsync_gql.testing import Emulator

from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = """
type Query { echo(text: String!): Echo! }
type Mutation { write(text: String!): Echo! }
type Subscription { onWrite(text: String): Echo @aws_subscribe(mutations: ["write"]) }
type Echo { text: String! user: String! }
"""


@dataclass
class Api:
    """A running API.

    Attributes:
        emulator: AppSync and Cognito.
        settings: for the programs that ask it.
        executed: how often each mutation was executed, by its text.
    """

    emulator: Emulator
    settings: Settings
    executed: Counter[str] = field(default_factory=Counter)

    @property
    def repeated(self) -> list[str]:
        """The mutations that were executed more than once."""
        return [text for text, count in self.executed.items() if count > 1]


@contextmanager
def running_api(
    sessions: str, *, users: int = 6, token_lifetime: int = 2, grace_period: float = 0.0
) -> Iterator[Api]:
    """Run an API with rotating refresh tokens.

    Args:
        sessions: where the users' sessions are kept: a folder, or the URL of a Redis.
        users: how many there are.
        token_lifetime: seconds.
        grace_period: seconds that a retired refresh token remains valid.
    """
    executed: Counter[str] = Counter()
    resolvers = {"Query": {"echo": _echo}, "Mutation": {"write": _writer(executed)}}
    with Emulator.in_thread(
        SCHEMA,
        resolvers,
        token_lifetime=token_lifetime,
        rotation=True,
        grace_period=grace_period,
        latency=0.01,
    ) as emulator:
        names = [f"user{number}" for number in range(users)]
        for name in names:
            emulator.add_user(name)
        settings = Settings(
            graphql_url=emulator.graphql_url,
            cognito_url=emulator.cognito_url,
            client_id=emulator.client_id,
            region=emulator.region,
            sessions=sessions,
            refresh_tokens={name: str(emulator.issue_tokens(name).refresh_token) for name in names},
        )
        yield Api(emulator, settings, executed)


def _echo(_source: Any, info: Any, *, text: str) -> dict[str, str]:
    return {"text": text, "user": info.context.claims["username"]}


def _writer(executed: Counter[str]) -> Any:
    def write(_source: Any, info: Any, *, text: str) -> dict[str, str]:
        executed[text] += 1
        return _echo(_source, info, text=text)

    return write
