"""What a host's program knows of the API, the questions, and the answers."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gql import GraphQLRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        sessions: where the users' sessions are kept: a folder, or the URL of a Redis.
        refresh_tokens: by user.
    """

    graphql_url: str
    cognito_url: str
    client_id: str
    region: str
    sessions: str
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


def request_of(text: str, *, mutation: bool) -> GraphQLRequest:
    """Return the request that sends a text, which the response brings back."""
    return GraphQLRequest(_MUTATION if mutation else _QUERY, variable_values={"text": text})


def answer_of(data: Mapping[str, Any]) -> tuple[str, str]:
    """Return the text that a response repeats, and the user who asked according to it."""
    echo = data.get("echo") or data["write"]
    return echo["text"], echo["user"]
