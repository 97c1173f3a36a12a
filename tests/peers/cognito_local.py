"""cognito-local: issues RS256 tokens that are valid for seconds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appsync_gql.providers.cognito import CognitoProvider

from .cognito_calls import PASSWORD, REGION, USERNAME, tokens_of
from .node_program import MODULES, Program

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from appsync_gql.tokens import Tokens

LIFETIME = 3
"""Seconds for which its access and ID tokens are valid."""

ISSUER_DOMAIN = "https://cognito-idp.us-east-1.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class CognitoLocal:
    """A user pool with one confirmed user."""

    endpoint_url: str
    user_pool_id: str
    client_id: str
    client: CognitoIdentityProviderClient
    username: str = USERNAME
    password: str = PASSWORD

    def sign_in(self) -> Tokens:
        """Sign the user in with USER_PASSWORD_AUTH."""
        return tokens_of(
            self.client.initiate_auth(
                ClientId=self.client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": self.username, "PASSWORD": self.password},
            )
        )

    def revoke(self, tokens: Tokens) -> None:
        """Revoke the session of these tokens."""
        self.client.revoke_token(Token=str(tokens.refresh_token), ClientId=self.client_id)

    def disable_user(self) -> None:
        """Disable the user."""
        self.client.admin_disable_user(UserPoolId=self.user_pool_id, Username=self.username)

    def join(self, group: str) -> None:
        """Add the user to a new group; tokens issued from now on contain it."""
        self.client.create_group(UserPoolId=self.user_pool_id, GroupName=group)
        self.client.admin_add_user_to_group(
            UserPoolId=self.user_pool_id, Username=self.username, GroupName=group
        )

    def provider(self) -> CognitoProvider:
        """Return this package's provider for the pool."""
        return CognitoProvider(self.client_id, region=REGION, endpoint_url=self.endpoint_url)


def cognito_local_program(folder: Path) -> Program:
    """Return the program; it keeps its data in the folder."""
    config = folder / ".cognito" / "config.json"
    config.parent.mkdir()
    config.write_text(
        json.dumps(
            {
                "TokenConfig": {"IssuerDomain": ISSUER_DOMAIN},
                "UserPoolDefaults": {"UsernameAttributes": []},
            }
        )
    )
    return Program(
        [MODULES / "cognito-local" / "lib" / "bin" / "start.js"],
        ready=r"http://127\.0\.0\.1:(\d+)",
        folder=folder,
        # Port 0: the system chooses a free one, which the program prints.
        env={"HOST": "127.0.0.1", "PORT": "0"},
    )


def new_pool(client: CognitoIdentityProviderClient, *, lifetime: int = LIFETIME) -> CognitoLocal:
    """Create a user pool whose tokens are valid for so many seconds."""
    pool = client.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    app = client.create_user_pool_client(
        UserPoolId=pool,
        ClientName="app",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        AccessTokenValidity=lifetime,
        IdTokenValidity=lifetime,
        TokenValidityUnits={"AccessToken": "seconds", "IdToken": "seconds"},
    )["UserPoolClient"]["ClientId"]
    client.admin_create_user(UserPoolId=pool, Username=USERNAME, MessageAction="SUPPRESS")
    client.admin_set_user_password(
        UserPoolId=pool, Username=USERNAME, Password=PASSWORD, Permanent=True
    )
    return CognitoLocal(
        endpoint_url=client.meta.endpoint_url, user_pool_id=pool, client_id=app, client=client
    )
