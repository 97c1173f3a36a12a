"""The calls of one app client of a user pool, with its secret hash where that is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..exceptions import ConfigurationError
from .cognito_srp import secret_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..exceptions import AppSyncError
    from ..secret import Secret
    from ..tokens import Tokens
    from .cognito_client import CognitoClient
    from .cognito_errors import ErrorResponse

__all__ = ["AppClient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppClient:
    """Makes the calls of an app client. All methods block.

    Attributes:
        client: the pool's endpoint.
        client_id: the app client's id.
        client_secret: its secret; ``None`` for a public one.
        user_pool_id: the pool's id; ``None`` if it is not known.
    """

    client: CognitoClient
    client_id: str
    client_secret: Secret | None = field(repr=False)
    user_pool_id: str | None

    @property
    def pool_name(self) -> str:
        """The part of the pool's id after the region and ``_``, which SRP needs.

        Raises:
            ConfigurationError: the pool's id is not known.
        """
        if not self.user_pool_id or "_" not in self.user_pool_id:
            raise ConfigurationError(
                "Signing in with SRP needs the pool's id, such as 'eu-west-1_AbCdEfGhI': pass "
                "user_pool_id= to CognitoProvider.",
                setting="user_pool_id",
            )
        return self.user_pool_id.split("_", 1)[1]

    def hash_of(self, username: str | None, name: str = "SECRET_HASH") -> dict[str, str]:
        """Return the secret hash as a parameter of that name; empty for a public app client.

        Raises:
            ConfigurationError: it is needed, and ``username`` is not known.
        """
        if self.client_secret is None:
            return {}
        return {name: secret_hash(self.client_id, self.client_secret, username)}

    def call(
        self,
        operation: str,
        parameters: Mapping[str, object],
        error_of: Callable[[ErrorResponse], AppSyncError],
        *,
        tokens: Tokens | None = None,
        repeatable: bool = True,
    ) -> Mapping[str, Any]:
        """Make a call; see :meth:`.cognito_api.Attempts.call`.

        Args:
            operation: the method of the boto3 client.
            parameters: boto3's parameters.
            error_of: returns the error to raise for an error response.
            tokens: for the region in their ``iss`` if none was configured; ``None`` without.
            repeatable: whether the call may be repeated after a response was lost.
        """
        attempts = self.client.attempts(tokens)
        return attempts.call(operation, parameters, error_of, repeatable=repeatable)

    def initiate_auth(
        self,
        flow: str,
        parameters: Mapping[str, str],
        error_of: Callable[[ErrorResponse], AppSyncError],
        *,
        username: str | None,
        tokens: Tokens | None = None,
        repeatable: bool = True,
    ) -> Mapping[str, Any]:
        """Make the call ``InitiateAuth``."""
        request = {
            "ClientId": self.client_id,
            "AuthFlow": flow,
            "AuthParameters": {**parameters, **self.hash_of(username)},
        }
        return self.call("initiate_auth", request, error_of, tokens=tokens, repeatable=repeatable)

    def respond(
        self,
        challenge_name: str,
        session: str | None,
        responses: Mapping[str, str],
        error_of: Callable[[ErrorResponse], AppSyncError],
    ) -> Mapping[str, Any]:
        """Make the call ``RespondToAuthChallenge``; ``responses`` contain ``USERNAME``."""
        request: dict[str, object] = {
            "ClientId": self.client_id,
            "ChallengeName": challenge_name,
            "ChallengeResponses": {**responses, **self.hash_of(responses["USERNAME"])},
        }
        if session:
            request["Session"] = session
        # Not repeatable: Cognito accepts one answer to a challenge.
        return self.call("respond_to_auth_challenge", request, error_of, repeatable=False)
