"""The API that the hosts ask. Each response carries its question and the user who asked it."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gql import GraphQLRequest

from appsync_gql.testing import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA = """
type Query { echo(text: String!): Echo! }
type Mutation { write(text: String!): Echo! }
type Subscription { onWrite(text: String): Echo @aws_subscribe(mutations: ["write"]) }
type Echo { text: String! user: String! }
"""

_QUERY = "query Echo($text: String!) { echo(text: $text) { text user } }"
_MUTATION = "mutation Write($text: String!) { write(text: $text) { text user } }"
_VARIABLE = "HOST_SETTINGS"


@dataclass(frozen=True)
class Settings:
    """What a program must know of the API; passed to it in an environment variable.

    Attributes:
        graphql_url: AppSync's endpoint.
        cognito_url: Cognito's endpoint.
        client_id: the app client.
        region: of the user pool.
        folder: where the users' sessions are kept, one file each.
        refresh_tokens: by user.
    """

    graphql_url: str
    cognito_url: str
    client_id: str
    region: str
    folder: str
    refresh_tokens: dict[str, str]

    @property
    def users(self) -> list[str]:
        """The names of the users."""
        return list(self.refresh_tokens)

    def environment(self) -> dict[str, str]:
        """Return the variable that carries the settings to a program."""
        return {_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls) -> Settings:
        """Return the settings that this program was started with."""
        return cls(**json.loads(os.environ[_VARIABLE]))


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
    folder: Path, *, users: int = 6, token_lifetime: int = 2, grace_period: float = 0.0
) -> Iterator[Api]:
    """Run an API with rotating refresh tokens.

    Args:
        folder: where the users' sessions are kept.
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
            folder=str(folder),
            refresh_tokens={
                name: str(emulator.issue_tokens(name).refresh_token) for name in names
            },
        )
        yield Api(emulator, settings, executed)


def request_of(text: str, *, mutation: bool) -> GraphQLRequest:
    """Return the request that sends a text, which the response brings back."""
    return GraphQLRequest(
        _MUTATION if mutation else _QUERY, variable_values={"text": text}
    )


def answer_of(data: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text that a response repeats, and the user who asked according to it."""
    echo = data.get("echo") or data["write"]
    return echo["text"], echo["user"]


def _echo(_source: Any, info: Any, *, text: str) -> dict[str, str]:
    return {"text": text, "user": info.context.claims["username"]}


def _writer(executed: Counter[str]) -> Any:
    def write(_source: Any, info: Any, *, text: str) -> dict[str, str]:
        executed[text] += 1
        return _echo(_source, info, text=text)

    return write
