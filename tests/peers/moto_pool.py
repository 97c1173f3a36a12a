"""moto's server: it checks SECRET_HASH, and an administrator can end sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from appsync_gql.providers.cognito import CognitoProvider

from .cognito_calls import PASSWORD, REGION, USERNAME, secret_hash, tokens_of

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from appsync_gql.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class MotoServer:
    """A user pool with one confirmed user and two app clients."""

    endpoint_url: str
    user_pool_id: str
    client_id: str
    secret_client_id: str
    client_secret: str
    client: CognitoIdentityProviderClient
    admin: CognitoIdentityProviderClient
    username: str = USERNAME
    password: str = PASSWORD

    def sign_in(self, *, with_secret: bool = False) -> Tokens:
        """Sign the user in with USER_PASSWORD_AUTH, at the app client with or without a secret."""
        parameters = {"USERNAME": self.username, "PASSWORD": self.password}
        if with_secret:
            parameters["SECRET_HASH"] = self.secret_hash()
        return tokens_of(
            self.client.initiate_auth(
                ClientId=self.secret_client_id if with_secret else self.client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters=parameters,
            )
        )

    def secret_hash(self) -> str:
        """Return the right SECRET_HASH."""
        return secret_hash(self.username, self.secret_client_id, self.client_secret)

    def global_sign_out(self) -> None:
        """End all of the user's sessions."""
        self.admin.admin_user_global_sign_out(UserPoolId=self.user_pool_id, Username=self.username)

    def disable_user(self) -> None:
        """Disable the user."""
        self.admin.admin_disable_user(UserPoolId=self.user_pool_id, Username=self.username)

    def enable_user(self) -> None:
        """Enable the user again."""
        self.admin.admin_enable_user(UserPoolId=self.user_pool_id, Username=self.username)

    def delete_user(self) -> None:
        """Delete the user."""
        self.admin.admin_delete_user(UserPoolId=self.user_pool_id, Username=self.username)

    def provider(
        self, client_id: str | None = None, *, client_secret: str | None = None
    ) -> CognitoProvider:
        """Return this package's provider; by default for the app client without a secret."""
        return CognitoProvider(
            client_id or self.client_id,
            region=REGION,
            endpoint_url=self.endpoint_url,
            client_secret=client_secret,
        )

    def secret_provider(self, client_secret: str | None) -> CognitoProvider:
        """Return this package's provider for the app client with a secret."""
        return self.provider(self.secret_client_id, client_secret=client_secret)


def new_pool(
    client: CognitoIdentityProviderClient, admin: CognitoIdentityProviderClient
) -> MotoServer:
    """Create a user pool."""
    pool = admin.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    apps = [
        admin.create_user_pool_client(
            UserPoolId=pool,
            ClientName=f"app-{secret}",
            GenerateSecret=secret,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]
        for secret in (False, True)
    ]
    admin.admin_create_user(UserPoolId=pool, Username=USERNAME)
    admin.admin_set_user_password(
        UserPoolId=pool, Username=USERNAME, Password=PASSWORD, Permanent=True
    )
    return MotoServer(
        endpoint_url=client.meta.endpoint_url,
        user_pool_id=pool,
        client_id=apps[0]["ClientId"],
        secret_client_id=apps[1]["ClientId"],
        client_secret=apps[1]["ClientSecret"],
        client=client,
        admin=admin,
    )
